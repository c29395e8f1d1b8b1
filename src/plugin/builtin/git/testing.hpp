// For tests only: real repositories in a temporary directory, made by the git program.
#pragma once
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <git2.h>

#include "plugin/builtin/git/libgit2.hpp"
#include "plugin/builtin/git/object_id.hpp"

namespace weir::plugin::git::testing {

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "weir-git-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary directory");
    path_ = std::filesystem::canonical(name);
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// What a shell command writes; throws when it fails.
inline std::string run(const std::string& command) {
  constexpr std::string_view k_environment =
      "export GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null GIT_AUTHOR_NAME=Ann GIT_AUTHOR_EMAIL=ann@example.org "
      "GIT_COMMITTER_NAME=Carl GIT_COMMITTER_EMAIL=carl@example.org; ";
  FILE* pipe = popen((std::string(k_environment) + command).c_str(), "r");
  if (pipe == nullptr) throw std::runtime_error("popen failed");
  std::string output;
  std::array<char, 65536> buffer;
  while (const auto size = fread(buffer.data(), 1, buffer.size(), pipe)) output.append(buffer.data(), size);
  if (const int status = pclose(pipe); status != 0) throw std::runtime_error("failed: " + command);
  return output;
}

inline std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t begin = 0; begin < text.size();) {
    const auto end = std::min(text.find('\n', begin), text.size());
    lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

struct TreeEntry {
  std::string mode;  // 100644, 40000, ...
  ObjectId id;
  std::string name;
};

class TestRepository {
 public:
  // Bare, with the default branch "main", which has no commit yet.
  TestRepository() { git("init -q --bare -b main ."); }

  std::filesystem::path path() const { return directory_.path(); }
  std::filesystem::path objects() const { return directory_.path() / "objects"; }

  std::string git(const std::string& arguments, const std::string& before = {}) const {
    return run(fmt::format("cd '{}' && {} git {}", path().string(), before, arguments));
  }
  ObjectId id(const std::string& revision) const {
    return ObjectId::parse(lines_of(git("rev-parse " + revision)).at(0)).value();
  }
  std::vector<ObjectId> ids(const std::string& arguments) const {
    std::vector<ObjectId> list;
    for (const auto& line : lines_of(git(arguments))) list.push_back(ObjectId::parse(line).value());
    return list;
  }

  // An object of exactly these bytes, however wrong they are.
  ObjectId write_object(git_object_t type, std::string_view bytes) const {
    start_libgit2();
    git_odb* odb = nullptr;
    git_oid id;
    if (git_odb_open(&odb, objects().c_str()) < 0 || git_odb_write(&id, odb, bytes.data(), bytes.size(), type) < 0)
      throw std::runtime_error(last_libgit2_error());
    git_odb_free(odb);
    return ObjectId::from(id);
  }
  // A commit with one file "file" of that content.
  ObjectId commit(const std::vector<ObjectId>& parents, const std::string& content, std::int64_t time_s,
                  const std::string& message = "change") const {
    const auto blob = write_object(GIT_OBJECT_BLOB, content);
    return commit_tree(write_tree({{"100644", blob, "file"}}), parents, time_s, message);
  }
  ObjectId commit_tree(const ObjectId& tree, const std::vector<ObjectId>& parents, std::int64_t time_s,
                       const std::string& message = "change") const {
    std::string bytes = "tree " + tree.to_string() + "\n";
    for (const auto& parent : parents) bytes += "parent " + parent.to_string() + "\n";
    bytes += fmt::format("author Ann <ann@example.org> {0} +0100\ncommitter Carl <carl@example.org> {0} +0100\n\n{1}\n",
                         time_s, message);
    return write_object(GIT_OBJECT_COMMIT, bytes);
  }
  // Entries as git sorts them.
  ObjectId write_tree(const std::vector<TreeEntry>& entries) const {
    std::string bytes;
    for (const auto& [mode, id, name] : entries) {
      bytes += mode + " " + name + '\0';
      bytes.append(id.bytes.begin(), id.bytes.end());
    }
    return write_object(GIT_OBJECT_TREE, bytes);
  }
  void set_ref(const std::string& name, const ObjectId& id) const { git("update-ref " + name + " " + id.to_string()); }
  // A random history, see scripts/make-test-repository.py; more commits than before lengthen it.
  void generate(const std::string& options) const {
    run(fmt::format("{}/scripts/make-test-repository.py '{}' {}", WEIR_SOURCE_DIR, path().string(), options));
  }

 private:
  TemporaryDirectory directory_;
};

// Serves the repositories below a directory over HTTP on loopback; the first part of a URL's path chooses a behaviour,
// see tests/support/git_http_server.py.
class HttpServer {
 public:
  explicit HttpServer(const std::filesystem::path& directory) {
    std::array<int, 2> in{}, out{};
    if (pipe2(in.data(), O_CLOEXEC) != 0 || pipe2(out.data(), O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
    const std::string script = WEIR_SOURCE_DIR "/tests/support/git_http_server.py";
    pid_ = fork();
    if (pid_ == 0) {
      dup2(in[0], 0);
      dup2(out[1], 1);
      execlp("python3", "python3", script.c_str(), directory.c_str(), nullptr);
      _exit(127);
    }
    close(in[0]);
    close(out[1]);
    alive_ = in[1];
    std::string port;
    for (char c = 0; read(out[0], &c, 1) == 1 && c != '\n';) port += c;
    close(out[0]);
    if (port.empty()) throw std::runtime_error("the HTTP server did not start");
    origin_ = "http://127.0.0.1:" + port;
  }
  ~HttpServer() {
    close(alive_);
    waitpid(pid_, nullptr, 0);
  }
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  std::string url(const std::string& path) const { return origin_ + "/" + path; }

 private:
  pid_t pid_ = -1;
  int alive_ = -1;
  std::string origin_;
};

// A random history that tests share: nobody writes to it.
inline const TestRepository& shared_history(int seed) {
  static std::map<int, TestRepository> repositories;
  const auto [found, is_new] = repositories.try_emplace(seed);
  if (is_new)
    found->second.generate(fmt::format("--rich --commits 500 --files-per-commit 3 --files 60 --seed {}", seed));
  return found->second;
}

}  // namespace weir::plugin::git::testing

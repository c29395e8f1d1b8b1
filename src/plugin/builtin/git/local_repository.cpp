#include "plugin/builtin/git/local_repository.hpp"

#include <algorithm>
#include <fstream>
#include <optional>
#include <string>

#include <fmt/format.h>

namespace weir::plugin::git {
namespace {

namespace fs = std::filesystem;

constexpr int k_alternates_depth_max = 5;  // as deep as git looks

bool lies_in(const fs::path& path, const fs::path& directory) {
  const auto [end, ignored] = std::mismatch(directory.begin(), directory.end(), path.begin(), path.end());
  return end == directory.end();
}

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

bool is_folder(const fs::path& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

std::unexpected<Error> refuse(const fs::path& path) {
  return fail(ErrorCode::invalid_input,
              fmt::format("{} may not be read: it, or what it refers to, is not under a directory that the operator "
                          "allows; the operator lists directories in WEIR_LOCAL_PATHS, separated by colons",
                          path.string()));
}

bool is_partial(const fs::path& objects) {
  std::error_code error;
  for (fs::directory_iterator entry(objects / "pack", error), end; !error && entry != end; entry.increment(error))
    if (entry->path().extension() == ".promisor") return true;
  return false;
}

}  // namespace

Result<LocalPaths> LocalPaths::parse(std::string_view directories) {
  LocalPaths paths;
  while (!directories.empty()) {
    const auto end = std::min(directories.find(':'), directories.size());
    const fs::path directory(directories.substr(0, end));
    directories.remove_prefix(std::min(end + 1, directories.size()));
    if (directory.empty()) continue;
    if (!directory.is_absolute())
      return fail(ErrorCode::configuration,
                  fmt::format("{} in WEIR_LOCAL_PATHS is not an absolute path", directory.string()));
    std::error_code error;
    auto real = fs::weakly_canonical(directory, error);
    paths.directories_.push_back((error ? directory : real) / "");
    // Compared part by part, a final slash would be a part.
    paths.directories_.back() = paths.directories_.back().parent_path();
  }
  return paths;
}

bool LocalPaths::contains(const fs::path& real_path) const {
  return std::ranges::any_of(directories_, [&](const fs::path& directory) { return lies_in(real_path, directory); });
}

Result<fs::path> LocalPaths::real_path(const fs::path& path) const {
  std::error_code error;
  auto real = fs::canonical(path, error);
  if (!error) {
    if (contains(real)) return real;
    return refuse(path);
  }
  // Whether something outside exists is nobody's business.
  const auto as_far_as_it_goes = fs::weakly_canonical(path, error);
  if (error || !contains(as_far_as_it_goes)) return refuse(path);
  return fail(ErrorCode::not_found, fmt::format("there is no {}", path.string()));
}

// The path a file of one line names, relative to where the file lies.
Result<fs::path> LocalPaths::follow(const fs::path& file, std::string_view prefix) const {
  std::ifstream stream(file);
  std::string line;
  std::getline(stream, line);
  if (!line.starts_with(prefix))
    return fail(ErrorCode::not_found, fmt::format("{} is no git repository", file.parent_path().string()));
  line.erase(0, prefix.size());
  while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.pop_back();
  return real_path(file.parent_path() / line);
}

Result<fs::path> LocalPaths::find_git_directory(const fs::path& path) const {
  const auto real = real_path(path);
  if (!real) return real;
  const auto inside = *real / ".git";
  if (!is_there(inside)) return *real;
  if (is_folder(inside)) return real_path(inside);
  return follow(inside, "gitdir: ");
}

Result<> LocalPaths::check_objects(const fs::path& objects, int depth) const {
  if (depth > k_alternates_depth_max) return {};
  for (const auto& directory : {objects, objects / "pack"}) {
    std::error_code error;
    for (fs::directory_iterator entry(directory, error), end; !error && entry != end; entry.increment(error)) {
      if (!entry->is_symlink(error)) continue;
      if (const auto real = real_path(entry->path()); !real) return std::unexpected(real.error());
    }
  }
  const auto alternates = objects / "info" / "alternates";
  if (!is_there(alternates)) return {};
  if (const auto real = real_path(alternates); !real) return std::unexpected(real.error());
  std::ifstream stream(alternates);
  for (std::string line; std::getline(stream, line);) {
    if (line.empty() || line.starts_with('#')) continue;
    const auto real = real_path(objects / line);
    if (!real && real.error().code == ErrorCode::not_found) continue;  // git ignores it too
    if (!real) return std::unexpected(real.error());
    if (auto checked = check_objects(*real, depth + 1); !checked) return checked;
  }
  return {};
}

Result<LocalRepository> LocalPaths::open(const fs::path& path) const {
  auto git_directory = find_git_directory(path);
  if (!git_directory) return std::unexpected(git_directory.error());
  auto common = *git_directory;  // where a linked worktree keeps its objects and branches
  if (is_there(common / "commondir")) {
    auto real = follow(common / "commondir", "");
    if (!real) return std::unexpected(real.error());
    common = std::move(*real);
  }
  for (const char* part : {"HEAD", "objects", "refs"}) {
    const auto inside = (std::string_view(part) == "HEAD" ? *git_directory : common) / part;
    if (!is_there(inside)) return fail(ErrorCode::not_found, fmt::format("{} is no git repository", path.string()));
    if (const auto real = real_path(inside); !real) return std::unexpected(real.error());
  }
  const auto objects = real_path(common / "objects");
  if (!objects) return std::unexpected(objects.error());
  if (auto checked = check_objects(*objects, 0); !checked) return std::unexpected(checked.error());
  const bool lacks_objects = is_there(common / "shallow") || is_partial(*objects);
  return LocalRepository{*git_directory, *objects,
                         lacks_objects ? Completeness::may_lack_objects : Completeness::whole};
}

}  // namespace weir::plugin::git

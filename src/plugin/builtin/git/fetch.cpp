#include "plugin/builtin/git/fetch.hpp"

#include <array>
#include <fstream>
#include <map>
#include <optional>

#include <fmt/format.h>
#include <git2.h>

#include "plugin/builtin/git/cache_space.hpp"
#include "plugin/builtin/git/libgit2.hpp"
#include "plugin/builtin/git/object_store.hpp"
#include "plugin/builtin/git/pack/pack_inbox.hpp"
#include "plugin/builtin/git/references.hpp"
#include "plugin/builtin/git/smart_http.hpp"

namespace weir::plugin::git {
namespace {

namespace fs = std::filesystem;

using Repository = Handle<git_repository, git_repository_free>;
using Remote = Handle<git_remote, git_remote_free>;

constexpr auto k_left_out_file = "left-out";
constexpr std::string_view k_branches = "refs/heads/";

// What the server has and we mirror.
struct Advertised {
  std::map<std::string, ObjectId> references;
  std::string left_out;             // names that cannot be mirrored, a line each
  std::optional<std::string> head;  // the branch HEAD stands for
};

bool is_wanted(std::string_view name) { return name.starts_with(k_branches) || name.starts_with("refs/tags/"); }

// It goes into a file of lines.
bool is_mirrored(std::string_view name) { return is_wanted(name) && is_readable_reference(std::string(name)); }

bool is_one_line(std::string_view name) { return name.find('\n') == std::string_view::npos; }

Result<Advertised> list(git_remote* remote) {
  const git_remote_head** heads = nullptr;
  std::size_t count = 0;
  if (git_remote_ls(&heads, &count, remote) < 0)
    return libgit2_failure(ErrorCode::provider_failed, "the server's references cannot be read");
  Advertised advertised;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string_view name = heads[i]->name;
    if (is_mirrored(name))
      advertised.references.emplace(name, ObjectId::from(heads[i]->oid));
    else if (is_wanted(name) && is_one_line(name) && !name.ends_with("^{}"))
      advertised.left_out.append(name).append("\n");
    if (name == "HEAD" && heads[i]->symref_target != nullptr && is_mirrored(heads[i]->symref_target))
      advertised.head = heads[i]->symref_target;
  }
  if (!advertised.head && count > 0) {  // an old server does not say; libgit2 guesses from the commit
    git_buf name = GIT_BUF_INIT;
    if (git_remote_default_branch(&name, remote) == 0) advertised.head = std::string(name.ptr, name.size);
    git_buf_dispose(&name);
  }
  return advertised;
}

Result<Advertised> connect(git_remote* remote, const RemoteAccess& access, const git_remote_callbacks& callbacks) {
  if (git_remote_connect(remote, GIT_DIRECTION_FETCH, &callbacks, nullptr, nullptr) < 0)
    return libgit2_failure(ErrorCode::provider_failed,
                           fmt::format("{} does not speak as a git server does", access.url.repo_key));
  return list(remote);
}

Result<> download(git_remote* remote, const git_remote_callbacks& callbacks) {
  git_fetch_options options;
  git_fetch_options_init(&options, GIT_FETCH_OPTIONS_VERSION);
  options.callbacks = callbacks;
  options.download_tags = GIT_REMOTE_DOWNLOAD_TAGS_NONE;
  std::string heads = "+refs/heads/*:refs/heads/*";
  std::string tags = "+refs/tags/*:refs/tags/*";
  std::array<char*, 2> specifications{heads.data(), tags.data()};
  const git_strarray refspecs{specifications.data(), specifications.size()};
  if (git_remote_download(remote, &refspecs, &options) < 0)
    return libgit2_failure(ErrorCode::provider_failed, "the objects cannot be received");
  return {};
}

Result<> write_references(const fs::path& git_directory, const Advertised& advertised) {
  auto store = ObjectStore::open(git_directory / "objects");
  if (!store) return std::unexpected(store.error());
  std::string packed;
  for (const auto& [name, id] : advertised.references) {
    if (!store->contains(id))
      return fail(ErrorCode::provider_failed, fmt::format("the server did not send {}, which it has", name));
    packed += id.to_string() + " " + name + "\n";
  }
  if (auto written = replace_file(git_directory / k_left_out_file, advertised.left_out); !written) return written;
  if (auto written = replace_file(git_directory / "packed-refs", packed); !written) return written;
  return replace_file(git_directory / "HEAD", fmt::format("ref: {}\n", advertised.head.value_or("refs/heads/main")));
}

Result<> transfer(const RemoteAccess& access, const fs::path& git_directory, const git_remote_callbacks& callbacks,
                  PackInbox& inbox) {
  git_repository* raw_repository = nullptr;
  if (git_repository_open_bare(&raw_repository, git_directory.c_str()) < 0)
    return libgit2_failure(ErrorCode::provider_failed, "the clone cannot be opened");
  const Repository repository(raw_repository);
  if (auto installed = inbox.install(raw_repository); !installed) return installed;
  // Rewriting URLs by url.*.insteadOf is not wanted, and libgit2 1.5 leaks 20 kB for each setting it looks at for it.
  git_remote_create_options options{};
  options.version = GIT_REMOTE_CREATE_OPTIONS_VERSION;
  options.repository = raw_repository;
  options.flags = GIT_REMOTE_CREATE_SKIP_INSTEADOF | GIT_REMOTE_CREATE_SKIP_DEFAULT_FETCHSPEC;
  git_remote* raw_remote = nullptr;
  if (git_remote_create_with_opts(&raw_remote, access.url.url.c_str(), &options) < 0)
    return libgit2_failure(ErrorCode::provider_failed, fmt::format("libgit2 refuses {}", access.url.url));
  const Remote remote(raw_remote);
  const auto advertised = connect(raw_remote, access, callbacks);
  if (!advertised) return std::unexpected(advertised.error());
  if (!advertised->references.empty())
    if (auto downloaded = download(raw_remote, callbacks); !downloaded) return downloaded;
  return write_references(git_directory, *advertised);
}

Result<RemoteListing> ask_detached(const RemoteAccess& access, const git_remote_callbacks& callbacks) {
  git_remote* raw_remote = nullptr;
  if (git_remote_create_detached(&raw_remote, access.url.url.c_str()) < 0)
    return libgit2_failure(ErrorCode::provider_failed, fmt::format("libgit2 refuses {}", access.url.url));
  const Remote remote(raw_remote);
  const auto advertised = connect(raw_remote, access, callbacks);
  if (!advertised) return std::unexpected(advertised.error());
  RemoteListing listing{.branches = 0, .tags = 0, .default_branch = std::nullopt};
  for (const auto& [name, id] : advertised->references)
    ++(name.starts_with(k_branches) ? listing.branches : listing.tags);
  if (advertised->head) listing.default_branch = advertised->head->substr(k_branches.size());
  return listing;
}

}  // namespace

Result<RemoteListing> list_remote(const RemoteAccess& access, const Stop& stop, Traffic& traffic) {
  start_libgit2();
  SmartHttp http(access, stop, traffic);
  git_remote_callbacks callbacks;
  git_remote_init_callbacks(&callbacks, GIT_REMOTE_CALLBACKS_VERSION);
  http.install(callbacks);
  const auto listed = ask_detached(access, callbacks);
  if (!listed && http.error()) return std::unexpected(*http.error());
  return listed;
}

std::vector<std::string> left_out_references(const fs::path& git_directory) {
  std::vector<std::string> names;
  std::ifstream file(git_directory / k_left_out_file);
  for (std::string name; std::getline(file, name);) names.push_back(std::move(name));
  return names;
}

Result<> create_mirror(const fs::path& git_directory) {
  start_libgit2();
  git_repository_init_options options;
  git_repository_init_options_init(&options, GIT_REPOSITORY_INIT_OPTIONS_VERSION);
  options.flags = GIT_REPOSITORY_INIT_BARE | GIT_REPOSITORY_INIT_MKPATH;
  options.mode = 0700;
  options.initial_head = "main";
  git_repository* raw = nullptr;
  if (git_repository_init_ext(&raw, git_directory.c_str(), &options) < 0)
    return libgit2_failure(ErrorCode::configuration,
                           fmt::format("no repository can be made in {}", git_directory.string()));
  const Repository repository(raw);
  // All settings of the clone; those of packing bound the memory of joining packs.
  return replace_file(git_directory / "config",
                      "[core]\n\trepositoryformatversion = 0\n\tbare = true\n\tbigFileThreshold = 1m\n"
                      "[pack]\n\twindowMemory = 16m\n\tdeltaCacheSize = 16m\n");
}

Result<> fetch(const RemoteAccess& access, const fs::path& git_directory, std::uint64_t bytes_max, const Stop& stop,
               Traffic& traffic) {
  start_libgit2();
  SmartHttp http(access, stop, traffic);
  git_remote_callbacks callbacks;
  git_remote_init_callbacks(&callbacks, GIT_REMOTE_CALLBACKS_VERSION);
  http.install(callbacks);
  PackInbox inbox(git_directory / "objects/pack", bytes_max, stop);
  auto done = transfer(access, git_directory, callbacks, inbox);
  if (!done && http.error()) return std::unexpected(*http.error());
  if (!done && inbox.error()) return std::unexpected(*inbox.error());
  return done;
}

}  // namespace weir::plugin::git

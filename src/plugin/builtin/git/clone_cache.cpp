#include "plugin/builtin/git/clone_cache.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <git2.h>

#include "base/log.hpp"
#include "base/random.hpp"
#include "plugin/builtin/git/cache_space.hpp"
#include "plugin/builtin/git/fetch.hpp"
#include "plugin/builtin/git/libgit2.hpp"
#include "plugin/builtin/git/pack_join.hpp"
#include "plugin/builtin/git/references.hpp"

namespace weir::plugin::git {
namespace {

namespace fs = std::filesystem;

// The repository's name, for people, and a hash of its URL.
std::string folder_name(const RepositoryUrl& url) {
  git_oid id;
  if (git_odb_hash(&id, url.url.data(), url.url.size(), GIT_OBJECT_BLOB) < 0)
    throw Failure({ErrorCode::internal, "libgit2 cannot hash", last_libgit2_error()});
  std::string readable = url.name.substr(0, 40);
  std::ranges::replace_if(readable, [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0; }, '-');
  return readable + "-" + ObjectId::from(id).to_string().substr(0, 24);
}

Result<> make_directory(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (!error) fs::permissions(path, fs::perms::owner_all, error);
  if (error)
    return fail(error == std::errc::no_space_on_device ? ErrorCode::disk_full : ErrorCode::configuration,
                fmt::format("{}, where clones are kept, cannot be made", path.string()), error.message());
  return {};
}

// What killed processes left: clones that are not the one, packs and files half written.
void remove_leftovers(const fs::path& place, const std::string& mirror) {
  std::error_code error;
  for (const auto& directory : {place, place / mirror, place / mirror / "objects/pack"}) {
    std::vector<fs::path> leftovers;
    for (fs::directory_iterator entry(directory, error), end; !error && entry != end; entry.increment(error)) {
      const auto name = entry->path().filename().string();
      const bool is_other_clone = directory == place && name.starts_with("mirror-") && name != mirror;
      const bool is_pack_draft = directory.filename() == "pack" && !name.starts_with("pack-");
      if (is_other_clone || is_pack_draft || name.ends_with(".new")) leftovers.push_back(entry->path());
    }
    for (const auto& leftover : leftovers) fs::remove_all(leftover, error);
  }
}

bool is_sound(const fs::path& mirror) {
  const auto references = read_references(mirror);
  if (!references) return false;
  auto store = ObjectStore::open(mirror / "objects");
  return store && walk_heads(*references, *store).has_value();
}

// Never a name that was used before: libgit2 knows open packs by their paths.
std::string new_mirror_name() { return fmt::format("mirror-{:012x}.git", Random::from_system().below(1ULL << 48U)); }

}  // namespace

Result<Clone> CloneCache::open(std::string_view data_source, const RemoteAccess& access, Instant not_before,
                               const Clock& clock, const Stop& stop, Traffic& traffic) const {
  start_libgit2();
  const auto place = tenant_directory_ / data_source / folder_name(access.url);
  if (auto made = make_directory(place); !made) return std::unexpected(made.error());
  const auto fetching = FileLock::wait(place / "fetch.lock", LockKind::exclusive, stop);
  if (!fetching) return std::unexpected(fetching.error());
  auto record = read_fetch_record(place).value_or(FetchRecord{});
  const auto bytes_before = record.bytes;
  const bool is_fresh = !record.mirror.empty() && record.fetched_at >= not_before;
  if (!is_fresh) {
    const auto began = clock.now();
    if (auto updated = update(place, record.mirror, access, stop, traffic); !updated)
      return std::unexpected(updated.error());
    record.fetched_at = began;
    record.bytes = bytes_of(place / record.mirror);
  }
  if (auto written = write_fetch_record(place, record); !written) return std::unexpected(written.error());
  auto use = FileLock::wait(place / "use.lock", LockKind::shared, stop);
  if (!use) return std::unexpected(use.error());
  if (record.bytes > bytes_before) {
    make_room(tenant_directory_, 2, limits_.tenant_bytes_max, place);
    make_room(tenant_directory_.parent_path(), 3, limits_.total_bytes_max, place);
  }
  return Clone{place / record.mirror, record.fetched_at, std::move(*use)};
}

// Under the fetch lock. A clone that cannot be brought up to date because it is damaged, or has grown beyond its limit
// by what its repository no longer needs, is made anew once.
Result<> CloneCache::update(const fs::path& place, std::string& mirror, const RemoteAccess& access, const Stop& stop,
                            Traffic& traffic) const {
  for (;;) {
    remove_leftovers(place, mirror);
    const bool is_new = mirror.empty();
    if (is_new) {
      mirror = new_mirror_name();
      if (auto made = create_mirror(place / mirror); !made) return made;
    }
    const auto bytes = std::min(bytes_of(place / mirror), limits_.clone_bytes_max);
    const auto fetched = fetch(access, place / mirror, limits_.clone_bytes_max - bytes, stop, traffic);
    if (fetched) break;
    const bool is_too_large = fetched.error().code == ErrorCode::unreachable && bytes > limits_.clone_bytes_max / 2;
    const bool is_damaged = fetched.error().code == ErrorCode::provider_failed && !is_sound(place / mirror);
    const bool is_retried = !is_new && (is_too_large || is_damaged);
    if (is_retried)
      log_info("git: the clone of {} is {} and is made anew", access.url.repo_key,
               is_damaged ? "damaged" : "larger than its limit");
    if (is_new || is_retried) remove_leftovers(place, mirror = {});
    if (!is_retried) return fetched;
  }
  const auto alone = FileLock::try_now(place / "use.lock", LockKind::exclusive);
  if (alone && *alone) return join_small_packs(place / mirror, limits_.packs_max);
  return {};
}

Result<> CloneCache::discard(const Clone& clone, const Stop& stop) const {
  const auto place = clone.git_directory.parent_path();
  const auto fetching = FileLock::wait(place / "fetch.lock", LockKind::exclusive, stop);
  if (!fetching) return std::unexpected(fetching.error());
  const auto record = read_fetch_record(place);
  if (!record || clone.git_directory.filename() != record->mirror) return {};
  std::error_code ignored;
  fs::remove(place / "fetched", ignored);
  remove_leftovers(place, {});
  return {};
}

}  // namespace weir::plugin::git

#include "plugin/builtin/git/cache_space.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <vector>

#include <fmt/format.h>

#include "base/log.hpp"
#include "plugin/builtin/git/file_lock.hpp"

namespace weir::plugin::git {
namespace {

namespace fs = std::filesystem;

struct Place {
  fs::path path;
  fs::file_time_type used_at;
  std::uint64_t bytes;
};

// Whatever disappears meanwhile is not there.
void find_clones(const fs::path& directory, int depth, std::vector<Place>& places) {
  std::error_code error;
  for (fs::directory_iterator entry(directory, error), end; !error && entry != end; entry.increment(error)) {
    std::error_code ignored;
    if (!entry->is_directory(ignored)) continue;
    if (depth > 1) {
      find_clones(entry->path(), depth - 1, places);
    } else if (const auto record = read_fetch_record(entry->path())) {
      places.push_back({entry->path(), fs::last_write_time(entry->path() / "fetched", ignored), record->bytes});
    }
  }
}

bool remove_unused(const fs::path& place) {
  const auto fetching = FileLock::try_now(place / "fetch.lock", LockKind::exclusive);
  if (!fetching || !*fetching) return false;
  const auto using_it = FileLock::try_now(place / "use.lock", LockKind::exclusive);
  if (!using_it || !*using_it) return false;
  const auto record = read_fetch_record(place);
  std::error_code error;
  fs::remove(place / "fetched", error);
  if (record) fs::remove_all(place / record->mirror, error);
  return !error;
}

}  // namespace

std::optional<FetchRecord> read_fetch_record(const fs::path& place) {
  std::ifstream stream(place / "fetched");
  std::string time;
  FetchRecord record{};
  if (!(stream >> time >> record.bytes >> record.mirror) || record.mirror.contains('/')) return std::nullopt;
  const auto instant = parse_rfc3339(time);
  if (!instant) return std::nullopt;
  record.fetched_at = *instant;
  return record;
}

Result<> write_fetch_record(const fs::path& place, const FetchRecord& record) {
  return replace_file(place / "fetched",
                      fmt::format("{} {} {}\n", format_rfc3339(record.fetched_at), record.bytes, record.mirror));
}

Result<> replace_file(const fs::path& path, std::string_view content) {
  const auto draft = fs::path(path) += ".new";
  {
    std::ofstream stream(draft, std::ios::binary | std::ios::trunc);
    stream << content;
    if (!stream.flush())
      return fail(errno == ENOSPC ? ErrorCode::disk_full : ErrorCode::configuration,
                  fmt::format("{} cannot be written", path.string()), std::strerror(errno));
  }
  std::error_code error;
  fs::rename(draft, path, error);
  if (error)
    return fail(ErrorCode::configuration, fmt::format("{} cannot be replaced", path.string()), error.message());
  return {};
}

std::uint64_t bytes_of(const fs::path& directory) {
  std::uint64_t bytes = 0;
  std::error_code error;
  for (fs::recursive_directory_iterator entry(directory, error), end; !error && entry != end; entry.increment(error)) {
    std::error_code ignored;
    if (entry->is_regular_file(ignored)) bytes += entry->file_size(ignored);
  }
  return bytes;
}

void make_room(const fs::path& directory, int depth, std::uint64_t bytes_max, const fs::path& spared) {
  std::vector<Place> places;
  find_clones(directory, depth, places);
  std::uint64_t bytes = 0;
  for (const auto& place : places) bytes += place.bytes;
  std::ranges::sort(places, {}, &Place::used_at);
  for (const auto& place : places) {
    if (bytes <= bytes_max) return;
    if (place.path == spared || !remove_unused(place.path)) continue;
    bytes -= place.bytes;
    log_debug("git: removed the clone {} of {} MB to make room", place.path.string(), place.bytes >> 20U);
  }
}

}  // namespace weir::plugin::git

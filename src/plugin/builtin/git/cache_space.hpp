// The space that clones take, and making room. Private to CloneCache.
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/time.hpp"

namespace weir::plugin::git {

// The file "fetched" beside a clone; its age is when the clone was last used. Without it there is no clone.
struct FetchRecord {
  Instant fetched_at;
  std::uint64_t bytes = 0;  // of the clone on disk
  std::string mirror;       // the name of its directory
};
std::optional<FetchRecord> read_fetch_record(const std::filesystem::path& place);
Result<> write_fetch_record(const std::filesystem::path& place, const FetchRecord& record);

// Replaces a small file as a whole. disk_full, configuration.
Result<> replace_file(const std::filesystem::path& path, std::string_view content);

std::uint64_t bytes_of(const std::filesystem::path& directory);

// Removes clones that nobody uses, least recently used first, until those `depth` folders below `directory` have at
// most `bytes_max`. The one at `spared` stays.
void make_room(const std::filesystem::path& directory, int depth, std::uint64_t bytes_max,
               const std::filesystem::path& spared);

}  // namespace weir::plugin::git

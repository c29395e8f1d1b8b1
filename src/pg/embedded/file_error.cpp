#include "pg/embedded/file_error.hpp"

#include <cerrno>
#include <cstring>

#include <fmt/format.h>

namespace weir::pg {

Error disk_full_error(const std::filesystem::path& path) {
  return {ErrorCode::disk_full,
          fmt::format("the disk under {} is full: free some space, or choose another directory with --home",
                      path.native())};
}

Error file_error(std::string_view verb, const std::filesystem::path& path, int error_number) {
  if (error_number == ENOSPC || error_number == EDQUOT) return disk_full_error(path);
  return {ErrorCode::configuration,
          fmt::format("cannot {} {}: {}; make it accessible, or choose another directory with --home (WEIR_HOME)", verb,
                      path.native(), std::strerror(error_number))};
}

bool says_disk_full(std::string_view output) {
  return output.contains("No space left on device") || output.contains("Disk quota exceeded");
}

}  // namespace weir::pg

// errno of a file operation as an Error: disk_full, or configuration with what to do.
#pragma once
#include <filesystem>
#include <string_view>

#include "base/error.hpp"

namespace weir::pg {

// file_error("create", "/var/lib/weir", EROFS): "cannot create /var/lib/weir: Read-only file system; …"
Error file_error(std::string_view verb, const std::filesystem::path& path, int error_number);
// Whether a program's output says that the disk (or a quota) is full.
bool says_disk_full(std::string_view output);
Error disk_full_error(const std::filesystem::path& path);

}  // namespace weir::pg

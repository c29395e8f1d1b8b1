#include "pg/embedded/socket_directory.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include <fmt/format.h>

#include "base/digest.hpp"
#include "pg/embedded/file_error.hpp"

namespace weir::pg {
namespace {

namespace fs = std::filesystem;

// 107 less "/.s.PGSQL.5432.lock".
constexpr std::size_t k_path_bytes_max = 88;

// unix_socket_directories is a list with commas, quotes and escapes of its own.
bool is_plain(const fs::path& path) {
  return std::ranges::all_of(path.native(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           std::string_view("/._+-").contains(c);
  });
}

// A directory, no link to one, that only we can enter.
bool is_ours(const fs::path& path) {
  struct stat status{};
  return ::lstat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode) && status.st_uid == ::geteuid() &&
         (status.st_mode & 0777) == 0700;
}

std::string hash_of(const fs::path& path) { return hex_digest(path.native()).substr(0, 12); }

}  // namespace

Result<fs::path> make_socket_directory(const fs::path& home) {
  const auto inside = home / "run";
  const bool is_inside = inside.native().size() <= k_path_bytes_max && is_plain(inside);
  auto path = is_inside ? inside : fs::path(fmt::format("/tmp/weir-{}-{}", ::geteuid(), hash_of(home)));
  const int made = ::mkdir(path.c_str(), 0700) == 0 ? 0 : errno;
  if (is_ours(path)) return path;
  if (made != 0 && made != EEXIST) return std::unexpected(file_error("create", path, made));
  auto pattern = path.native() + "-XXXXXX";
  if (::mkdtemp(pattern.data()) == nullptr) return std::unexpected(file_error("create", pattern, errno));
  return pattern;
}

}  // namespace weir::pg

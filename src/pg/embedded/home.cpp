#include "pg/embedded/home.hpp"

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>

#include <fmt/format.h>

#include "pg/embedded/file_error.hpp"

namespace weir::pg {
namespace {

namespace fs = std::filesystem;

std::string owner_name(uid_t uid) {
  const auto account = find_account(uid);
  return account ? account->name : fmt::format("the account with the id {}", uid);
}

// What mkfs puts into the root of a volume is nobody's data.
bool is_vacant(const fs::path& directory) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(directory, error))
    if (entry.path().filename() != "lost+found") return false;
  return !error;
}

Result<> check_path(const fs::path& path) {
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; };
  if (path.is_absolute() && std::ranges::none_of(path.native(), is_control)) return {};
  return fail(ErrorCode::configuration, "the home directory must be an absolute path without control characters");
}

Result<Account> account_for_new_home(const EmbeddedSettings& settings) {
  if (!is_root()) return own_account();
  return ensure_account(settings.account.empty() ? std::string(k_default_account) : settings.account);
}

Result<Home> create_home(const EmbeddedSettings& settings) {
  const auto account = account_for_new_home(settings);
  if (!account) return std::unexpected(account.error());
  std::error_code error;
  fs::create_directories(settings.home.parent_path(), error);
  if (error) return std::unexpected(file_error("create", settings.home.parent_path(), error.value()));
  // Another command may be faster.
  if (::mkdir(settings.home.c_str(), 0700) != 0 && errno != EEXIST)
    return std::unexpected(file_error("create", settings.home, errno));
  if (is_root() && ::chown(settings.home.c_str(), account->uid, account->gid) != 0)
    return std::unexpected(file_error("give away", settings.home, errno));
  return Home{settings.home, *account};
}

// Root lets the server run as the owner of the home; a directory of its own it gives away, if nothing is in it.
Result<Home> adopt_home(const EmbeddedSettings& settings, const struct stat& status) {
  const auto& home = settings.home;
  if (status.st_uid == 0) {
    const auto account = account_for_new_home(settings);
    if (!account) return std::unexpected(account.error());
    if (!is_vacant(home))
      return fail(ErrorCode::configuration,
                  fmt::format("{0} belongs to root, but the private database runs as {1}: chown {1}: {0}, or choose "
                              "another directory with --home",
                              home.native(), account->name));
    if (::chown(home.c_str(), account->uid, account->gid) != 0 || ::chmod(home.c_str(), 0700) != 0)
      return std::unexpected(file_error("give away", home, errno));
    return Home{home, *account};
  }
  const auto owner = find_account(status.st_uid);
  if (!owner || (!settings.account.empty() && settings.account != owner->name))
    return fail(ErrorCode::configuration,
                fmt::format("{} belongs to {}, which is not the account of WEIR_PG_USER: choose another directory with "
                            "--home, or that account",
                            home.native(), owner_name(status.st_uid)));
  return Home{home, *owner};
}

Result<Home> use_home(const EmbeddedSettings& settings, const struct stat& status) {
  const auto& home = settings.home;
  if (!S_ISDIR(status.st_mode)) return std::unexpected(file_error("use", home, ENOTDIR));
  if ((status.st_mode & S_IWOTH) != 0)
    return fail(ErrorCode::configuration,
                fmt::format("everybody may write to {0}, so its data would not be safe there: chmod o-w {0}, or choose "
                            "another directory with --home",
                            home.native()));
  if (is_root()) return adopt_home(settings, status);
  const auto account = own_account();
  if (!account) return std::unexpected(account.error());
  if (status.st_uid != account->uid)
    return fail(ErrorCode::configuration,
                fmt::format("{} belongs to {}, and this is {}: run weir as that account, or choose another directory "
                            "with --home",
                            home.native(), owner_name(status.st_uid), account->name));
  return Home{home, *account};
}

}  // namespace

Result<fs::path> default_home() {
  if (is_root()) return "/var/lib/weir";
  const char* data = std::getenv("XDG_DATA_HOME");
  if (data != nullptr && *data == '/') return fs::path(data) / "weir";
  const char* home = std::getenv("HOME");
  if (home != nullptr && *home == '/') return fs::path(home) / ".local/share/weir";
  return fail(ErrorCode::configuration,
              "there is no HOME to keep the private database in: name a directory with --home (WEIR_HOME), or a "
              "PostgreSQL server with WEIR_DATABASE_URL");
}

fs::path Home::data(int major) const { return path / fmt::format("pg{}", major); }
std::string Home::draft_prefix(int major) const { return fmt::format("pg{}.new-", major); }

std::optional<int> Home::newest_major() const {
  std::optional<int> newest;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(path, error)) {
    const auto name = entry.path().filename().native();
    int major = 0;
    const auto* end = name.data() + name.size();
    if (!name.starts_with("pg") || std::from_chars(name.data() + 2, end, major).ptr != end || major <= 0) continue;
    newest = std::max(newest.value_or(0), major);
  }
  return newest;
}

Result<Home> prepare_home(const EmbeddedSettings& settings) {
  if (auto usable = check_path(settings.home); !usable) return std::unexpected(usable.error());
  struct stat status{};
  if (::stat(settings.home.c_str(), &status) == 0) return use_home(settings, status);
  if (errno != ENOENT) return std::unexpected(file_error("use", settings.home, errno));
  return create_home(settings);
}

std::optional<Home> find_home(const EmbeddedSettings& settings) {
  struct stat status{};
  if (::stat(settings.home.c_str(), &status) != 0 || !S_ISDIR(status.st_mode)) return std::nullopt;
  const auto owner = find_account(status.st_uid);
  return Home{settings.home, owner.value_or(Account{"", status.st_uid, status.st_gid})};
}

}  // namespace weir::pg

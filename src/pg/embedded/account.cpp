#include "pg/embedded/account.hpp"

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "base/log.hpp"
#include "pg/embedded/program.hpp"

namespace weir::pg {
namespace {

template <class Lookup>
std::optional<Account> find(Lookup lookup) {
  std::array<char, 16384> buffer;
  struct passwd entry{};
  struct passwd* found = nullptr;
  if (lookup(&entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) return std::nullopt;
  return Account{found->pw_name, found->pw_uid, found->pw_gid};
}

std::string remedy(const std::string& name) {
  return fmt::format(
      "as root run: useradd --system --user-group --no-create-home --shell /usr/sbin/nologin {}; or name "
      "another account in WEIR_PG_USER",
      name);
}

}  // namespace

bool is_root() { return ::geteuid() == 0; }

std::optional<Account> find_account(uid_t uid) {
  return find([uid](auto... arguments) { return ::getpwuid_r(uid, arguments...); });
}

std::optional<Account> find_account(const std::string& name) {
  return find([&name](auto... arguments) { return ::getpwnam_r(name.c_str(), arguments...); });
}

Result<Account> own_account() {
  if (auto account = find_account(::geteuid())) return *account;
  return fail(
      ErrorCode::configuration,
      fmt::format("the account with the id {} has no name (no line in /etc/passwd), which PostgreSQL needs: add "
                  "one, or use a PostgreSQL server of your own with WEIR_DATABASE_URL",
                  ::geteuid()));
}

Result<Account> ensure_account(const std::string& name) {
  if (auto account = find_account(name)) {
    if (account->uid != 0) return *account;
    return fail(ErrorCode::configuration,
                "WEIR_PG_USER names root, as whom PostgreSQL refuses to run: name another account");
  }
  if (name != k_default_account)
    return fail(ErrorCode::configuration,
                fmt::format("the account {} of WEIR_PG_USER does not exist: create it, or name another", name));
  const auto made = run_program("/usr/sbin/useradd", {"--system", "--user-group", "--no-create-home", "--home-dir",
                                                      "/var/lib/weir", "--shell", "/usr/sbin/nologin", name});
  // Another command may have been faster.
  const auto account = find_account(name);
  if (!account)
    return fail(ErrorCode::configuration,
                fmt::format("the private database needs the account '{}' (PostgreSQL refuses to run as root), and it "
                            "could not be created: {}",
                            name, remedy(name)),
                made.output);
  if (made.exit_code == 0)
    log_warning(
        "created the system account '{}', as which the private database runs (PostgreSQL refuses to run as root)",
        name);
  return *account;
}

Result<> become(const Account& account) {
  if (!is_root()) return {};
  if (::initgroups(account.name.c_str(), account.gid) == 0 && ::setresgid(account.gid, account.gid, account.gid) == 0 &&
      ::setresuid(account.uid, account.uid, account.uid) == 0)
    return {};
  return fail(ErrorCode::configuration,
              fmt::format("cannot become the account {}: {}", account.name, std::strerror(errno)));
}

}  // namespace weir::pg

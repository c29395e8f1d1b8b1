// The operating system's account that runs the private server and owns its data: the caller's own, or, for root (as
// whom PostgreSQL refuses to run), an unprivileged one.
#pragma once
#include <sys/types.h>

#include <optional>
#include <string>

#include "base/error.hpp"

namespace weir::pg {

struct Account {
  std::string name;
  uid_t uid;
  gid_t gid;
};

inline constexpr std::string_view k_default_account = "weir";

bool is_root();
std::optional<Account> find_account(uid_t uid);
std::optional<Account> find_account(const std::string& name);

// The caller's account; configuration error when it has no name.
Result<Account> own_account();
// The named account. The default one is created (useradd --system) when it is missing.
Result<Account> ensure_account(const std::string& name);

// Gives up root for good; only in a process of one thread.
Result<> become(const Account& account);

}  // namespace weir::pg

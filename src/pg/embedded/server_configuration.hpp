// The configuration files of the private server, written at each start; an operator's own settings belong into
// ALTER SYSTEM, which comes after them.
#pragma once
#include <filesystem>
#include <string>

#include "pg/embedded/account.hpp"
#include "pg/embedded/settings.hpp"

namespace weir::pg {

std::string postgresql_conf(const std::filesystem::path& socket_directory, const std::filesystem::path& logs,
                            Durability durability);
// Only unix sockets, only by the account the kernel vouches for: the server's own, and root.
std::string pg_hba_conf();
std::string pg_ident_conf(const Account& account);

}  // namespace weir::pg

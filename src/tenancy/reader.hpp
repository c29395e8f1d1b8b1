// Analysts' database roles: each reads exactly one tenant, decided by who logged in (weir.reader_tenant()). Weir itself
// cannot make login roles; what a database administrator runs to make one is made here too.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "pg/database.hpp"
#include "tenancy/audit.hpp"
#include "tenancy/tenant.hpp"

namespace weir::tenancy {

struct Reader {
  std::string role;
  std::string tenant_key;
  Instant created_at;
  bool is_there = true;  // false: the database role was dropped meanwhile
};

// The SQL that makes the login role of an analyst, for a superuser: read-only, with a bound on connections and on the
// time of a statement. Safe to run again.
std::string reader_role_sql(const pg::RoleNames& roles, std::string_view role);
// Which names a reader's role may have: [a-z_][a-z0-9_]{0,62}, none of Weir's own.
Result<> check_reader_role(const pg::RoleNames& roles, std::string_view role);

// The role reads `tenant` from now on. configuration when the database role is missing or has more rights than a
// reader's (superuser, BYPASSRLS, one of Weir's working roles); conflict when it reads another tenant.
Task<Result<Outcome>> add_reader(pg::Database& database, Actor actor, TenantId tenant, std::string role);
Task<std::vector<Reader>> list_readers(pg::Database& database, std::optional<TenantId> tenant);
Task<Result<>> remove_reader(pg::Database& database, Actor actor, TenantId tenant, std::string role);

}  // namespace weir::tenancy

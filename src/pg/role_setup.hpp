// The roles of a Weir database: their script for DBAs, and the proof that a session's login role is one Weir may work
// with (row-level security binds neither superusers nor BYPASSRLS, and a role that inherits has rights it did not
// take).
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "pg/blocking_session.hpp"
#include "pg/roles.hpp"

namespace weir::pg {

// {{owner}} and so on in a script become the quoted names.
std::string with_role_names(std::string_view script, const RoleNames& roles);

// db/roles.sql for a database of this name; usage error when no role can be named after it.
Result<std::string> render_roles_sql(std::string_view database);

// The roles in use: after the owner of schema weir, before the first migration after the database's name.
Result<RoleNames> find_roles(BlockingSession& session);

struct RoleFacts {
  std::string name;
  bool is_superuser;
  bool bypasses_rls;
  bool is_login;      // the session's own
  bool is_inherited;  // the login role has its rights without taking it
  bool is_member;     // the login role may take it
};
// The session's login role first, then those of Weir that exist.
std::vector<RoleFacts> list_roles(BlockingSession& session, const RoleNames& roles);

// configuration, with the remedy, unless the session's login role is plain and may take owner, control and tenant.
Result<> verify_roles(BlockingSession& session, const RoleNames& roles);

}  // namespace weir::pg

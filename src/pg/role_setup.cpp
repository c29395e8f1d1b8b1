#include "pg/role_setup.hpp"

#include <set>

#include <fmt/format.h>

#include "pg/database.hpp"
#include "pg/database_files.hpp"
#include "pg/sql.hpp"

namespace weir::pg {
namespace {

constexpr std::string_view k_owner_suffix = "_owner";
// PostgreSQL's 63 bytes of a name less the longest suffix, _control.
constexpr std::size_t k_prefix_bytes_max = 55;
constexpr std::string_view k_remedy = "a DBA can set the roles up: weir db roles --print --database {0} | psql -d {0}";

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

bool is_name_character(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '-' || c == '.';
}

std::string remedy(const RoleNames& roles) { return fmt::format(fmt::runtime(k_remedy), roles.prefix); }

Result<> check_plain(const Row& role) {
  const auto name = role.get<std::string>("name");
  for (const auto& [column, attribute] :
       {std::pair("is_superuser", "SUPERUSER"), std::pair("bypasses_rls", "BYPASSRLS")})
    if (role.get<bool>(column))
      return fail(ErrorCode::configuration,
                  fmt::format("the role {0} has {1}, so the isolation of tenants would not hold: let Weir log in as a "
                              "role without it (ALTER ROLE {0} NO{1}, or another user in the database URL)",
                              name, attribute));
  return {};
}

}  // namespace

std::string with_role_names(std::string_view script, const RoleNames& roles) {
  std::string text(script);
  replace_all(text, "{{owner}}", quote_identifier(roles.owner()));
  replace_all(text, "{{control}}", quote_identifier(roles.control()));
  replace_all(text, "{{tenant}}", quote_identifier(roles.tenant()));
  replace_all(text, "{{reader}}", quote_identifier(roles.reader()));
  replace_all(text, "{{login}}", quote_identifier(roles.login()));
  return text;
}

Result<std::string> render_roles_sql(std::string_view database) {
  if (database.empty() || database.size() > k_prefix_bytes_max || !std::ranges::all_of(database, is_name_character))
    return fail(ErrorCode::usage,
                fmt::format("roles cannot be named after the database '{}': its name must be of letters, digits, '_', "
                            "'-' and '.', and not longer than {}",
                            database, k_prefix_bytes_max));
  const RoleNames roles{std::string(database)};
  auto text = with_role_names(k_roles_sql, roles);
  replace_all(text, "{{login_name}}", roles.login());
  replace_all(text, "{{database_name}}", database);
  replace_all(text, "{{database}}", quote_identifier(database));
  return text;
}

Result<RoleNames> find_roles(BlockingSession& session) {
  const auto rows = session.query(sql::find_role_prefix);
  const auto row = rows.one();
  auto owner = row.get<std::optional<std::string>>("owner");
  if (!owner) return RoleNames{row.get<std::string>("database")};
  if (!owner->ends_with(k_owner_suffix))
    return fail(ErrorCode::configuration,
                fmt::format("schema weir of database {} belongs to {}, not to a role named …_owner: is it Weir's?",
                            row.get<std::string>("database"), *owner));
  owner->resize(owner->size() - k_owner_suffix.size());
  return RoleNames{*owner};
}

Result<> verify_roles(BlockingSession& session, const RoleNames& roles) {
  const std::vector<std::string> names{roles.owner(), roles.control(), roles.tenant(), roles.reader()};
  Params params;
  params.add_array(names);
  const auto rows = session.query(sql::list_roles, params);
  std::set<std::string> missing(names.begin(), names.end());
  for (const auto row : rows) {
    if (auto plain = check_plain(row); !plain) return plain;
    missing.erase(row.get<std::string>("name"));
  }
  if (!missing.empty())
    return fail(ErrorCode::configuration,
                fmt::format("the role {} does not exist: {}", *missing.begin(), remedy(roles)));
  const auto login = rows[0].get<std::string>("name");
  for (const auto row : rows) {
    const auto name = row.get<std::string>("name");
    if (row.get<bool>("is_inherited"))
      return fail(ErrorCode::configuration,
                  fmt::format("the login role {0} inherits the rights of {1}, so a forgotten SET ROLE would go unseen: "
                              "ALTER ROLE {0} NOINHERIT (since PostgreSQL 16 also GRANT {1} TO {0} WITH INHERIT FALSE)",
                              login, name));
    if (!row.get<bool>("is_login") && name != roles.reader() && !row.get<bool>("is_member"))
      return fail(ErrorCode::configuration,
                  fmt::format("the login role {} may not take the role {}: {}", login, name, remedy(roles)));
  }
  return {};
}

}  // namespace weir::pg

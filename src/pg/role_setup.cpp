#include "pg/role_setup.hpp"

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

Result<> check_plain(const RoleFacts& role) {
  if (!role.is_superuser && !role.bypasses_rls) return {};
  const auto* attribute = role.is_superuser ? "SUPERUSER" : "BYPASSRLS";
  return fail(ErrorCode::configuration,
              fmt::format("the role {0} has {1}, so the isolation of tenants would not hold: let Weir log in as a role "
                          "without it (ALTER ROLE {0} NO{1}, or another user in the database URL)",
                          role.name, attribute));
}

Result<> check_membership(const RoleFacts& role, const std::string& login, const RoleNames& roles) {
  if (role.is_inherited)
    return fail(
        ErrorCode::configuration,
        fmt::format("the login role {0} inherits the rights of {1}, so a forgotten SET ROLE would go unseen: ALTER "
                    "ROLE {0} NOINHERIT (since PostgreSQL 16 also GRANT {1} TO {0} WITH INHERIT FALSE)",
                    login, role.name));
  if (!role.is_login && role.name != roles.reader() && !role.is_member)
    return fail(ErrorCode::configuration,
                fmt::format("the login role {} may not take the role {}: {}", login, role.name, remedy(roles)));
  return {};
}

std::vector<std::string> working_roles(const RoleNames& roles) {
  return {roles.owner(), roles.control(), roles.tenant(), roles.reader()};
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

std::vector<RoleFacts> list_roles(BlockingSession& session, const RoleNames& roles) {
  Params params;
  params.add_array(working_roles(roles));
  const auto rows = session.query(sql::list_roles, params);
  std::vector<RoleFacts> facts;
  for (const auto row : rows)
    facts.push_back({row.get<std::string>("name"), row.get<bool>("is_superuser"), row.get<bool>("bypasses_rls"),
                     row.get<bool>("is_login"), row.get<bool>("is_inherited"), row.get<bool>("is_member")});
  return facts;
}

Result<> verify_roles(BlockingSession& session, const RoleNames& roles) {
  const auto facts = list_roles(session, roles);
  for (const auto& role : facts)
    if (auto plain = check_plain(role); !plain) return plain;
  for (const auto& name : working_roles(roles))
    if (std::ranges::find(facts, name, &RoleFacts::name) == facts.end())
      return fail(ErrorCode::configuration, fmt::format("the role {} does not exist: {}", name, remedy(roles)));
  for (const auto& role : facts)
    if (auto member = check_membership(role, facts.front().name, roles); !member) return member;
  return {};
}

}  // namespace weir::pg

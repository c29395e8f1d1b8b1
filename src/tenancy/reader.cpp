#include "tenancy/reader.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "tenancy/change.hpp"
#include "tenancy/sql.hpp"

namespace weir::tenancy {
namespace {

constexpr std::size_t k_role_bytes_max = 63;

Result<> check_rights(const pg::Rows& rows, const pg::RoleNames& roles, const std::string& role) {
  const auto needs = [&](std::string_view what) {
    return fail(ErrorCode::configuration, fmt::format("database role {} {}; as a superuser of the database run:\n{}",
                                                      role, what, reader_role_sql(roles, role)));
  };
  if (rows.empty()) return needs("does not exist");
  const auto row = rows.one();
  if (row.get<bool>("is_mighty") || row.get<bool>("is_worker"))
    return fail(ErrorCode::configuration,
                fmt::format("database role {} may do more than read one tenant (it is a superuser, bypasses row-level "
                            "security, makes roles, or is one of Weir's working roles): take a role of its own",
                            role));
  if (!row.get<bool>("is_reader")) return needs(fmt::format("is no member of {}", roles.reader()));
  if (!row.get<bool>("can_login")) return needs("cannot log in");
  if (!row.get<bool>("has_connection_limit")) return needs("has no connection limit");
  if (!row.get<bool>("has_statement_timeout")) return needs("has no statement_timeout");
  return {};
}

}  // namespace

std::string reader_role_sql(const pg::RoleNames& roles, std::string_view role) {
  const auto name = pg::quote_identifier(role);
  return fmt::format(
      "DO $$ BEGIN\n"
      "  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{0}') THEN CREATE ROLE {1} LOGIN; END IF;\n"
      "END $$;\n"
      "ALTER ROLE {1} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS INHERIT CONNECTION LIMIT 5;\n"
      "ALTER ROLE {1} SET statement_timeout = '60s';\n"
      "ALTER ROLE {1} SET default_transaction_read_only = on;\n"
      "GRANT {2} TO {1};\n",
      role, name, pg::quote_identifier(roles.reader()));
}

Result<> check_reader_role(const pg::RoleNames& roles, std::string_view role) {
  const auto is_first = [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; };
  const auto is_other = [&](char c) { return is_first(c) || (c >= '0' && c <= '9'); };
  const bool is_name = !role.empty() && role.size() <= k_role_bytes_max && is_first(role[0]) &&
                       std::ranges::all_of(role, is_other) && !role.starts_with("pg_");
  if (!is_name)
    return fail(ErrorCode::invalid_input, "a reader's role is 1 to 63 of a-z, 0-9 and _, beginning with a letter");
  const auto own = {roles.owner(), roles.control(), roles.tenant(), roles.reader(), roles.login()};
  if (std::ranges::find(own, role) != own.end())
    return fail(ErrorCode::invalid_input, fmt::format("{} is one of Weir's own roles: take another", role));
  return {};
}

Task<Result<Outcome>> add_reader(pg::Database& database, Actor actor, TenantId id, std::string role) {
  const auto& roles = database.roles();
  if (const auto good = check_reader_role(roles, role); !good) co_return std::unexpected(good.error());
  auto transaction = co_await database.begin(pg::Scope::control());
  const auto tenant = co_await share_tenant(transaction, id);
  if (!tenant) co_return std::unexpected(tenant.error());
  const auto rights = co_await transaction.query(
      sql::describe_role, pg::Params(role, roles.reader(), roles.owner(), roles.control(), roles.tenant()));
  if (const auto good = check_rights(rights, roles, role); !good) co_return std::unexpected(good.error());
  const auto there = co_await transaction.query(sql::find_reader, pg::Params(role));
  if (!there.empty()) {
    if (there.one().get<TenantId>("tenant_id") == id) co_return Outcome::unchanged;
    co_return fail(ErrorCode::conflict, fmt::format("role {} reads another tenant; remove it there first", role));
  }
  co_await transaction.query(sql::insert_reader, pg::Params(role, id));
  auto record = record_of(actor, *tenant, "reader.add", fmt::format("{}/{}", tenant->key, role));
  co_await commit_with_audit(transaction, std::move(record));
  co_return Outcome::changed;
}

Task<std::vector<Reader>> list_readers(pg::Database& database, std::optional<TenantId> tenant) {
  const auto rows = co_await database.query(pg::Scope::control(), sql::list_readers, pg::Params(tenant));
  std::vector<Reader> readers;
  for (const auto row : rows)
    readers.push_back({row.get<std::string>("role"), row.get<std::string>("key"), row.get<Instant>("created_at"),
                       row.get<bool>("is_there")});
  co_return readers;
}

Task<Result<>> remove_reader(pg::Database& database, Actor actor, TenantId id, std::string role) {
  auto transaction = co_await database.begin(pg::Scope::control());
  const auto tenant = co_await share_tenant(transaction, id);
  if (!tenant) co_return std::unexpected(tenant.error());
  const auto gone = co_await transaction.query(sql::delete_reader, pg::Params(role, id));
  if (gone.affected() == 0)
    co_return fail(ErrorCode::not_found, fmt::format("role {} does not read tenant {}", role, tenant->key));
  co_await commit_with_audit(transaction,
                             record_of(actor, *tenant, "reader.rm", fmt::format("{}/{}", tenant->key, role)));
  co_return Result<>();
}

}  // namespace weir::tenancy

#include "orchestrator/cursors.hpp"

#include <fmt/format.h>

#include "orchestrator/sql.hpp"
#include "pg/documents.hpp"
#include "tenancy/change.hpp"

namespace weir::orchestrator {
namespace {

using nlohmann::json;

tenancy::AuditRecord record_of(const tenancy::Actor& actor, const tenancy::Tenant& tenant, const CursorChange& change,
                               json before) {
  auto target = fmt::format("{} {}", change.data_source, change.script.value_or("*"));
  if (change.partition) target += " " + *change.partition;
  auto record = tenancy::record_of(actor, tenant, change.to ? "cursor.set" : "cursor.reset", std::move(target));
  for (auto& cursor : before) cursor.erase("state");
  constexpr std::size_t k_cursors_max = 100;  // the history has all of them
  if (before.size() > k_cursors_max) before.erase(before.begin() + k_cursors_max, before.end());
  record.before = std::move(before);
  record.after = {{"cursor_at", change.to ? json(format_rfc3339(*change.to)) : json()}};
  return record;
}

}  // namespace

Task<json> list_cursors(pg::Database& database, TenantId tenant, CursorFilter filter) {
  const auto rows = co_await database.query(pg::Scope::tenant(tenant), sql::list_cursors,
                                            pg::Params(tenant, filter.data_source, filter.script, filter.partition));
  co_return pg::read_documents(rows);
}

Task<json> list_cursor_page(pg::Database& database, TenantId tenant, CursorFilter filter, CursorPlace after,
                            int limit) {
  const auto rows = co_await database.query(pg::Scope::tenant(tenant), sql::list_cursor_page,
                                            pg::Params(tenant, filter.data_source, filter.script, filter.partition,
                                                       after.data_source, after.script, after.partition, limit));
  co_return pg::read_documents(rows);
}

Task<json> list_cursor_history(pg::Database& database, TenantId tenant, std::string data_source, std::string script,
                               std::optional<std::string> partition) {
  const auto rows = co_await database.query(pg::Scope::tenant(tenant), sql::list_cursor_history,
                                            pg::Params(tenant, data_source, script, partition));
  co_return pg::read_documents(rows);
}

Task<Result<int>> change_cursors(pg::Database& database, tenancy::Actor actor, tenancy::Tenant tenant,
                                 CursorChange change) {
  if (change.to && *change.to > system_clock().now())
    co_return fail(ErrorCode::invalid_input, "a cursor in the future would skip what happens until then");
  auto transaction = co_await database.begin(pg::Scope::control());
  const auto source = co_await tenancy::lock_any_data_source(transaction, tenant.id, change.data_source);
  if (!source) co_return std::unexpected(source.error());
  const auto scripts = co_await transaction.query(sql::list_scripts_with_cursors,
                                                  pg::Params(tenant.id, change.data_source, change.script));
  const auto before = co_await transaction.query(
      sql::list_cursors, pg::Params(tenant.id, change.data_source, change.script, change.partition));
  if (before.empty())
    co_return fail(ErrorCode::not_found,
                   fmt::format("data source {} of {} has no such cursor", change.data_source, tenant.key));
  const auto reason =
      fmt::format("its cursor was {} by {}", change.to ? "set" : "reset", actor.value_or("the operator"));
  int changed = 0;
  for (const auto row : scripts) {
    const auto script = row.get<std::string>("script");
    co_await transaction.query(sql::cancel_script, pg::Params(tenant.id, change.data_source, script, reason));
    const auto rows = co_await transaction.query(
        sql::change_cursors, pg::Params(tenant.id, change.data_source, script, change.partition, change.to,
                                        change.to ? "set" : "reset", actor));
    changed += rows.one().get<int>("changed");
  }
  co_await tenancy::commit_with_audit(transaction, record_of(actor, tenant, change, pg::read_documents(before)));
  co_return changed;
}

}  // namespace weir::orchestrator

#include "tenancy/audit.hpp"

#include "tenancy/sql.hpp"

namespace weir::tenancy {
namespace {

std::optional<nlohmann::json> or_null(const nlohmann::json& value) {
  return value.is_null() ? std::nullopt : std::optional(value);
}

}  // namespace

pg::Command append_audit(const AuditRecord& record) {
  return {sql::insert_audit_log, pg::Params(record.tenant_id, record.tenant_key, record.actor, record.action,
                                            record.target, or_null(record.before), or_null(record.after))};
}

Task<nlohmann::json> list_audit(pg::Database& database, AuditFilter filter) {
  const auto rows = co_await database.query(pg::Scope::control(), sql::list_audit_log,
                                            pg::Params(filter.tenant, filter.action, filter.after, filter.limit));
  auto list = nlohmann::json::array();
  for (const auto row : rows) list.push_back(row.get<nlohmann::json>("document"));
  co_return list;
}

}  // namespace weir::tenancy

#include "tenancy/audit.hpp"

#include "pg/documents.hpp"
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

Task<AuditPage> list_audit(pg::Database& database, AuditFilter filter) {
  const auto rows =
      co_await database.query(pg::Scope::control(), sql::list_audit_log,
                              pg::Params(filter.tenant, filter.action, filter.after, filter.limit, filter.bytes_max));
  AuditPage page{.items = nlohmann::json::array()};
  for (const auto row : rows) {
    page.items.push_back(pg::read_document(row));
    page.has_more = row.get<bool>("has_more");
  }
  co_return page;
}

}  // namespace weir::tenancy

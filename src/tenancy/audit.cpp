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

}  // namespace weir::tenancy

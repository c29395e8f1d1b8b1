// The record of every change: who, what, before and after. Written in the transaction of the change, so neither is
// there without the other (docs/adr: audit in the same transaction). Append-only; secrets stand there as ***.
#pragma once
#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include "base/strong_id.hpp"
#include "pg/database.hpp"

namespace weir::tenancy {

// Who asks for a change: a user's id, cli:<account>; nullopt for scheduled work.
using Actor = std::optional<std::string>;

struct AuditRecord {
  Actor actor;
  std::optional<TenantId> tenant_id;
  std::optional<std::string> tenant_key;  // stays readable when the tenant is gone
  std::string action;                     // tenant.add, source.set, secrets.rotate, …
  std::string target;
  nlohmann::json before = nullptr;
  nlohmann::json after = nullptr;
};

// To be run in control scope.
pg::Command append_audit(const AuditRecord& record);

struct AuditFilter {
  std::optional<TenantId> tenant{};
  std::optional<std::string> action{};
  std::optional<Uuid> after{};  // the last one of the page before
  int limit = 100;
  std::int64_t bytes_max = std::int64_t{4} << 20U;  // the record that reaches it is the last
};
struct AuditPage {
  nlohmann::json items;   // documents: id, at, tenant_id, tenant (its key), actor, action, target, before, after
  bool has_more = false;  // after the last one
};
// Newest first.
Task<AuditPage> list_audit(pg::Database& database, AuditFilter filter);

}  // namespace weir::tenancy

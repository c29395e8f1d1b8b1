// Tenants: the customers of the platform. Every change is one transaction with its line in the audit log.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "pg/database.hpp"
#include "tenancy/audit.hpp"

namespace weir::tenancy {

enum class TenantState { active, paused, deleting };
std::string_view name_of(TenantState state);  // ACTIVE, PAUSED, DELETING

struct Tenant {
  TenantId id;
  std::string key;
  std::optional<std::string> name;
  TenantState state = TenantState::active;
  int concurrent_scripts = 0;
  std::string egress_allow{};  // hosts and networks that it may reach besides those that everybody may; see http/egress
  std::string time_zone = "UTC";  // of its calendar: quotas are by its day
  Instant created_at;
  Instant updated_at;
};

struct TenantChanges {
  std::optional<std::string> name;  // "": none
  std::optional<int> concurrent_scripts;
  std::optional<std::string> egress_allow{};  // "": none. The caller has parsed it.
  std::optional<std::string> time_zone{};     // Europe/Berlin
};

enum class Outcome { changed, unchanged };  // unchanged: it was so already; nothing was written

// By key or by id. not_found otherwise.
Task<Result<Tenant>> find_tenant(pg::Database& database, std::string key_or_id);
// By key; at most `limit` after the key `after`.
Task<std::vector<Tenant>> list_tenants(pg::Database& database, std::string after = "", int limit = 1'000'000);

struct AddedTenant {
  Tenant tenant;
  Outcome outcome;
};
// unchanged when the tenant is there with these very data; already_exists when with others.
Task<Result<AddedTenant>> add_tenant(pg::Database& database, Actor actor, std::string key, TenantChanges data);
Task<Result<Outcome>> change_tenant(pg::Database& database, Actor actor, TenantId tenant, TenantChanges changes);
// Paused: nothing of it is claimed, and what ran has lost its right when this returns.
Task<Result<Outcome>> pause_tenant(pg::Database& database, Actor actor, TenantId tenant);
Task<Result<Outcome>> resume_tenant(pg::Database& database, Actor actor, TenantId tenant);

}  // namespace weir::tenancy

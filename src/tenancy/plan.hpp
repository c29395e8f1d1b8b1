// What a tenant may use: plans, each tenant's subscription to one of them, and what it has used. Every change is one
// transaction with its line in the audit log; the tenant's place in the queue follows in the same transaction.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/time.hpp"
#include "pg/database.hpp"
#include "tenancy/audit.hpp"
#include "tenancy/tenant.hpp"

namespace weir::tenancy {

struct PlanData {
  std::optional<int> runs_per_day{};  // none: no limit
  int concurrent_runs = 2;
  int weight = 100;  // its share where tenants compete
  std::optional<int> data_retention_days{};

  bool operator==(const PlanData&) const = default;
};
struct Plan {
  std::string name;  // [a-z0-9-]{1,40}
  PlanData data;
  Instant created_at;
  Instant updated_at;
};
nlohmann::json to_document(const Plan& plan);

Task<std::vector<Plan>> list_plans(pg::Database& database, std::string after = "", int limit = 1'000'000);  // by name
Task<Result<Plan>> find_plan(pg::Database& database, std::string name);
struct SavedPlan {
  Plan plan;
  bool is_new = false;
};
// Makes it or changes it; its tenants have the new limits when this returns. invalid_input.
Task<Result<SavedPlan>> save_plan(pg::Database& database, Actor actor, std::string name, PlanData data);
// not_found; conflict while a tenant subscribes to it.
Task<Result<>> remove_plan(pg::Database& database, Actor actor, std::string name);

enum class SubscriptionStatus { active, suspended, cancelled };
std::string_view name_of(SubscriptionStatus status);  // ACTIVE, SUSPENDED, CANCELLED
std::optional<SubscriptionStatus> subscription_status_of(std::string_view name);

struct Subscription {
  std::string plan;
  SubscriptionStatus status = SubscriptionStatus::active;
  Instant created_at;
  Instant updated_at;
};
nlohmann::json to_document(const Subscription& subscription);

// nullopt: it has none, and so no limit by plan.
Task<std::optional<Subscription>> find_subscription(pg::Database& database, TenantId tenant);
// Without a status it keeps the one that it has; a new one is active. not_found (the tenant), invalid_input (there is
// no such plan), conflict (the tenant is being removed).
Task<Result<Subscription>> set_subscription(pg::Database& database, Actor actor, TenantId tenant, std::string plan,
                                            std::optional<SubscriptionStatus> status);
Task<Result<>> remove_subscription(pg::Database& database, Actor actor, TenantId tenant);
// subscription_inactive when it has one that is not active.
Task<Result<>> require_active_subscription(pg::Database& database, Tenant tenant);
// Whether there is one, and it is not; in a transaction of the control role.
Task<bool> is_subscription_inactive(pg::Transaction& transaction, TenantId tenant);

// {"day", "time_zone", "runs_used", "runs_limit" (null: none), "runs_remaining" (null: no limit), "resets_at"} of the
// tenant's present day.
Task<nlohmann::json> read_quota(pg::Database& database, TenantId tenant);
// By day of the UTC calendar, newest first: {"day", "runs_used", "runs_limit", "script_runs", "records", "requests",
// "not_modified", "bytes", "run_ms"}; runs are counted by the tenant's own calendar.
Task<nlohmann::json> list_usage(pg::Database& database, TenantId tenant, int days);

}  // namespace weir::tenancy

#include "tenancy/plan.hpp"

#include <array>
#include <map>

#include <fmt/format.h>

#include "tenancy/change.hpp"
#include "tenancy/settings.hpp"
#include "tenancy/sql.hpp"

namespace weir::tenancy {
namespace {

constexpr std::array k_statuses{std::pair{SubscriptionStatus::active, std::string_view("ACTIVE")},
                                std::pair{SubscriptionStatus::suspended, std::string_view("SUSPENDED")},
                                std::pair{SubscriptionStatus::cancelled, std::string_view("CANCELLED")}};
constexpr int k_concurrent_max = 1000, k_weight_max = 10'000;

nlohmann::json or_null(const std::optional<int>& number) { return number ? nlohmann::json(*number) : nlohmann::json(); }

nlohmann::json limits_of(const PlanData& data) {
  return {{"runs_per_day", or_null(data.runs_per_day)},
          {"concurrent_runs", data.concurrent_runs},
          {"weight", data.weight},
          {"data_retention_days", or_null(data.data_retention_days)}};
}

Plan read_plan(const pg::Row& row) {
  return {.name = row.get<std::string>("name"),
          .data = {.runs_per_day = row.get<std::optional<int>>("runs_per_day"),
                   .concurrent_runs = row.get<int>("concurrent_runs"),
                   .weight = row.get<int>("weight"),
                   .data_retention_days = row.get<std::optional<int>>("data_retention_days")},
          .created_at = row.get<Instant>("created_at"),
          .updated_at = row.get<Instant>("updated_at")};
}

Subscription read_subscription(const pg::Row& row) {
  return {.plan = row.get<std::string>("plan"),
          .status = subscription_status_of(row.get<std::string_view>("status")).value_or(SubscriptionStatus::suspended),
          .created_at = row.get<Instant>("created_at"),
          .updated_at = row.get<Instant>("updated_at")};
}

Result<> check(const std::string& name, const PlanData& data) {
  if (!check_data_source_name(name))
    return fail(ErrorCode::invalid_input, "a plan's name is 1 to 40 of a-z, 0-9 and -");
  if (data.runs_per_day.value_or(0) < 0) return fail(ErrorCode::invalid_input, "runs per day are at least 0");
  if (data.concurrent_runs < 1 || data.concurrent_runs > k_concurrent_max)
    return fail(ErrorCode::invalid_input, fmt::format("concurrent runs are from 1 to {}", k_concurrent_max));
  if (data.weight < 1 || data.weight > k_weight_max)
    return fail(ErrorCode::invalid_input, fmt::format("a weight is from 1 to {}", k_weight_max));
  if (data.data_retention_days.value_or(1) < 1)
    return fail(ErrorCode::invalid_input, "data is kept for at least a day");
  return {};
}

std::unexpected<Error> no_such_plan(const std::string& name, ErrorCode code) {
  return fail(code, fmt::format("there is no plan '{}'", name));
}

nlohmann::json brief(const Subscription& subscription) {
  return {{"plan", subscription.plan}, {"status", name_of(subscription.status)}};
}

AuditRecord plan_record(const Actor& actor, std::string action, std::string target) {
  AuditRecord record;
  record.actor = actor;
  record.action = std::move(action);
  record.target = std::move(target);
  return record;
}

}  // namespace

nlohmann::json to_document(const Plan& plan) {
  auto document = limits_of(plan.data);
  document["name"] = plan.name;
  document["created_at"] = format_rfc3339(plan.created_at);
  document["updated_at"] = format_rfc3339(plan.updated_at);
  return document;
}

nlohmann::json to_document(const Subscription& subscription) {
  auto document = brief(subscription);
  document["created_at"] = format_rfc3339(subscription.created_at);
  document["updated_at"] = format_rfc3339(subscription.updated_at);
  return document;
}

std::string_view name_of(SubscriptionStatus status) {
  return std::ranges::find(k_statuses, status, &std::pair<SubscriptionStatus, std::string_view>::first)->second;
}

std::optional<SubscriptionStatus> subscription_status_of(std::string_view name) {
  const auto* found = std::ranges::find(k_statuses, name, &std::pair<SubscriptionStatus, std::string_view>::second);
  return found == k_statuses.end() ? std::nullopt : std::optional(found->first);
}

Task<std::vector<Plan>> list_plans(pg::Database& database, std::string after, int limit) {
  const auto rows = co_await database.query(pg::Scope::control(), sql::list_plans, pg::Params(after, limit));
  std::vector<Plan> plans;
  for (const auto row : rows) plans.push_back(read_plan(row));
  co_return plans;
}

Task<Result<Plan>> find_plan(pg::Database& database, std::string name) {
  const auto rows = co_await database.query(pg::Scope::control(), sql::find_plan, pg::Params(name));
  if (rows.empty()) co_return no_such_plan(name, ErrorCode::not_found);
  co_return read_plan(rows.one());
}

Task<Result<SavedPlan>> save_plan(pg::Database& database, Actor actor, std::string name, PlanData data) {
  if (const auto good = check(name, data); !good) co_return std::unexpected(good.error());
  auto transaction = co_await database.begin(pg::Scope::control());
  const auto before = co_await transaction.query(sql::lock_plan, pg::Params(name));
  if (!before.empty() && read_plan(before.one()).data == data) co_return SavedPlan{read_plan(before.one()), false};
  const auto rows = co_await transaction.query(
      sql::save_plan, pg::Params(name, data.runs_per_day, data.concurrent_runs, data.weight, data.data_retention_days));
  auto record = plan_record(actor, before.empty() ? "plan.add" : "plan.set", name);
  if (!before.empty()) record.before = limits_of(read_plan(before.one()).data);
  record.after = limits_of(data);
  co_await commit_with_audit(transaction, std::move(record));
  co_return SavedPlan{read_plan(rows.one()), before.empty()};
}

Task<Result<>> remove_plan(pg::Database& database, Actor actor, std::string name) {
  auto transaction = co_await database.begin(pg::Scope::control());
  const auto before = co_await transaction.query(sql::lock_plan, pg::Params(name));
  if (before.empty()) co_return no_such_plan(name, ErrorCode::not_found);
  const auto gone = co_await transaction.query(sql::delete_plan, pg::Params(name));
  if (gone.empty())
    co_return fail(ErrorCode::conflict,
                   fmt::format("tenants subscribe to the plan {}: move them to another first", name));
  auto record = plan_record(actor, "plan.rm", name);
  record.before = limits_of(read_plan(before.one()).data);
  co_await commit_with_audit(transaction, std::move(record));
  co_return Result<>();
}

Task<std::optional<Subscription>> find_subscription(pg::Database& database, TenantId tenant) {
  const auto rows = co_await database.query(pg::Scope::control(), sql::find_subscription, pg::Params(tenant));
  co_return rows.empty() ? std::nullopt : std::optional(read_subscription(rows.one()));
}

Task<Result<Subscription>> set_subscription(pg::Database& database, Actor actor, TenantId id, std::string plan,
                                            std::optional<SubscriptionStatus> wanted) {
  auto transaction = co_await database.begin(pg::Scope::control());
  const auto tenant = co_await lock_tenant(transaction, id);
  if (!tenant) co_return std::unexpected(tenant.error());
  const auto there = co_await transaction.query(sql::find_subscription, pg::Params(id));
  auto status = wanted.value_or(SubscriptionStatus::active);
  if (!there.empty()) {
    const auto now = read_subscription(there.one());
    status = wanted.value_or(now.status);
    if (now.plan == plan && now.status == status) co_return now;
  }
  const auto rows = co_await transaction.query(sql::save_subscription, pg::Params(id, plan, name_of(status)));
  if (rows.empty()) co_return no_such_plan(plan, ErrorCode::invalid_input);
  const auto now = read_subscription(rows.one());
  auto record = record_of(actor, *tenant, "subscription.set", tenant->key);
  if (!there.empty()) record.before = brief(read_subscription(there.one()));
  const bool was_active = there.empty() || read_subscription(there.one()).status == SubscriptionStatus::active;
  const bool is_active = now.status == SubscriptionStatus::active;
  if (was_active != is_active)
    co_await gate_claims(transaction, id, !is_active || tenant->state == TenantState::paused,
                         "its tenant's subscription is not active");
  record.after = brief(now);
  co_await commit_with_audit(transaction, std::move(record));
  co_return now;
}

Task<Result<>> remove_subscription(pg::Database& database, Actor actor, TenantId id) {
  auto transaction = co_await database.begin(pg::Scope::control());
  const auto tenant = co_await lock_tenant(transaction, id);
  if (!tenant) co_return std::unexpected(tenant.error());
  const auto gone = co_await transaction.query(sql::delete_subscription, pg::Params(id));
  if (gone.empty()) co_return fail(ErrorCode::not_found, fmt::format("tenant {} has no subscription", tenant->key));
  auto record = record_of(actor, *tenant, "subscription.rm", tenant->key);
  const auto was = read_subscription(gone.one());
  record.before = brief(was);
  if (was.status != SubscriptionStatus::active)
    co_await gate_claims(transaction, id, tenant->state == TenantState::paused, "its tenant is paused");
  co_await commit_with_audit(transaction, std::move(record));
  co_return Result<>();
}

Task<bool> is_subscription_inactive(pg::Transaction& transaction, TenantId tenant) {
  const auto rows = co_await transaction.query(sql::find_subscription, pg::Params(tenant));
  co_return !rows.empty() && read_subscription(rows.one()).status != SubscriptionStatus::active;
}

Task<Result<>> require_active_subscription(pg::Database& database, Tenant tenant) {
  const auto subscription = co_await find_subscription(database, tenant.id);
  if (!subscription || subscription->status == SubscriptionStatus::active) co_return Result<>();
  co_return fail(ErrorCode::subscription_inactive,
                 fmt::format("the subscription of tenant {} is {}", tenant.key, name_of(subscription->status)));
}

Task<nlohmann::json> read_quota(pg::Database& database, TenantId tenant) {
  const auto rows = co_await database.query(pg::Scope::control(), sql::read_quota, pg::Params(tenant));
  if (rows.empty()) co_return nlohmann::json::object();
  const auto row = rows.one();
  const auto used = row.get<int>("runs_used");
  const auto limit = row.get<std::optional<int>>("runs_limit");
  co_return nlohmann::json{{"day", row.get<std::string>("day")},
                           {"time_zone", row.get<std::string>("time_zone")},
                           {"runs_used", used},
                           {"runs_limit", or_null(limit)},
                           {"runs_remaining", limit ? nlohmann::json(std::max(0, *limit - used)) : nlohmann::json()},
                           {"resets_at", format_rfc3339(row.get<Instant>("resets_at"))}};
}

Task<nlohmann::json> list_usage(pg::Database& database, TenantId tenant, int days) {
  const auto quotas = co_await database.query(pg::Scope::control(), sql::list_quota_days, pg::Params(tenant, days));
  const auto work = co_await database.query(pg::Scope::tenant(tenant), sql::list_usage_days, pg::Params(tenant, days));
  std::map<std::string, nlohmann::json, std::greater<>> by_day;
  const auto day_of = [&](const pg::Row& row) -> nlohmann::json& {
    const auto day = row.get<std::string>("day");
    return by_day
        .try_emplace(day, nlohmann::json{{"day", day},
                                         {"runs_used", 0},
                                         {"runs_limit", nullptr},
                                         {"script_runs", 0},
                                         {"records", 0},
                                         {"requests", 0},
                                         {"not_modified", 0},
                                         {"bytes", 0},
                                         {"run_ms", 0}})
        .first->second;
  };
  for (const auto row : quotas) {
    auto& entry = day_of(row);
    entry["runs_used"] = row.get<int>("runs_used");
    entry["runs_limit"] = or_null(row.get<std::optional<int>>("runs_limit"));
  }
  for (const auto row : work)
    for (auto& entry = day_of(row);
         const auto* name : {"script_runs", "records", "requests", "not_modified", "bytes", "run_ms"})
      entry[name] = row.get<std::int64_t>(name);
  auto list = nlohmann::json::array();
  for (auto& [day, entry] : by_day) list.push_back(std::move(entry));
  co_return list;
}

}  // namespace weir::tenancy

#include "api/pages.hpp"
#include "api/routes.hpp"
#include "tenancy/plan.hpp"

namespace weir::api {
namespace {

using nlohmann::json;

const json k_limits_example = {
    {"runs_per_day", 100}, {"concurrent_runs", 2}, {"weight", 100}, {"data_retention_days", nullptr}};

json plan_example() {
  auto example = k_limits_example;
  example.update(
      {{"name", "standard"}, {"created_at", "2026-01-31T12:00:00Z"}, {"updated_at", "2026-01-31T12:00:00Z"}});
  return example;
}

std::optional<int> number_in(const json& body, const char* name) {
  return body.contains(name) && !body[name].is_null() ? std::optional(body[name].get<int>()) : std::nullopt;
}

Task<Result<Answer>> list(Services& services, Request request) {
  auto items = json::array();
  for (const auto& plan :
       co_await tenancy::list_plans(services.database, request.query_text("after").value_or(""), page_rows(request)))
    items.push_back(to_document(plan));
  co_return page_of(request, std::move(items), "name");
}

Task<Result<Answer>> show(Services& services, Request request) {
  const auto plan = co_await tenancy::find_plan(services.database, request.path.at("plan"));
  if (!plan) co_return std::unexpected(plan.error());
  co_return Answer{.body = to_document(*plan)};
}

Task<Result<Answer>> save(Services& services, Request request) {
  const tenancy::PlanData none;
  const tenancy::PlanData data{.runs_per_day = number_in(request.body, "runs_per_day"),
                               .concurrent_runs = request.body.value("concurrent_runs", none.concurrent_runs),
                               .weight = request.body.value("weight", none.weight),
                               .data_retention_days = number_in(request.body, "data_retention_days")};
  const auto saved = co_await tenancy::save_plan(services.database, request.actor(), request.path.at("plan"), data);
  if (!saved) co_return std::unexpected(saved.error());
  co_return Answer{.status = saved->is_new ? 201 : 200, .body = to_document(saved->plan)};
}

Task<Result<Answer>> remove(Services& services, Request request) {
  const auto removed = co_await tenancy::remove_plan(services.database, request.actor(), request.path.at("plan"));
  if (!removed) co_return std::unexpected(removed.error());
  co_return Answer{.status = 204};
}

Task<Result<Answer>> show_subscription(Services& services, Request request) {
  const auto subscription = co_await tenancy::find_subscription(services.database, request.tenant->id);
  if (!subscription) co_return fail(ErrorCode::not_found, "the tenant has no subscription, and so no limit by plan");
  co_return Answer{.body = to_document(*subscription)};
}

Task<Result<Answer>> set_subscription(Services& services, Request request) {
  std::optional<tenancy::SubscriptionStatus> status;
  if (request.body.contains("status")) status = tenancy::subscription_status_of(request.body.value("status", ""));
  const auto set = co_await tenancy::set_subscription(services.database, request.actor(), request.tenant->id,
                                                      request.body.at("plan"), status);
  if (!set) co_return std::unexpected(set.error());
  co_return Answer{.body = to_document(*set)};
}

Task<Result<Answer>> remove_subscription(Services& services, Request request) {
  const auto removed = co_await tenancy::remove_subscription(services.database, request.actor(), request.tenant->id);
  if (!removed) co_return std::unexpected(removed.error());
  co_return Answer{.status = 204};
}

Task<Result<Answer>> show_quota(Services& services, Request request) {
  auto quota = co_await tenancy::read_quota(services.database, request.tenant->id);
  if (quota.empty()) co_return fail(ErrorCode::not_found, "the tenant is being removed");
  co_return Answer{.body = std::move(quota)};
}

Task<Result<Answer>> list_usage(Services& services, Request request) {
  constexpr int k_days_default = 30;
  auto days =
      co_await tenancy::list_usage(services.database, request.tenant->id, request.query_number("days", k_days_default));
  co_return Answer{.body = {{"items", std::move(days)}, {"next", nullptr}}};
}

json plan_schema() {
  return schema::object(
      {{"runs_per_day", schema::with(schema::nullable(schema::integer(0, 1'000'000)), "null: no limit"),
        Need::optional},
       {"concurrent_runs", schema::integer(1, 1000), Need::optional},
       {"weight", schema::with(schema::integer(1, 10'000), "Its share where tenants compete"), Need::optional},
       {"data_retention_days", schema::with(schema::nullable(schema::integer(1, 100'000)), "null: for ever"),
        Need::optional}});
}

void add_plan_routes(Routes& routes) {
  routes.push_back(
      {.operation = "list_plans",
       .method = "GET",
       .path = "/api/v1/plans",
       .summary = "List the plans, by name",
       .query = page_parameters(),
       .answers = {{200, "A page", schema::page("Plan"), {{"items", {plan_example()}}, {"next", nullptr}}}},
       .handler = list});
  routes.push_back({.operation = "show_plan",
                    .method = "GET",
                    .path = "/api/v1/plans/{plan}",
                    .summary = "Show a plan",
                    .answers = {{200, "The plan", schema::ref("Plan"), plan_example()}},
                    .handler = show});
  routes.push_back({.operation = "save_plan",
                    .method = "PUT",
                    .path = "/api/v1/plans/{plan}",
                    .summary = "Make a plan or change it as a whole; its tenants have the new limits at once",
                    .body = BodyRow{plan_schema(), k_limits_example},
                    .answers = {{200, "Changed", schema::ref("Plan"), plan_example()},
                                {201, "Made", schema::ref("Plan"), plan_example()}},
                    .handler = save});
  routes.push_back({.operation = "remove_plan",
                    .method = "DELETE",
                    .path = "/api/v1/plans/{plan}",
                    .summary = "Remove a plan that no tenant subscribes to",
                    .answers = {{.status = 204, .meaning = "It is gone"}},
                    .errors = {ErrorCode::conflict},
                    .handler = remove});
}

void add_subscription_routes(Routes& routes) {
  const std::string path = "/api/v1/tenants/{tenant_id}/subscription";
  const json example = {{"plan", "standard"},
                        {"status", "ACTIVE"},
                        {"created_at", "2026-01-31T12:00:00Z"},
                        {"updated_at", "2026-01-31T12:00:00Z"}};
  routes.push_back({.operation = "show_subscription",
                    .method = "GET",
                    .path = path,
                    .access = Access::tenant_read,
                    .summary = "The tenant's plan, and whether it is active",
                    .answers = {{200, "The subscription", schema::ref("Subscription"), example}},
                    .handler = show_subscription});
  routes.push_back(
      {.operation = "set_subscription",
       .method = "PUT",
       .path = path,
       .summary = "Subscribe a tenant to a plan, suspend or cancel that; not active: runs and credentials are refused, "
                  "schedules rest",
       .body = BodyRow{schema::object({{"plan", schema::name()},
                                       {"status",
                                        schema::with(schema::word({"ACTIVE", "SUSPENDED", "CANCELLED"}),
                                                     "Absent: as it is; ACTIVE for a new one"),
                                        Need::optional}}),
                       {{"plan", "standard"}, {"status", "ACTIVE"}}},
       .answers = {{200, "The subscription as it is now", schema::ref("Subscription"), example}},
       .errors = {ErrorCode::conflict},
       .handler = set_subscription});
  routes.push_back({.operation = "remove_subscription",
                    .method = "DELETE",
                    .path = path,
                    .summary = "End the subscription; a tenant without one has no limit by plan",
                    .answers = {{.status = 204, .meaning = "It is gone"}},
                    .errors = {ErrorCode::conflict},
                    .handler = remove_subscription});
}

}  // namespace

void add_plans(Routes& routes) {
  add_plan_routes(routes);
  add_subscription_routes(routes);
  routes.push_back({.operation = "show_quota",
                    .method = "GET",
                    .path = "/api/v1/tenants/{tenant_id}/quota",
                    .access = Access::tenant_read,
                    .summary = "What is left of the tenant's present day",
                    .answers = {{200,
                                 "By the tenant's own calendar",
                                 schema::ref("Quota"),
                                 {{"day", "2026-01-31"},
                                  {"time_zone", "UTC"},
                                  {"runs_used", 41},
                                  {"runs_limit", 100},
                                  {"runs_remaining", 59},
                                  {"resets_at", "2026-02-01T00:00:00Z"}}}},
                    .handler = show_quota});
  routes.push_back({.operation = "list_usage",
                    .method = "GET",
                    .path = "/api/v1/tenants/{tenant_id}/usage",
                    .access = Access::tenant_read,
                    .summary = "What the tenant used, by day, newest first",
                    .query = {{"days", "So many days back (default 30)", schema::integer(1, 400)}},
                    .answers = {{200,
                                 "The days",
                                 schema::page("UsageDay"),
                                 {{"items",
                                   {{{"day", "2026-01-31"},
                                     {"runs_used", 41},
                                     {"runs_limit", 100},
                                     {"script_runs", 410},
                                     {"records", 12000},
                                     {"requests", 800},
                                     {"not_modified", 300},
                                     {"bytes", 1000000},
                                     {"run_ms", 90000}}}},
                                  {"next", nullptr}}}},
                    .handler = list_usage});
}

}  // namespace weir::api

#include "api/routes.hpp"
#include "api/schema.hpp"
#include "orchestrator/plan.hpp"

namespace weir::api {
namespace {

Task<Result<Answer>> show_plan(Services& services, Request request) {
  const auto plugins = services.plugins();
  auto plan = co_await orchestrator::plan_tenant(services.database, *plugins, *request.tenant);
  co_return Answer{.body = std::move(plan)};
}

}  // namespace

void add_import_plan(Routes& routes) {
  routes.push_back({.operation = "show_plan_of_imports",
                    .method = "GET",
                    .path = "/api/v1/tenants/{tenant_id}/plan",
                    .access = Access::tenant_read,
                    .summary = "What an import would run now, in which order, over which range of time, and why not",
                    .answers = {{200,
                                 "In the order of running; `step` null: it does not run, `why` says why",
                                 schema::ref("ImportPlan"),
                                 {{"tenant", "acme"},
                                  {"at", "2026-01-31T12:00:00Z"},
                                  {"scripts",
                                   {{{"data_source", "github"},
                                     {"script", "github/issue"},
                                     {"step", 2},
                                     {"action", "run"},
                                     {"why", "it has never run"},
                                     {"waits_for", {"github github/repository"}},
                                     {"declaration_changed", false},
                                     {"partitions", nlohmann::json::array()}}}}}}},
                    .handler = show_plan});
}

}  // namespace weir::api

#include <fmt/format.h>

#include "api/known_names.hpp"
#include "api/pages.hpp"
#include "api/problem.hpp"
#include "api/routes.hpp"
#include "api/runs.hpp"
#include "api/schema.hpp"
#include "orchestrator/run_parameters.hpp"
#include "orchestrator/script_why.hpp"
#include "queue/queue_list.hpp"
#include "scheduler/pipeline.hpp"

namespace weir::api {
namespace {

using nlohmann::json;
using queue::EnqueueOutcome;

json or_null(const std::optional<int>& number) { return number ? json(*number) : json(); }

json quota_document(const queue::QuotaState& quota) {
  return {{"limit", or_null(quota.limit)},
          {"used", quota.used},
          {"remaining", or_null(quota.remaining())},
          {"resets_at", format_rfc3339(quota.resets_at)}};
}

Headers quota_headers(const json& body) {
  const auto& quota = body.at("quota");
  if (quota.at("limit").is_null()) return {};
  return {{"X-Quota-Limit", quota.at("limit").dump()},
          {"X-Quota-Remaining", quota.at("remaining").dump()},
          {"X-Quota-Reset", quota.at("resets_at").get<std::string>()}};
}

Answer quota_spent(const Request& request, const queue::QuotaState& quota) {
  const auto wait = std::chrono::ceil<std::chrono::seconds>(quota.resets_at - system_clock().now());
  const json said{{"quota", quota_document(quota)}};
  auto headers = quota_headers(said);
  headers.emplace_back("Retry-After", std::to_string(std::max<std::int64_t>(1, wait.count())));
  const Error error{ErrorCode::quota_spent,
                    fmt::format("the {} runs of the day of tenant {} are used up; the next day begins at {}",
                                quota.limit.value_or(0), request.tenant->key, format_rfc3339(quota.resets_at))};
  return problem_with(error, request, said, std::move(headers));
}

Result<Answer> answer_of(const Request& request, const queue::EnqueueAnswer& asked) {
  const auto& tenant = request.tenant->key;
  switch (asked.outcome) {
    case EnqueueOutcome::enqueued:
      return Answer{.status = 202, .body = {{"run_id", to_string(*asked.run)}, {"quota", quota_document(asked.quota)}}};
    case EnqueueOutcome::active:
      return fail(ErrorCode::conflict,
                  fmt::format("the pipeline has a run that is not over: {}", to_string(*asked.run)));
    case EnqueueOutcome::quota_spent: return quota_spent(request, asked.quota);
    case EnqueueOutcome::subscription_inactive:
      return fail(ErrorCode::subscription_inactive, fmt::format("the subscription of tenant {} is not active", tenant));
    case EnqueueOutcome::paused: return fail(ErrorCode::conflict, fmt::format("tenant {} is paused", tenant));
    case EnqueueOutcome::deleting: return fail(ErrorCode::conflict, fmt::format("tenant {} is being removed", tenant));
    case EnqueueOutcome::unknown_tenant:
      return fail(ErrorCode::not_found, fmt::format("there is no tenant '{}'", tenant));
    case EnqueueOutcome::unknown_pipeline: return fail(ErrorCode::not_found, "there is no such pipeline");
  }
  return fail(ErrorCode::internal, "unknown outcome");
}

Task<Result<Answer>> run(Services& services, Request request) {
  const auto pipeline =
      co_await scheduler::find_pipeline(services.database, request.tenant->id, request.path.at("pipeline"));
  if (!pipeline) co_return std::unexpected(pipeline.error());
  auto parameters = request.body.value("parameters", json::object());
  auto together = pipeline->data.parameters;
  together.update(parameters);
  const auto order = orchestrator::read_run_parameters(together, system_clock().now());
  if (!order) co_return std::unexpected(order.error());
  const auto named = orchestrator::read_run_parameters(parameters, system_clock().now());
  if (named)
    if (const auto known = co_await check_run_names(services, request.tenant->id, *named); !known)
      co_return std::unexpected(known.error());
  const queue::RunRequest wanted{.tenant = request.tenant->id,
                                 .pipeline = pipeline->id,
                                 .run_class = order->backfill ? queue::RunClass::backfill : queue::RunClass::manual,
                                 .priority = request.body.value("priority", pipeline->data.priority),
                                 .user = request.actor(),
                                 .parameters = std::move(parameters)};
  const auto asked = co_await services.queue.enqueue(wanted);
  if (asked.outcome == EnqueueOutcome::enqueued) services.bell.ring();
  co_return answer_of(request, asked);
}

Task<Result<Answer>> list_queue(Services& services, Request request) {
  const auto after = after_id(request);
  if (!after) co_return std::unexpected(after.error());
  queue::EntryFilter filter{.state = request.query_text("state"), .limit = page_rows(request)};
  if (request.tenant) filter.tenant = request.tenant->id;
  if (*after) filter.after = PipelineRunId(**after);
  auto items = json::array();
  for (auto& entry : co_await queue::list_entries(services.database, filter)) items.push_back(std::move(entry));
  co_return page_of(request, std::move(items), "pipeline_run_id");
}

Task<Result<Answer>> explain(Services& services, Request request) {
  const auto id = run_id_of(request);
  const bool is_operator = request.key && request.key->scope == tenancy::KeyScope::admin;
  const auto explained = co_await orchestrator::explain_any_run(
      services.database, request.tenant->id, id, is_operator ? queue::Audience::operators : queue::Audience::tenant);
  if (!explained) co_return fail(ErrorCode::not_found, fmt::format("there is no run {}", id.to_string()));
  co_return Answer{.body = *explained};
}

Route listing(std::string operation, std::string path, Access access) {
  return {.operation = std::move(operation),
          .method = "GET",
          .path = std::move(path),
          .access = access,
          .summary = "What waits in the queue or runs, oldest first",
          .query = page_parameters(
              {{"state", "Only those in this state", schema::word({"scheduled", "ready", "leased", "parked"})}}),
          .answers = {{200,
                       "A page",
                       schema::page("QueueEntry"),
                       {{"items",
                         {{{"pipeline_run_id", "0197a000-0000-7000-8000-000000000005"},
                           {"tenant_id", "0197a000-0000-7000-8000-000000000000"},
                           {"tenant_key", "acme"},
                           {"pipeline_id", "0197a000-0000-7000-8000-000000000004"},
                           {"pipeline", "nightly"},
                           {"class", "scheduled"},
                           {"state", "ready"},
                           {"needs_quota", true},
                           {"quota_day", nullptr},
                           {"was_parked", false},
                           {"priority", 0},
                           {"due_at", "2026-01-31T12:00:00Z"},
                           {"fire_at", "2026-01-31T12:00:00Z"},
                           {"queued_at", "2026-01-31T12:00:00Z"},
                           {"leased_at", nullptr},
                           {"attempt", 0},
                           {"interruptions", 0}}}},
                        {"next", nullptr}}}},
          .handler = list_queue};
}

}  // namespace

void add_pipeline_runs(Routes& routes) {
  const json quota = {{"limit", 100}, {"used", 41}, {"remaining", 59}, {"resets_at", "2026-02-01T00:00:00Z"}};
  routes.push_back(
      {.operation = "run_pipeline",
       .method = "POST",
       .path = "/api/v1/tenants/{tenant_id}/pipelines/{pipeline}/run",
       .access = Access::tenant_write,
       .summary = "Run a pipeline now; the answer says what is left of the day's quota, in X-Quota-Remaining too",
       .body = BodyRow{schema::object(
                           {{"parameters", schema::with(schema::map(schema::anything(), 50), "Over the pipeline's own"),
                             Need::optional},
                            {"priority", schema::integer(-10, 10), Need::optional}}),
                       {{"parameters", {{"scripts", {"github/issue"}}}}}},
       .answers = {{202,
                    "It is in the queue",
                    schema::ref("EnqueuedRun"),
                    {{"run_id", "0197a000-0000-7000-8000-000000000005"}, {"quota", quota}}}},
       .errors = {ErrorCode::quota_spent, ErrorCode::subscription_inactive},
       .handler = run,
       .headers = quota_headers});
  routes.push_back(listing("list_queue", "/api/v1/queue", Access::admin));
  routes.push_back(listing("list_tenant_queue", "/api/v1/tenants/{tenant_id}/queue", Access::tenant_read));
  routes.push_back({.operation = "explain_run",
                    .method = "GET",
                    .path = "/api/v1/tenants/{tenant_id}/runs/{run_id}/why",
                    .access = Access::tenant_read,
                    .summary = "Why a run or a pipeline run has not started or is not over, and when it should start",
                    .answers = {{200,
                                 "Every reason; what holds it longest comes last",
                                 schema::ref("Explanation"),
                                 {{"run", "0197a000-0000-7000-8000-000000000005"},
                                  {"kind", "pipeline_run"},
                                  {"tenant_id", "0197a000-0000-7000-8000-000000000000"},
                                  {"status", "IDLE"},
                                  {"reasons", {{{"code", "cap"}, {"text", "2 runs of the tenant run, and 2 may"}}}},
                                  {"expected_start", "2026-01-31T12:04:00Z"}}}},
                    .handler = explain});
}

}  // namespace weir::api

#include "api/routes.hpp"
#include "api/schema.hpp"
#include "orchestrator/worker.hpp"
#include "scheduler/upkeep.hpp"

namespace weir::api {
namespace {

using nlohmann::json;

constexpr int k_claim_max = 100, k_wait_max_s = 25;

Task<Result<Answer>> run_job(Services& services, std::string name) {
  auto result = co_await services.upkeep.run_now(name);
  if (!result) co_return std::unexpected(result.error());
  co_return Answer{.body = {{"job", std::move(name)}, {"result", std::move(*result)}}};
}

Task<Result<Answer>> trigger(Services& services, Request) { co_return co_await run_job(services, "trigger"); }
Task<Result<Answer>> reset_quotas(Services& services, Request) { co_return co_await run_job(services, "quotas"); }
Task<Result<Answer>> clean_up(Services& services, Request) { co_return co_await run_job(services, "orphans"); }

Task<Result<Answer>> process_queue(Services& services, Request request) {
  auto* worker = services.worker;
  auto runs = json::array();
  if (worker == nullptr) {
    services.bell.ring();
    co_return Answer{.status = 202, .body = {{"is_worker", false}, {"runs", std::move(runs)}}};
  }
  const auto deadline = Deadline::in(std::chrono::seconds(request.query_number("wait", 0)));
  for (const auto& id : co_await worker->claim(request.query_number("max", 1)))
    runs.push_back({{"run_id", to_string(id)}, {"is_over", false}});
  for (auto& run : runs) {
    const PipelineRunId id(Uuid::parse(run["run_id"].get<std::string>()).value_or(Uuid{}));
    const bool is_over = !deadline.is_over() && co_await worker->wait_for(id, deadline);
    run["is_over"] = is_over;
  }
  co_return Answer{.status = 202, .body = {{"is_worker", true}, {"runs", std::move(runs)}}};
}

Task<Result<Answer>> show_status(Services& services, Request) {
  auto waiting = json::array();
  for (const auto& depth : co_await services.queue.depth())
    waiting.push_back({{"class", queue::name_of(depth.run_class)},
                       {"state", depth.state},
                       {"entries", depth.entries},
                       {"oldest_due_at", depth.oldest_due ? json(format_rfc3339(*depth.oldest_due)) : json()}});
  auto jobs = json::array();
  for (const auto& job : co_await scheduler::list_jobs(services.database)) jobs.push_back(job);
  json worker;
  if (services.worker != nullptr)
    worker = {{"running", services.worker->running()}, {"free_slots", services.worker->free_slots()}};
  co_return Answer{.body = {{"queue", std::move(waiting)}, {"jobs", std::move(jobs)}, {"worker", std::move(worker)}}};
}

Route job_route(std::string operation, std::string path, std::string summary, json result, Handler handler) {
  return {
      .operation = std::move(operation),
      .method = "POST",
      .path = "/scheduler/" + path,
      .summary = std::move(summary),
      .answers = {{200, "What it did", schema::ref("JobResult"), {{"job", "trigger"}, {"result", std::move(result)}}}},
      .errors = {ErrorCode::conflict},
      .handler = handler};
}

}  // namespace

void add_scheduler(Routes& routes) {
  routes.push_back(job_route("scheduler_trigger", "trigger", "Enqueue what is due, as the built-in scheduler does",
                             {{"due", 3}, {"enqueued", 3}}, trigger));
  routes.push_back(
      {.operation = "scheduler_process_queue",
       .method = "POST",
       .path = "/scheduler/process-queue",
       .summary = "Claim runs and work them here; a process without a worker wakes those that have one",
       .query = {{"max", "At most so many (default 1)", schema::integer(1, k_claim_max)},
                 {"wait", "Answer when they are over, or after so many seconds (default 0)",
                  schema::integer(0, k_wait_max_s)}},
       .answers = {{202,
                    "Which were claimed",
                    schema::ref("ClaimedRuns"),
                    {{"is_worker", true},
                     {"runs", {{{"run_id", "0197a000-0000-7000-8000-000000000005"}, {"is_over", false}}}}}}},
       .errors = {ErrorCode::lease_lost},
       .handler = process_queue});
  routes.push_back(job_route("scheduler_reset_daily_quotas", "reset-daily-quotas",
                             "Archive the days that are over; a new day begins by itself", {{"archived", 12}},
                             reset_quotas));
  routes.push_back(job_route("scheduler_cleanup_orphaned_pipelines", "cleanup-orphaned-pipelines",
                             "Requeue the runs of nodes that are gone, and recount",
                             {{"requeued", 1}, {"differences", 0}}, clean_up));
  routes.push_back({.operation = "scheduler_status",
                    .method = "GET",
                    .path = "/scheduler/status",
                    .summary = "What waits and runs, and when the service's own jobs ran",
                    .answers = {{200,
                                 "`worker` null: this process has none",
                                 schema::ref("SchedulerStatus"),
                                 {{"queue",
                                   {{{"class", "scheduled"},
                                     {"state", "ready"},
                                     {"entries", 3},
                                     {"oldest_due_at", "2026-01-31T12:00:00Z"}}}},
                                  {"jobs", json::array()},
                                  {"worker", {{"running", 2}, {"free_slots", 2}}}}}},
                    .handler = show_status});
}

}  // namespace weir::api

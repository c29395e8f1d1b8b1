#include "api/runs.hpp"
#include "api/pages.hpp"
#include "api/routes.hpp"
#include "orchestrator/history.hpp"

namespace weir::api {
namespace {

using nlohmann::json;

const json k_run_example = {{"id", "0197a000-0000-7000-8000-000000000003"},
                            {"tenant_id", "0197a000-0000-7000-8000-000000000000"},
                            {"tenant", "acme"},
                            {"data_source", "github"},
                            {"script", "github/issue"},
                            {"pipeline_run_id", "0197a000-0000-7000-8000-000000000005"},
                            {"user_id", nullptr},
                            {"status", "COMPLETED"},
                            {"reason", nullptr},
                            {"error", nullptr},
                            {"node_id", "0197a000-0000-7000-8000-000000000006"},
                            {"epoch", 7},
                            {"started_at", "2026-01-31T12:00:00Z"},
                            {"completed_at", "2026-01-31T12:00:09Z"},
                            {"duration_ms", 9000},
                            {"records_imported", 120},
                            {"records_unchanged", 0},
                            {"records_deleted", 0},
                            {"records_failed", 0},
                            {"records_mended", 0},
                            {"requests", 3},
                            {"not_modified", 0},
                            {"points", 3},
                            {"bytes", 250000},
                            {"waited_ms", 0},
                            {"checkpoints", 1},
                            {"log_lines", 0},
                            {"log_dropped", 0}};

const json k_pipeline_run_example = {{"id", "0197a000-0000-7000-8000-000000000005"},
                                     {"tenant_id", "0197a000-0000-7000-8000-000000000000"},
                                     {"tenant", "acme"},
                                     {"pipeline_id", "0197a000-0000-7000-8000-000000000004"},
                                     {"pipeline", "nightly"},
                                     {"trigger", "schedule"},
                                     {"user_id", nullptr},
                                     {"fire_at", "2026-01-31T12:00:00Z"},
                                     {"status", "COMPLETED"},
                                     {"parameters", json::object()},
                                     {"node_id", "0197a000-0000-7000-8000-000000000006"},
                                     {"epoch", 7},
                                     {"queued_at", "2026-01-31T12:00:00Z"},
                                     {"started_at", "2026-01-31T12:00:00Z"},
                                     {"completed_at", "2026-01-31T12:00:09Z"},
                                     {"cancel_requested_at", nullptr},
                                     {"attempts", 0},
                                     {"interruptions", 0},
                                     {"missed", 0},
                                     {"summary", json::array()},
                                     {"reason", nullptr},
                                     {"error", nullptr}};

Task<Result<Answer>> list(Services& services, Request request) {
  const auto after = after_id(request);
  if (!after) co_return std::unexpected(after.error());
  orchestrator::RunFilter filter{.data_source = request.query_text("source"),
                                 .script = request.query_text("script"),
                                 .status = request.query_text("status"),
                                 .limit = page_rows(request),
                                 .after = *after};
  if (request.tenant) filter.tenant = request.tenant->id;
  auto items = co_await orchestrator::list_runs(services.database, filter);
  for (auto& item : items) hide_process(request, item);
  co_return page_of(request, std::move(items), "id");
}

Task<Result<Answer>> list_of_pipelines(Services& services, Request request) {
  const auto after = after_id(request);
  if (!after) co_return std::unexpected(after.error());
  orchestrator::PipelineRunFilter filter{.pipeline = request.query_text("pipeline"),
                                         .trigger = request.query_text("trigger"),
                                         .status = request.query_text("status"),
                                         .limit = page_rows(request),
                                         .after = *after};
  if (request.tenant) filter.tenant = request.tenant->id;
  auto items = co_await orchestrator::list_pipeline_runs(services.database, filter);
  for (auto& item : items) hide_process(request, item);
  co_return page_of(request, std::move(items), "id");
}

Task<Result<Answer>> show(Services& services, Request request) {
  auto run = co_await find_run(services, request);
  if (!run) co_return std::unexpected(run.error());
  hide_process(request, *run);
  co_return Answer{.body = std::move(*run)};
}

Task<Result<Answer>> cancel(Services& services, Request request) {
  const auto run = co_await find_run(services, request);
  if (!run) co_return std::unexpected(run.error());
  const auto cancelled = co_await orchestrator::cancel_run(services.database, request.actor(), run_id_of(request));
  if (!cancelled) co_return std::unexpected(cancelled.error());
  co_return Answer{.status = 202, .body = {{"id", request.path.at("run_id")}, {"status", "CANCELLED"}}};
}

Route listing(std::string operation, std::string path, Access access) {
  return {.operation = std::move(operation),
          .method = "GET",
          .path = std::move(path),
          .access = access,
          .summary = "List runs of scripts, newest first",
          .query = page_parameters({{"source", "Only this data source's", schema::name()},
                                    {"script", "Only this script's, provider/script", schema::text(1, 100)},
                                    {"status", "Only those in this state",
                                     schema::word({"RUNNING", "PARKED", "COMPLETED", "COMPLETED_WITH_GAPS", "FAILED",
                                                   "CANCELLED", "INTERRUPTED", "SKIPPED"})}}),
          .answers = {{200, "A page", schema::page("Run"), {{"items", {k_run_example}}, {"next", nullptr}}}},
          .handler = list};
}

Route listing_of_pipelines(std::string operation, std::string path, Access access) {
  return {.operation = std::move(operation),
          .method = "GET",
          .path = std::move(path),
          .access = access,
          .summary = "List pipeline runs, newest first, also those that wait, were skipped or found nothing new",
          .query = page_parameters({{"pipeline", "Only this pipeline's, by name", schema::name()},
                                    {"trigger", "Why they ran", schema::word({"manual", "schedule", "backfill"})},
                                    {"status", "Only those in this state",
                                     schema::word({"IDLE", "RUNNING", "PARKED", "COMPLETED", "COMPLETED_WITH_GAPS",
                                                   "FAILED", "CANCELLED", "INTERRUPTED", "SKIPPED"})}}),
          .answers =
              {{200, "A page", schema::page("PipelineRun"), {{"items", {k_pipeline_run_example}}, {"next", nullptr}}}},
          .handler = list_of_pipelines};
}

}  // namespace

void add_runs(Routes& routes) {
  const std::string base = "/api/v1/tenants/{tenant_id}/runs";
  routes.push_back(listing("list_runs", "/api/v1/runs", Access::admin));
  routes.push_back(listing("list_tenant_runs", base, Access::tenant_read));
  routes.push_back(listing_of_pipelines("list_pipeline_runs", "/api/v1/pipeline-runs", Access::admin));
  routes.push_back(listing_of_pipelines("list_tenant_pipeline_runs", "/api/v1/tenants/{tenant_id}/pipeline-runs",
                                        Access::tenant_read));
  auto detailed = k_run_example;
  detailed.update({{"kind", "run"}, {"ledger", json::array()}, {"gaps", json::array()}});
  routes.push_back({.operation = "show_run",
                    .method = "GET",
                    .path = base + "/{run_id}",
                    .access = Access::tenant_read,
                    .summary = "Show a run with its ledger and gaps, or a pipeline run with its runs",
                    .answers = {{200, "The run; `kind` says which", schema::ref("AnyRun"), detailed}},
                    .handler = show});
  routes.push_back({.operation = "cancel_run",
                    .method = "POST",
                    .path = base + "/{run_id}/cancel",
                    .access = Access::tenant_write,
                    .summary = "End a run or a pipeline run, within seconds; what it has committed stays",
                    .answers = {{202,
                                 "It ends",
                                 schema::open_object({{"id", schema::uuid()}, {"status", schema::text()}}),
                                 {{"id", "0197a000-0000-7000-8000-000000000003"}, {"status", "CANCELLED"}}}},
                    .errors = {ErrorCode::conflict},
                    .handler = cancel});
}

}  // namespace weir::api

// What happened: runs, pipeline runs and their log lines, as documents for the CLI and the API; and their end on
// demand.
#pragma once
#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include "base/asio.hpp"
#include "base/error.hpp"
#include "pg/database.hpp"
#include "tenancy/audit.hpp"

namespace weir::orchestrator {

struct RunFilter {
  std::optional<TenantId> tenant{};
  std::optional<std::string> data_source{}, script{}, status{};
  int limit = 20;
  std::optional<Uuid> after{};  // the last one of the page before
};

// Newest first; each with the key of its tenant as "tenant".
Task<nlohmann::json> list_runs(pg::Database& database, RunFilter filter);

struct PipelineRunFilter {
  std::optional<TenantId> tenant{};
  std::optional<std::string> pipeline{}, trigger{}, status{};  // the pipeline's name; manual, schedule, backfill
  int limit = 20;
  std::optional<Uuid> after{};
};
// Newest first, also those that wait, that were skipped, and that found nothing new.
Task<nlohmann::json> list_pipeline_runs(pg::Database& database, PipelineRunFilter filter);

// A run with its "ledger" and the script's "gaps", or a pipeline run with its "runs"; "kind" says which. not_found.
Task<Result<nlohmann::json>> describe_run(pg::Database& database, Uuid id);

// The lines of a run after line `after`, oldest first.
Task<nlohmann::json> list_log_lines(pg::Database& database, TenantId tenant, RunId run, int after);

// Takes the right from a run, or from every script of a pipeline run, and its place in the queue: what is in flight
// commits nothing more, and its node lets go within a second. not_found; conflict when it is over already.
Task<Result<>> cancel_run(pg::Database& database, tenancy::Actor actor, Uuid id);

}  // namespace weir::orchestrator

#include "orchestrator/script_why.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "orchestrator/sql.hpp"

namespace weir::orchestrator {
namespace {

using queue::Audience;
using queue::Explanation;
using queue::WaitReason;

bool was_open(const ScriptRunFacts& facts) { return facts.status == "RUNNING" || facts.status == "PARKED"; }

WaitReason state_of(const ScriptRunFacts& facts, Audience audience) {
  if (!was_open(facts)) return queue::over(facts.status, facts.reason, facts.error);
  if (!facts.is_last)
    return {"over",
            fmt::format("it is over: {}, and a later run of the script goes on where it stopped", facts.status)};
  if (facts.status == "PARKED") {
    if (!facts.wake_at) return {"parked", "it is parked"};
    return {"parked", fmt::format("it is parked until {}", format_rfc3339(*facts.wake_at)), facts.wake_at};
  }
  const auto node = queue::node_text(facts.node, audience);
  if (!facts.is_held)
    return {"node_gone",
            fmt::format("it ran on {}, which is gone; the next run goes on from its last checkpoint", node)};
  return {"running", fmt::format("it holds {} of data source {} and runs on {} since {}", facts.script.script,
                                 facts.script.data_source, node, format_rfc3339(facts.started_at.value_or(Instant{})))};
}

std::optional<WaitReason> lock(const ScriptRunFacts& facts, Audience audience) {
  if (facts.is_last || !facts.is_held || !facts.holder) return std::nullopt;
  return WaitReason{"lock",
                    fmt::format("run {} holds {} of data source {} now, on {}", facts.holder->to_string(),
                                facts.script.script, facts.script.data_source, queue::node_text(facts.node, audience))};
}

// What the queue says of the pipeline run; a run at work needs nothing of it.
void add_pipeline_run(Explanation& said, const Explanation& pipeline_run, bool is_at_work) {
  said.reasons.push_back({"pipeline_run", fmt::format("it is part of pipeline run {}, which is in the queue: {}",
                                                      pipeline_run.run.to_string(), pipeline_run.queue_state)});
  if (is_at_work) return;
  for (auto reason : pipeline_run.reasons) {
    reason.text = "its pipeline run: " + reason.text;
    said.reasons.push_back(std::move(reason));
  }
}

// A run that is over starts no more: what is expected is the next attempt of its pipeline run.
std::optional<Instant> expected_start(const ScriptRunFacts& facts, const Explanation* queued) {
  const auto wakes_at = facts.is_last && facts.status == "PARKED" ? facts.wake_at : std::nullopt;
  if (queued == nullptr || queued->queue_state == "leased") return wakes_at;
  if (!wakes_at || !queued->expected_start) return queued->expected_start;
  return std::max(*wakes_at, *queued->expected_start);
}

ScriptRunFacts read_facts(Uuid run, const pg::Row& row) {
  return {.run = run,
          .tenant = row.get<TenantId>("tenant_id"),
          .script = {.data_source = row.get<std::string>("data_source"),
                     .script = row.get<std::string>("script"),
                     .pipeline_run = row.get<std::optional<PipelineRunId>>("pipeline_run_id")},
          .status = row.get<std::string>("status"),
          .reason = row.get<std::optional<std::string>>("reason"),
          .error = row.get<std::optional<std::string>>("error"),
          .is_last = row.get<bool>("is_last"),
          .is_held = row.get<bool>("is_held"),
          .holder = row.get<std::optional<Uuid>>("holder"),
          .node = row.get<std::optional<std::string>>("node"),
          .started_at = row.get<std::optional<Instant>>("started_at"),
          .wake_at = row.get<std::optional<Instant>>("wake_at")};
}

}  // namespace

Explanation explain_script_run(const ScriptRunFacts& facts, const std::optional<Explanation>& pipeline_run,
                               Audience audience) {
  Explanation said{.run = facts.run, .tenant = facts.tenant, .status = facts.status, .script = facts.script};
  said.reasons.push_back(state_of(facts, audience));
  if (auto held = lock(facts, audience)) said.reasons.push_back(std::move(*held));
  const bool is_at_work = said.reasons.front().code == "running";
  const auto* queued = pipeline_run && !pipeline_run->queue_state.empty() ? &*pipeline_run : nullptr;
  if (queued != nullptr) add_pipeline_run(said, *queued, is_at_work);
  if (!is_at_work) said.expected_start = expected_start(facts, queued);
  return said;
}

Task<std::optional<Explanation>> explain_any_run(pg::Database& database, std::optional<TenantId> tenant, Uuid id,
                                                 Audience audience) {
  auto pipeline_run = co_await queue::explain_run(database, PipelineRunId(id), audience);
  if (pipeline_run && tenant && pipeline_run->tenant != *tenant) co_return std::nullopt;
  if (pipeline_run) co_return pipeline_run;
  const auto scope = tenant ? pg::Scope::tenant(*tenant) : pg::Scope::control();
  const auto rows = co_await database.query(scope, sql::find_script_run, pg::Params(id));
  if (rows.empty()) co_return std::nullopt;
  const auto facts = read_facts(id, rows.one());
  if (facts.script.pipeline_run)
    pipeline_run = co_await queue::explain_run(database, *facts.script.pipeline_run, audience);
  co_return explain_script_run(facts, pipeline_run, audience);
}

}  // namespace weir::orchestrator

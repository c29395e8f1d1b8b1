// The end of a pipeline run: what became of each script, and its rows.
#include <set>

#include <fmt/format.h>

#include "orchestrator/pipeline_run.hpp"
#include "orchestrator/sql.hpp"

namespace weir::orchestrator {
namespace {

nlohmann::json to_document(const ScriptOutcome& script) {
  nlohmann::json document{{"data_source", script.id.data_source},
                          {"script", script.id.script},
                          {"status", script.status},
                          {"records_imported", script.counts.imported},
                          {"records_unchanged", script.counts.unchanged},
                          {"records_deleted", script.counts.deleted},
                          {"records_failed", script.counts.failed},
                          {"requests", script.counts.requests}};
  if (!script.reason.empty()) document["reason"] = script.reason;
  if (script.run) document["run"] = to_string(*script.run);
  if (script.wake_at) document["wake_at"] = format_rfc3339(*script.wake_at);
  return document;
}

bool any(const std::vector<ScriptOutcome>& outcomes, std::string_view status) {
  return std::ranges::any_of(outcomes, [&](const ScriptOutcome& outcome) { return outcome.status == status; });
}

}  // namespace

void to_json(nlohmann::json& json, const PipelineResult& result) {
  json = {{"id", result.id ? nlohmann::json(to_string(*result.id)) : nlohmann::json()},
          {"tenant", result.tenant_key},
          {"status", result.status},
          {"scripts", nlohmann::json::array()},
          {"notices", result.notices}};
  for (const auto& script : result.scripts) json["scripts"].push_back(to_document(script));
}

ScriptOutcome PipelineRun::outcome_of(std::size_t index) const {
  const auto& script = *scripts_[index];
  ScriptOutcome outcome{.id = script.progress.id, .status = script.progress.state, .reason = script.progress.doing};
  if (script.result) {
    outcome.run = script.result->run;
    outcome.counts = script.result->counts;
  }
  switch (schedule_->state(index)) {
    case NodeState::done: outcome.reason.clear(); break;
    case NodeState::parked: outcome.wake_at = script.wake_at; break;
    case NodeState::waiting:
      outcome.status = "SKIPPED";
      outcome.reason = "it waits for a script that is parked";
      break;
    default:
      outcome.reason = schedule_->reason(index);
      if (!script.result) outcome.status = schedule_->state(index) == NodeState::failed ? "FAILED" : "SKIPPED";
  }
  return outcome;
}

std::string PipelineRun::status_of(const std::vector<ScriptOutcome>& outcomes) const {
  if (cancelled_) return "CANCELLED";
  for (const auto* status : {"FAILED", "CANCELLED", "INTERRUPTED", "PARKED", "COMPLETED_WITH_GAPS"})
    if (any(outcomes, status)) return status;
  return stopped_ ? "INTERRUPTED" : "COMPLETED";
}

// In the tenant's scope: history of what did not run, and the sources that are in sync.
std::vector<pg::Command> PipelineRun::endings(const std::vector<ScriptOutcome>& outcomes) const {
  std::vector<pg::Command> commands;
  std::set<std::string> in_sync, not_in_sync;
  for (const auto& outcome : outcomes) {
    const auto& [source, script] = outcome.id;
    if (!outcome.run && (outcome.status == "SKIPPED" || outcome.status == "FAILED"))
      commands.push_back(
          {sql::insert_skipped_run, pg::Params(tenant_.id, source, script, result_.id, request_.user, outcome.reason)});
    const bool is_good = outcome.status.starts_with("COMPLETED");
    (is_good ? in_sync : not_in_sync).insert(source);
  }
  for (const auto& source : in_sync)
    if (!not_in_sync.contains(source) && request_.scripts.empty())
      commands.push_back({sql::touch_last_sync, pg::Params(tenant_.id, source)});
  return commands;
}

Task<> PipelineRun::finish() {
  for (std::size_t i = 0; i < scripts_.size(); ++i) result_.scripts.push_back(outcome_of(i));
  result_.status = status_of(result_.scripts);
  auto commands = endings(result_.scripts);
  if (!commands.empty()) co_await services_.database.batch(pg::Scope::tenant(tenant_.id), std::move(commands));
  const nlohmann::json document = result_;
  co_await services_.database.query(
      pg::Scope::control(), sql::finish_pipeline_run,
      pg::Params(*result_.id, result_.status, document.at("scripts"), cancelled_ ? cancelled_ : stopped_));
}

}  // namespace weir::orchestrator

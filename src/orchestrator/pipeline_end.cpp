// The end of a pipeline run: what became of each script, in words, in the database and as JSON.
#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/log.hpp"
#include "load/json_param.hpp"
#include "load/text.hpp"
#include "orchestrator/insist.hpp"
#include "orchestrator/pipeline_run.hpp"
#include "orchestrator/sql.hpp"
#include "orchestrator/tenant_scripts.hpp"

namespace weir::orchestrator {
namespace {

using nlohmann::json;

constexpr auto k_write_patience = 15s;

bool has_status(const std::vector<ScriptReport>& reports, std::string_view status) {
  return std::ranges::any_of(reports, [&](const ScriptReport& report) { return report.status == status; });
}

}  // namespace

void to_json(json& out, const ScriptReport& report) {
  const auto& counts = report.counts;
  out = {{"data_source", report.id.data_source},
         {"script", report.id.script},
         {"status", report.status},
         {"records_imported", counts.imported},
         {"records_unchanged", counts.unchanged},
         {"records_deleted", counts.deleted},
         {"records_failed", counts.failed},
         {"requests", counts.requests},
         {"not_modified", counts.not_modified},
         {"points", counts.points},
         {"bytes", counts.bytes},
         {"waited_ms", counts.waited_ms},
         {"duration_ms", report.duration.count()}};
  if (!report.reason.empty()) out["reason"] = report.reason;
  if (report.run) out["run"] = to_string(*report.run);
  if (report.wake_at) out["wake_at"] = format_rfc3339(*report.wake_at);
}

void to_json(json& out, const PipelineReport& report) {
  out = {{"id", report.id ? json(to_string(*report.id)) : json()},
         {"tenant", report.tenant_key},
         {"status", report.status},
         {"scripts", report.scripts}};
  if (report.error) out["error"] = *report.error;
}

Task<> PipelineRun::finish() {
  for (std::size_t i = 0; i < schedule_->size(); ++i) {
    if (const auto found = reports_.find(i); found != reports_.end()) {
      report_.scripts.push_back(found->second);
      continue;
    }
    ScriptReport report{.id = schedule_->node(i).id, .status = "SKIPPED"};
    if (schedule_->state(i) == NodeState::failed) report.status = "FAILED";
    report.reason = schedule_->reason(i);
    report_.scripts.push_back(report);
    set_state(i, report.status, report.reason);
  }
  report_what_did_not_run();
  report_.status = overall_status();
  co_await insist([this] { return write_history(); }, k_write_patience);
  co_await insist([this] { return write_status(); }, k_write_patience);
}

// Sources that cannot be claimed at all, and scripts whose file is broken, are no nodes of the graph.
void PipelineRun::report_what_did_not_run() {
  for (const auto& source : sources_) {
    if (!request_.selection.takes_source(source.name)) continue;
    const bool is_named = !request_.selection.sources.empty();
    const auto obstacle = obstacle_of(source, catalog_);
    if (obstacle && (source.is_enabled || is_named))
      report_.scripts.push_back(
          {.id = {source.name, source.provider + "/*"}, .status = "SKIPPED", .reason = *obstacle});
    if (obstacle) continue;
    for (const auto& problem : catalog_.problems()) {
      const ScriptId id{source.name, fmt::format("{}/{}", problem.provider, problem.script)};
      if (!problem.is_disabling || problem.provider != source.provider || problem.script.empty()) continue;
      if (!request_.selection.takes(id)) continue;
      report_.scripts.push_back(
          {.id = id, .status = "FAILED", .reason = "its file is broken and was not loaded; see `weir plugins check`"});
    }
  }
}

std::string PipelineRun::overall_status() const {
  const auto& scripts = report_.scripts;
  if (ending_ == SkipCode::cancelled) return "CANCELLED";
  if (ending_ || report_.error) return "INTERRUPTED";
  for (const std::string status : {"FAILED", "INTERRUPTED", "PARKED", "COMPLETED_WITH_GAPS"})
    if (has_status(scripts, status)) return status;
  return "COMPLETED";
}

// Those whose every script finished in this run.
std::vector<std::string> PipelineRun::synced_sources() const {
  std::set<std::string> synced;
  for (const auto& script : scripts_) synced.insert(script.id.data_source);
  for (const auto& script : scripts_)
    if (!script.is_in_run) synced.erase(script.id.data_source);
  for (const auto& report : report_.scripts)
    if (!report.status.starts_with("COMPLETED")) synced.erase(report.id.data_source);
  return {synced.begin(), synced.end()};
}

Task<> PipelineRun::write_history() {
  std::vector<pg::Command> history;
  for (const auto& report : report_.scripts)
    if (!report.run && report.status != "PARKED")
      history.push_back(
          {sql::record_unrun, pg::Params(request_.tenant.id, report.id.data_source, report.id.script, *report_.id,
                                         request_.user, report.status, load::mended_text(report.reason))});
  pg::Params synced(request_.tenant.id);
  synced.add_array(synced_sources());
  history.push_back({sql::mark_synced, std::move(synced)});
  co_await services_.database.batch(pg::Scope::tenant(request_.tenant.id), std::move(history));
}

// Reasons may repeat a provider's words, which may hold what PostgreSQL refuses.
Task<> PipelineRun::write_status() {
  pg::Params params(*report_.id, report_.status);
  load::add_json(params, json(report_.scripts));
  params.add(report_.error ? std::optional(load::mended_text(report_.error->message)) : std::nullopt);
  co_await services_.database.query(pg::Scope::control(), sql::end_pipeline_run, std::move(params));
}

}  // namespace weir::orchestrator

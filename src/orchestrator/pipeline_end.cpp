// The end of a pipeline run: what became of each script, in words and in the database.
#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "load/text.hpp"
#include "orchestrator/insist.hpp"
#include "orchestrator/pipeline_run.hpp"
#include "orchestrator/sql.hpp"
#include "orchestrator/tenant_scripts.hpp"

namespace weir::orchestrator {
namespace {

constexpr auto k_write_patience = 15s;

}  // namespace

Task<> PipelineRun::finish() {
  for (std::size_t i = 0; i < schedule_->size(); ++i) report_.scripts.push_back(report_of(i));
  carry_what_is_gone();
  report_.scripts.insert(report_.scripts.end(), request_.refused.begin(), request_.refused.end());
  report_what_did_not_run();
  report_.status = overall_status();
  if (!is_lost_) co_await insist([this] { return write_history(); }, k_write_patience);
  co_await insist([this] { return record_.end(report_, was_stopped_ && !report_.error); }, k_write_patience);
}

ScriptReport PipelineRun::report_of(std::size_t i) {
  const auto& id = schedule_->node(i).id;
  const auto* earlier = earlier_of(id);
  if (earlier != nullptr && settled_.contains(id)) return *earlier;
  ScriptReport report{.id = id, .status = "SKIPPED", .reason = schedule_->reason(i)};
  if (const auto found = reports_.find(i); found != reports_.end()) {
    report = found->second;
  } else {
    if (schedule_->state(i) == NodeState::failed)
      report.status = "FAILED";
    else
      report.skipped = schedule_->skip_code(i);
    set_state(i, report.status, report.reason);
  }
  if (earlier != nullptr) {
    load::add_counts(report.counts, earlier->counts);
    report.duration += earlier->duration;
  }
  return report;
}

// What an earlier part did for a script that is no longer there stays in the summary.
void PipelineRun::carry_what_is_gone() {
  for (const auto& earlier : request_.earlier) {
    const auto is_it = [&](const GraphScript& script) { return script.id == earlier.id && script.is_in_run; };
    if (!earlier.status.starts_with("COMPLETED") || std::ranges::any_of(scripts_, is_it)) continue;
    settled_.insert(earlier.id);
    report_.scripts.push_back(earlier);
  }
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
  for (const std::string status : {"FAILED", "INTERRUPTED", "PARKED", "CANCELLED", "COMPLETED_WITH_GAPS"})
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
  for (const auto& report : report_.scripts) {
    const bool is_to_come = report.skipped == SkipCode::parked && record_.goes_on_after_park();
    if (report.run || report.status == "PARKED" || is_to_come || settled_.contains(report.id)) continue;
    history.push_back(
        {sql::record_unrun, pg::Params(request_.tenant.id, report.id.data_source, report.id.script, *report_.id,
                                       request_.user, report.status, load::mended_text(report.reason))});
  }
  pg::Params synced(request_.tenant.id);
  synced.add_array(synced_sources());
  history.push_back({sql::mark_synced, std::move(synced)});
  co_await services_.database.batch(pg::Scope::tenant(request_.tenant.id), std::move(history));
}

}  // namespace weir::orchestrator

// One pipeline run: the graph of one tenant's scripts, worked from its first ready script to the end.
//
//   run()  ->  the tenant's sources and scripts become a graph (tenant_scripts.hpp, graph.hpp)
//          ->  ready scripts are claimed (claim.hpp) and run (script_run.hpp), up to the tenant's limit
//          ->  each end decides what may run next (schedule.hpp)
//          ->  the summary is kept in weir.scheduled_pipeline_runs
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/task_group.hpp"
#include "base/wakeup.hpp"
#include "orchestrator/schedule.hpp"
#include "orchestrator/script_run.hpp"
#include "orchestrator/selection.hpp"
#include "plugin/catalog.hpp"
#include "tenancy/data_source.hpp"
#include "tenancy/tenant.hpp"

namespace weir::orchestrator {

struct PipelineRequest {
  tenancy::Tenant tenant;
  Selection selection{};
  std::optional<std::string> user{};
  std::chrono::milliseconds wait_limits{0};  // each parked script is waited for up to this
};

struct ScriptReport {
  ScriptId id;
  std::string status;  // of the run; SKIPPED, FAILED without a run
  std::string reason{};
  std::optional<RunId> run{};
  std::optional<Instant> wake_at{};
  load::RunCounts counts{};
  std::chrono::milliseconds duration{0};
};

struct PipelineReport {
  std::string tenant_key;
  std::optional<PipelineRunId> id{};
  std::string status = "INTERRUPTED";
  std::vector<ScriptReport> scripts{};
  std::optional<Error> error{};  // of the environment: it could not be worked to its end
};

void to_json(nlohmann::json& json, const ScriptReport& report);
void to_json(nlohmann::json& json, const PipelineReport& report);

class PipelineRun {
 public:
  PipelineRun(RunServices& services, const plugin::PluginCatalog& catalog, PipelineRequest request,
              ProgressListener* listener = nullptr);

  // Once; it always returns. Not to be cancelled: stop() or end() it.
  Task<PipelineReport> run();
  // Nothing new starts; what runs finishes its page.
  void stop();
  // At once.
  void end(RunStatus status, Error reason);

 private:
  struct Running {
    ScriptProgress progress;
    ScriptRun* run = nullptr;              // while it is claimed
    std::chrono::milliseconds patience{};  // left for parks
    std::optional<Instant> wake_at{};      // while it is parked
  };

  Task<> work();
  Task<> begin();
  Task<> drive();
  Task<> wait_for_change();
  Task<> run_script(std::size_t i);
  Task<> attempt_script(std::size_t i);
  Task<bool> run_claimed(std::size_t i, Claim claim, bool may_try_again);
  Task<Claim> claim(std::size_t i);
  Task<bool> adopt();
  Task<bool> has_priority_over_holder(std::size_t i, const Claim& claim);
  void refuse(std::size_t i, const Claim& claim);
  void settle(std::size_t i, const RunResult& result);
  void park(std::size_t i, std::optional<Instant> wake_at, const std::string& reason);
  void wake_parked();
  void give_up_parked();
  void fail_environment(const Error& error);
  void set_state(std::size_t i, std::string state, std::string doing);
  Task<> finish();
  Task<> write_history();
  Task<> write_status();
  void report_what_did_not_run();
  std::string overall_status() const;
  std::vector<std::string> synced_sources() const;

  RunServices& services_;
  const plugin::PluginCatalog& catalog_;
  PipelineRequest request_;
  ProgressListener* listener_;
  std::vector<tenancy::DataSource> sources_;
  std::vector<GraphScript> scripts_;
  std::optional<Schedule> schedule_;
  std::vector<Running> running_;
  std::map<std::size_t, ScriptReport> reports_;  // of scripts that ran
  PipelineReport report_;
  std::optional<SkipCode> ending_;  // nothing new starts
  std::string ending_reason_;
  int in_flight_ = 0;
  Wakeup changed_;
  TaskGroup tasks_;  // last: what it owns uses all of the above
};

}  // namespace weir::orchestrator

// One pipeline run: the graph of one tenant's scripts, worked from its first ready script to the end.
//
//   run()  ->  the tenant's sources and scripts become a graph (tenant_scripts.hpp, graph.hpp)
//          ->  ready scripts are claimed (claim.hpp) and run (script_run.hpp), up to the tenant's limit
//          ->  each end decides what may run next (schedule.hpp)
//          ->  the summary is kept in weir.scheduled_pipeline_runs (pipeline_record.hpp)
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/task_group.hpp"
#include "base/wakeup.hpp"
#include "orchestrator/pipeline_record.hpp"
#include "orchestrator/pipeline_report.hpp"
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
  std::vector<ScriptReport> earlier{};       // of earlier parts of the same run: what is settled there is not run again
  std::vector<ScriptReport> refused{};       // what was asked for and cannot be: reported as it is
};

class PipelineRun {
 public:
  // A manual run of this process's own.
  PipelineRun(RunServices& services, const plugin::PluginCatalog& catalog, PipelineRequest request,
              ProgressListener* listener = nullptr);
  // One that is kept elsewhere. `record` outlives this object.
  PipelineRun(RunServices& services, const plugin::PluginCatalog& catalog, PipelineRequest request,
              PipelineRecord& record, ProgressListener* listener = nullptr);

  // Once; it always returns. Not to be cancelled: stop() or end() it.
  Task<PipelineReport> run();
  // Nothing new starts; what runs finishes its page.
  void stop();
  // At once. lease_lost: nothing more is written.
  void end(RunStatus status, Error reason);

 private:
  struct Running {
    ScriptProgress progress;
    ScriptRun* run = nullptr;              // while it is claimed
    std::chrono::milliseconds patience{};  // left for parks
    std::optional<Instant> wake_at{};      // while it is parked
  };

  PipelineRun(RunServices& services, const plugin::PluginCatalog& catalog, PipelineRequest request,
              std::unique_ptr<PipelineRecord> own, PipelineRecord* record, ProgressListener* listener);
  Task<> begin();
  void settle_earlier();
  const ScriptReport* earlier_of(const ScriptId& id) const;
  Task<> drive();
  Task<> wait_for_change();
  Task<> run_script(std::size_t i);
  Task<> attempt_script(std::size_t i);
  Task<bool> run_claimed(std::size_t i, Claim claim, bool may_try_again);
  Task<Claim> claim(std::size_t i);
  Task<Result<>> adopt();
  Task<bool> has_priority_over_holder(std::size_t i, const Claim& claim);
  void refuse(std::size_t i, const Claim& claim);
  void settle(std::size_t i, const RunResult& result);
  void park(std::size_t i, std::optional<Instant> wake_at, const std::string& reason);
  void wake_parked();
  void give_up_parked();
  void start_nothing_more();
  void fail_environment(const Error& error);
  void set_state(std::size_t i, std::string state, std::string doing);
  Task<> finish();
  ScriptReport report_of(std::size_t i);
  void carry_what_is_gone();
  Task<> write_history();
  void report_what_did_not_run();
  std::string overall_status() const;
  std::vector<std::string> synced_sources() const;

  RunServices& services_;
  const plugin::PluginCatalog& catalog_;
  PipelineRequest request_;
  std::unique_ptr<PipelineRecord> own_record_;  // null: it is kept elsewhere
  PipelineRecord& record_;
  ProgressListener* listener_;
  std::vector<tenancy::DataSource> sources_;
  std::vector<GraphScript> scripts_;
  std::optional<Schedule> schedule_;
  std::vector<Running> running_;
  std::map<std::size_t, ScriptReport> reports_;  // of scripts that ran
  std::set<ScriptId> settled_;                   // earlier, or refused: in the history already
  PipelineReport report_;
  std::optional<SkipCode> ending_;  // nothing new starts
  std::string ending_reason_;
  bool was_stopped_ = false;  // in order
  bool is_lost_ = false;      // it is somebody else's now
  int in_flight_ = 0;
  Wakeup changed_;
  TaskGroup tasks_;  // last: what it owns uses all of the above
};

}  // namespace weir::orchestrator

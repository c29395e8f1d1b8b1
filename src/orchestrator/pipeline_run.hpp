// One execution of a tenant's script graph, from its row in scheduled_pipeline_runs to its end.
//
//   PipelineRun run(services, catalog, tenant, request, listener);
//   const auto result = co_await run.run();
//
// Scripts that are ready run in parallel, up to the tenant's limit; what one of them lacks, loses or breaks skips only
// what waits for it. All on one executor.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/task_group.hpp"
#include "base/wakeup.hpp"
#include "orchestrator/claim.hpp"
#include "orchestrator/run_services.hpp"
#include "orchestrator/schedule.hpp"
#include "orchestrator/script_progress.hpp"
#include "orchestrator/script_run.hpp"
#include "plugin/catalog.hpp"
#include "tenancy/data_source.hpp"
#include "tenancy/tenant.hpp"

namespace weir::orchestrator {

struct PipelineRequest {
  std::vector<std::string> sources{};   // empty: all of the tenant's
  std::vector<std::string> scripts{};   // <provider>/<script>; empty: all
  bool with_dependencies = false;       // also what those scripts need
  std::chrono::seconds wait_limits{0};  // how long parked scripts are waited for
  std::optional<std::string> user{};
};

struct ScriptOutcome {
  ScriptId id;
  std::string status;  // of the run, or SKIPPED
  std::string reason{};
  std::optional<RunId> run{};
  std::optional<Instant> wake_at{};
  load::RunCounts counts{};
};

struct PipelineResult {
  std::optional<PipelineRunId> id{};  // none: there was nothing to run
  std::string tenant_key;
  std::string status;
  std::vector<ScriptOutcome> scripts{};
  std::vector<std::string> notices{};  // sources that cannot run, and why
};

void to_json(nlohmann::json& json, const PipelineResult& result);

class PipelineRun {
 public:
  PipelineRun(RunServices& services, const plugin::PluginCatalog& catalog, tenancy::Tenant tenant,
              PipelineRequest request, ProgressListener* listener);
  ~PipelineRun();

  // Once. invalid_input when the request names a source or script that the tenant does not have.
  Task<Result<PipelineResult>> run();
  // Nothing new starts, pages in flight are finished, the rest is released.
  void stop(const std::string& reason);
  // The same at once, as CANCELLED.
  void cancel(const std::string& reason);

 private:
  Task<Result<>> prepare();
  Result<> select(std::vector<GraphScript>& scripts, const std::vector<tenancy::DataSource>& sources) const;
  Task<> work();
  void start_ready();
  Task<bool> wait_for_parked(Deadline patience);
  Task<> run_script(std::size_t index);
  Task<> attempt(std::size_t index);
  Task<> run_claimed(std::size_t index, Claim claim);
  void take_refusal(std::size_t index, const Claim& claim);
  void take_result(std::size_t index, const RunResult& result);
  void park(std::size_t index, std::optional<Instant> wake_at, std::string reason);
  void set_state(std::size_t index, std::string state, std::string doing);
  Task<> finish();
  ScriptOutcome outcome_of(std::size_t index) const;
  std::string status_of(const std::vector<ScriptOutcome>& outcomes) const;
  std::vector<pg::Command> endings(const std::vector<ScriptOutcome>& outcomes) const;

  struct Script {
    ScriptProgress progress;
    std::optional<RunResult> result{};
    std::optional<Instant> wake_at{};
    ScriptRun* running = nullptr;
    int interruptions = 0;
    bool is_counted = false;  // it takes one of the tenant's places
  };

  RunServices& services_;
  const plugin::PluginCatalog& catalog_;
  tenancy::Tenant tenant_;
  PipelineRequest request_;
  ProgressListener* listener_;
  PipelineResult result_{};
  std::map<std::string, std::string> provider_of_{};  // of a data source
  std::optional<Schedule> schedule_{};
  std::vector<std::unique_ptr<Script>> scripts_{};
  int places_taken_ = 0;
  std::optional<std::string> stopped_{}, cancelled_{};
  Wakeup changed_;
  TaskGroup group_;  // last: what it owns uses all of the above
};

}  // namespace weir::orchestrator

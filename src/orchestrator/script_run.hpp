// One claimed run of one script, from its environment to its final status.
//
//   run()  ->  open the environment, start the script, list the partitions
//          ->  collect them, a few in turns (partition_collector.hpp)
//          ->  judge (run_tally.hpp) and write the end under the fence
#pragma once
#include <memory>
#include <optional>
#include <vector>

#include "base/task_group.hpp"
#include "orchestrator/parent_tables.hpp"
#include "orchestrator/partition_collector.hpp"
#include "orchestrator/run_state.hpp"

namespace weir::orchestrator {

struct RunResult {
  RunStatus status = RunStatus::failed;
  RunId run{};
  std::optional<Error> error{};  // of FAILED; the reason of CANCELLED, INTERRUPTED and PARKED
  std::optional<Instant> wake_at{};
  bool may_try_again = false;                       // interrupted by the environment
  int partitions_failed = 0;                        // after all their attempts
  std::vector<std::string> partitions_collected{};  // of a backfill: those whose rows are committed
  load::RunCounts counts{};
};

class ScriptRun {
 public:
  ScriptRun(RunServices& services, ScriptTask task, Claim claim, ScriptProgress& progress,
            ProgressListener* listener = nullptr);

  // Once; it always returns. Not to be cancelled: stop() or end() it.
  Task<RunResult> run();

  // The pages in flight are finished, then the run ends as INTERRUPTED; at once when that takes longer than the grace.
  void stop();
  // At once.
  void end(RunStatus status, Error reason);

 private:
  Task<> guarded(Task<> part);
  Task<> work();
  Task<> open_environment();
  Task<std::vector<plugin::Partition>> list_partitions();
  Task<> supervise();
  Task<> commit_rest();
  Task<> stop_source();
  Task<> write_end(RunVerdict verdict);
  Task<> explain_loss();
  void spawn(std::string name, Task<> part);

  RunState state_;
  tenancy::Environment environment_;
  ParentTables parents_;
  std::unique_ptr<plugin::ScriptRun> script_;
  std::optional<PartitionCollector> collector_;
  int parts_ = 0;   // of the work, that have not ended
  TaskGroup work_;  // last: what it owns uses all of the above
};

}  // namespace weir::orchestrator

// Collects the partitions of one run: each its own pass, with its own attempts, gaps and end. One partition's failure
// touches no other.
#pragma once
#include <vector>

#include "base/random.hpp"
#include "orchestrator/run_state.hpp"

namespace weir::orchestrator {

class PartitionCollector {
 public:
  PartitionCollector(RunState& run, plugin::ScriptRun& script, std::vector<plugin::Partition> partitions);

  // Takes the next partition until none is left or the run ends. Several of these may run in turns.
  Task<> work();

 private:
  Task<> collect(const plugin::Partition& partition);
  Task<> collect_pass(PartitionPass& pass);
  Task<Result<>> attempt(PartitionPass& pass);
  // False: the listing must begin again.
  Task<bool> complete(PartitionPass& pass);
  // Those of the script whose rows can be told to be of the partition.
  std::vector<std::string> listed_resources(const plugin::Partition& partition) const;
  void note_plan(const PartitionPlan& plan);
  void mark_unreachable(PartitionPass& pass, const Error& error);
  void give_up(PartitionPass& pass, const Error& error);

  RunState& run_;
  plugin::ScriptRun& script_;
  std::vector<plugin::Partition> partitions_;
  std::size_t next_ = 0;
  Random random_ = Random::from_system();
  bool has_noted_change_ = false;
};

}  // namespace weir::orchestrator

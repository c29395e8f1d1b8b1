// Collects the partitions of one run: each its own pass, with its own attempts, gaps and end. One partition's failure
// touches no other.
#pragma once
#include <map>
#include <vector>

#include "base/deadline.hpp"
#include "base/random.hpp"
#include "orchestrator/run_state.hpp"

namespace weir::orchestrator {

class PartitionCollector {
 public:
  PartitionCollector(RunState& run, plugin::ScriptRun& script, std::vector<plugin::Partition> partitions);

  // Takes the next partition until none is left or the run ends. Several of these may run in turns.
  Task<> work();

 private:
  // What is kept of partitions_[place]. Where partitions are through in no time, since little is new, it is read for
  // more and more of them at once; what was read longer ago than a moment is read anew.
  Task<PartitionCursor> read_cursor(std::size_t place);
  Task<> collect(const plugin::Partition& partition, PartitionCursor cursor);
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
  std::map<std::size_t, PartitionCursor> cursors_ahead_;  // by place
  Deadline ahead_until_ = Deadline::in(0s);
  std::size_t cursors_at_once_ = 1;
  Random random_ = Random::from_system();
  bool has_noted_change_ = false;
};

}  // namespace weir::orchestrator

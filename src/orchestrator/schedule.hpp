// What of a graph may run now, and what became of the rest. Pure: the pipeline run asks, acts, and reports back.
//
//   Schedule schedule(build_graph(...));
//   while (!schedule.is_settled()) { start all of schedule.ready(); on an end: schedule.done(i), .fail(i), .skip(i, …)
//   }
//
// A failed or skipped script skips everything that waits for it, with the reason; nothing else is touched.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "orchestrator/graph.hpp"

namespace weir::orchestrator {

enum class NodeState { waiting, running, parked, done, failed, skipped };

// Why a script did not run; `held` and `parked` are inherited by what waits for it.
enum class SkipCode { not_configured, ancestor, held, parked, disabled, paused, needs_credentials, cancelled, stopped };
std::string_view name_of(SkipCode code);
std::optional<SkipCode> skip_code_of(std::string_view name);  // nullopt: no such name

class Schedule {
 public:
  // Scripts that cannot run are failed or skipped at once.
  explicit Schedule(std::vector<GraphNode> nodes);

  std::size_t size() const { return nodes_.size(); }
  const GraphNode& node(std::size_t i) const { return nodes_[i]; }
  NodeState state(std::size_t i) const { return states_[i].state; }
  SkipCode skip_code(std::size_t i) const { return states_[i].code; }  // of a skipped one
  const std::string& reason(std::size_t i) const { return states_[i].reason; }

  // Scripts whose every dependency is done, longest remaining path first, then by name.
  std::vector<std::size_t> ready() const;
  // What a waiting script still waits for.
  std::vector<std::size_t> open_dependencies(std::size_t i) const;

  void start(std::size_t i);                     // waiting → running
  void put_back(std::size_t i);                  // running → waiting: no slot, or interrupted and tried again
  void park(std::size_t i);                      // running → parked; what waits for it goes on waiting
  void wake(std::size_t i);                      // parked → waiting
  void done(std::size_t i);                      // also with gaps
  void fail(std::size_t i, std::string reason);  // waiting, running
  void skip(std::size_t i, SkipCode code, std::string reason);  // waiting, running, parked
  // What has not started is skipped: the run was cancelled, or stops.
  void skip_waiting(SkipCode code, const std::string& reason);

  // Nothing runs and nothing is ready; what still waits waits for parked scripts.
  bool is_settled() const;
  bool is_over() const;  // no script waits, runs or is parked

 private:
  struct State {
    NodeState state = NodeState::waiting;
    SkipCode code = SkipCode::ancestor;
    std::string reason;
  };
  bool is_ready(std::size_t i) const;
  void skip_dependents(std::size_t i, SkipCode code, const std::string& reason);

  std::vector<GraphNode> nodes_;
  std::vector<State> states_;
};

}  // namespace weir::orchestrator

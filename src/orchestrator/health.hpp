// What `weir doctor` says about nodes and the runs they hold. read_… asks, judge_… is pure.
#pragma once
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "base/finding.hpp"
#include "base/strong_id.hpp"
#include "pg/blocking_session.hpp"
#include "pg/roles.hpp"

namespace weir::orchestrator {

struct NodeHealth {
  Epoch epoch{};
  std::string hostname{};
  int pid = 0;
  bool is_lease_over = false;
  bool is_lock_free = false;  // it had proven its lock, and holds it no more
  std::chrono::milliseconds silent{};
  std::chrono::milliseconds lease{};
  std::int64_t runs = 0;
};

struct RunsHealth {
  std::vector<NodeHealth> nodes{};  // not known dead
  std::int64_t runs_lost = 0;       // RUNNING for a node that is dead or unknown
  std::string lost_example{};
};
RunsHealth read_runs_health(pg::BlockingSession& session, const pg::RoleNames& roles);
Findings judge_runs(const RunsHealth& health);

}  // namespace weir::orchestrator

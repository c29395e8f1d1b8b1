// Which nodes are dead. Pure: one round of sightings after the other goes in.
//
// A lease that has run out is death. A node that had proven its advisory lock is dead sooner: when the lock was found
// free in two rounds at least `gap` apart, by the same server and with no proof in between. After a restart of the
// server every lock is free and says nothing.
#pragma once
#include <chrono>
#include <map>
#include <optional>
#include <vector>

#include "base/strong_id.hpp"
#include "base/time.hpp"

namespace weir::orchestrator {

struct NodeSighting {
  Epoch epoch;
  bool is_lease_over = false;
  bool is_lock_free = false;  // nobody holds its lock, and it was proven to this very server since that started
  Instant proven_at{};        // with is_lock_free
  Instant server_start{};
  bool has_runs = false;  // it has left work behind
};

struct Verdict {
  std::vector<NodeSighting> dead;
  bool is_anyone_suspected = false;  // of those with runs: a second look is worth waiting for
};

class DeathJudge {
 public:
  explicit DeathJudge(std::chrono::nanoseconds gap) : gap_(gap) {}
  // `now` never goes back (CLOCK_BOOTTIME).
  Verdict judge(const std::vector<NodeSighting>& sightings, std::chrono::nanoseconds now);

 private:
  struct Suspicion {
    std::chrono::nanoseconds since;
    Instant proven_at;
    Instant server_start;
  };
  bool is_dead(const NodeSighting& seen, std::chrono::nanoseconds now, std::map<Epoch, Suspicion>& suspected) const;

  std::chrono::nanoseconds gap_;
  std::map<Epoch, Suspicion> suspected_;
};

}  // namespace weir::orchestrator

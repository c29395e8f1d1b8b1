// This process as a node: the right of its runs to write.
//
// An epoch is one life of it. It lives while
//   - its lease runs: renewed by a heartbeat, judged here by CLOCK_BOOTTIME, never revived once over;
//   - its direct connection holds the epoch's advisory lock, once that was proven. Without it nothing new starts; when
//   it
//     is not back within `lock_grace`, the epoch is given up.
// When an epoch is over, all its runs are ended and a new one is registered. Meanwhile every commit of the old runs is
// refused by the database (weir.assert_fence), so nothing here is needed for correctness, only for not wasting work.
//
// A duty of the node outlives every failure, also those that nobody expects; without its heartbeats the epoch is over.
//
// All on one executor.
#pragma once
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/task_group.hpp"
#include "base/time.hpp"
#include "base/wakeup.hpp"
#include "orchestrator/active_runs.hpp"
#include "orchestrator/node_lock.hpp"
#include "orchestrator/reaper.hpp"
#include "pg/pool.hpp"

namespace weir::orchestrator {

struct NodeSettings {
  std::string direct_url{};  // of the direct connection; empty: the pool's (which must then be no pooler's)
  std::chrono::milliseconds heartbeat = std::chrono::seconds(5);
  std::chrono::milliseconds lease = std::chrono::seconds(20);
  std::chrono::milliseconds lock_grace = std::chrono::seconds(1);
  std::chrono::milliseconds watch = std::chrono::seconds(1);  // how often fences and other nodes are looked at
  std::string version{};
  int run_slots = 0;  // runs from the queue that are worked here at once; 0: none are taken
};

class Node {
 public:
  // `connect` is the main database; the node keeps a small pool of its own, so that a busy pool delays no heartbeat.
  Node(Executor executor, BlockingPool& blocking, pg::ConnectSettings connect, pg::RoleNames roles,
       NodeSettings settings, Clock& clock = system_clock());
  ~Node();  // after stop()

  // A pool whose connections shall carry the epoch in their name, so that the reaper can end them. Outlives the node.
  void name_pool(pg::Pool& pool) { pools_.push_back(&pool); }

  Task<> start();  // registers the first epoch; throws when the database cannot be reached
  Task<> stop();   // gives the epoch back; runs must have ended

  NodeId id() const { return id_; }
  Epoch epoch() const { return epoch_; }
  bool may_start() const;
  bool is_lost() const { return lost_.has_value(); }  // the epoch is over, and there is no new one yet
  // False when it did not become so until the deadline.
  Task<bool> wait_until_may_start(Deadline deadline);

  ActiveRuns& runs() { return runs_; }
  Reaper& reaper() { return reaper_; }
  const NodeSettings& settings() const { return settings_; }

 private:
  enum class LockState {
    pending,   // not tried yet in this epoch
    unproven,  // there is no direct connection: the lease alone decides
    held,
    lost,
  };

  Task<> register_epoch();
  Task<bool> try_register();
  Task<> live_on();
  Task<> live_one_epoch();
  Task<> renew_lease();
  Task<> keep_lock();
  Task<> retake_lock();
  Task<> listen();
  Task<> watch_fences();
  Task<> watch_once();
  Task<> reap();
  Task<> guard();
  bool is_late() const;
  void set_lock_state(LockState state);
  void lose(std::string why);

  Executor executor_;
  BlockingPool& blocking_;
  NodeSettings settings_;
  Clock& clock_;
  pg::Pool pool_;
  pg::Database database_;
  Reaper reaper_;
  std::vector<pg::Pool*> pools_;
  ActiveRuns runs_;
  NodeId id_;
  Epoch epoch_;
  std::chrono::nanoseconds renewed_at_{0};    // CLOCK_BOOTTIME, when the last good heartbeat was sent
  std::chrono::nanoseconds lock_lost_at_{0};  // with LockState::lost
  bool is_registered_ = false;
  LockState lock_state_ = LockState::pending;
  std::optional<std::string> lost_;  // why the epoch is over
  std::optional<NodeLock> lock_;
  Wakeup changed_;
  Wakeup fence_replaced_;
  TaskGroup tasks_;
};

}  // namespace weir::orchestrator

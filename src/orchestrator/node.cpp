#include "orchestrator/node.hpp"

#include <unistd.h>

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/outlive.hpp"
#include "orchestrator/sql.hpp"

namespace weir::orchestrator {
namespace {

constexpr auto k_proof_timeout = 2s;
constexpr std::size_t k_connections = 2;  // heartbeats never wait for a watch or a reaper's round

std::string host_name() {
  char name[256] = {};
  return gethostname(name, sizeof name - 1) == 0 ? name : "unknown";
}

pg::PoolSettings pool_settings(pg::ConnectSettings connect) {
  pg::PoolSettings settings;
  settings.connect = std::move(connect);
  settings.connections_max = k_connections;
  return settings;
}

}  // namespace

Node::Node(Executor executor, BlockingPool& blocking, pg::ConnectSettings connect, pg::RoleNames roles,
           NodeSettings settings, Clock& clock)
    : executor_(executor),
      blocking_(blocking),
      settings_(std::move(settings)),
      clock_(clock),
      pool_(executor, blocking, pool_settings(std::move(connect))),
      database_(pool_, std::move(roles)),
      reaper_(database_, settings_.lock_grace, clock),
      changed_(executor),
      fence_replaced_(executor),
      tasks_(executor) {
  name_pool(pool_);
}

Node::~Node() = default;

Task<> Node::start() {
  const auto rows =
      co_await database_.query(pg::Scope::control(), {"orchestrator.new_id", "SELECT weir.uuid_v7() AS id"});
  id_ = rows.one().get<NodeId>("id");
  co_await register_epoch();
  tasks_.spawn("node", live_on());
  co_await wait_until_may_start(Deadline::in(k_proof_timeout + k_proof_timeout));
}

Task<> Node::stop() {
  const auto late = co_await tasks_.stop(Deadline::in(5s));
  co_await tasks_.wait();
  lock_.reset();
  if (!is_registered_) co_return;
  is_registered_ = false;
  try {
    co_await database_.query(pg::Scope::control(), sql::retire_node, pg::Params(epoch_), Deadline::in(2s));
  } catch (...) {
    outlive(fmt::format("epoch {} was not given back", epoch_.value()));
  }
}

bool Node::is_late() const { return clock_.boottime() - renewed_at_ >= settings_.lease; }

bool Node::may_start() const {
  const bool is_steady = lock_state_ == LockState::held || lock_state_ == LockState::unproven;
  return is_registered_ && !lost_ && !is_late() && is_steady;
}

Task<bool> Node::wait_until_may_start(Deadline deadline) {
  while (!may_start() && !deadline.is_over()) co_await changed_.wait(deadline);
  co_return may_start();
}

Task<> Node::register_epoch() {
  const auto sent = clock_.boottime();
  const auto previous = is_registered_ ? std::optional(epoch_) : std::nullopt;
  const auto rows = co_await database_.query(pg::Scope::control(), sql::register_node,
                                             pg::Params(id_, host_name(), ::getpid(), settings_.version,
                                                        settings_.lease.count(), previous, settings_.run_slots),
                                             Deadline::in(settings_.lease));
  epoch_ = rows.one().get<Epoch>("epoch");
  renewed_at_ = sent;
  lock_state_ = LockState::pending;
  is_registered_ = true;
  for (auto* pool : pools_) pool->rename(Reaper::application_name(epoch_));
  auto direct = pool_.settings().connect;
  if (!settings_.direct_url.empty()) direct.url = settings_.direct_url;
  direct.connect_timeout = k_proof_timeout;
  lock_.emplace(database_, blocking_, std::move(direct), epoch_);
  lost_.reset();  // last: what failed on the way is tried again
}

Task<bool> Node::try_register() {
  try {
    co_await register_epoch();
    co_return true;
  } catch (...) {
    outlive("node: no new epoch yet");
    co_return false;
  }
}

Task<> Node::live_on() {
  for (;;) {
    try {
      co_await live_one_epoch();
    } catch (...) {
      lose(outlive("node").message);
    }
    log_warning("node: epoch {} is over: {}", epoch_.value(), *lost_);
    while (lost_) {
      const bool is_new = co_await try_register();
      if (!is_new) co_await sleep_for(std::min<std::chrono::milliseconds>(settings_.watch, 250ms));
    }
    log_info("node: epoch {} begins", epoch_.value());
    changed_.notify();
  }
}

// Ends when the epoch is lost. The members of its group are the node's duties.
Task<> Node::live_one_epoch() {
  TaskGroup duties(executor_);
  std::exception_ptr stopped;
  try {
    duties.spawn("heartbeat", renew_lease());
    duties.spawn("node lock", keep_lock());
    duties.spawn("fences", watch_fences());
    duties.spawn("reaper", reap());
    duties.spawn("lease guard", guard());
    while (!lost_) co_await changed_.wait(Deadline::never());
  } catch (...) {
    stopped = std::current_exception();
  }
  // Also when this coroutine itself is being cancelled: the duties must be over before their group dies.
  co_await asio::this_coro::throw_if_cancelled(false);
  co_await duties.stop(Deadline::in(1s));
  co_await duties.wait();
  co_await asio::this_coro::throw_if_cancelled(true);
  if (stopped) std::rethrow_exception(stopped);
}

void Node::lose(std::string why) {
  if (lost_) return;
  const Error reason{ErrorCode::lease_lost, fmt::format("this node lost its lease: {}", why)};
  lost_ = std::move(why);
  changed_.notify();
  runs_.scripts.end_if([this](const HeldRun& run) { return run.epoch == epoch_; }, reason);
  runs_.queued.end_if([this](Epoch epoch) { return epoch == epoch_; }, reason);
}

Task<> Node::renew_lease() {
  auto pause = settings_.heartbeat;
  for (;;) {
    co_await sleep_for(pause);
    try {
      const auto sent = clock_.boottime();
      const auto rows =
          co_await database_.query(pg::Scope::control(), sql::renew_lease, pg::Params(epoch_, settings_.lease.count()),
                                   Deadline::in(settings_.heartbeat));
      if (rows.empty()) co_return lose("its lease had run out, or it was taken for dead");
      renewed_at_ = sent;
      pause = settings_.heartbeat;
    } catch (...) {
      outlive("heartbeat");
      pause = std::max<std::chrono::milliseconds>(settings_.heartbeat / 20, 10ms);
    }
  }
}

// Looks at the clock instead of sleeping to the end of the lease: a frozen process wakes with its timers behind.
Task<> Node::guard() {
  const auto pause = std::max<std::chrono::milliseconds>(settings_.lock_grace / 20, 5ms);
  for (;;) {
    co_await sleep_for(pause);
    try {
      if (is_late()) co_return lose("its own heartbeat is late");
      if (lock_state_ == LockState::lost && clock_.boottime() - lock_lost_at_ >= settings_.lock_grace)
        co_return lose("its direct connection is gone");
    } catch (...) {
      outlive("lease guard");
    }
  }
}

Task<> Node::watch_fences() {
  for (;;) {
    co_await fence_replaced_.wait(Deadline::in(settings_.watch));
    try {
      co_await watch_once();
    } catch (...) {
      outlive("watch");
    }
  }
}

// What is registered while the question is on its way is not judged by its answer.
Task<> Node::watch_once() {
  if (const auto mine = runs_.scripts.keys(); !mine.empty()) {
    const auto rows = co_await database_.query(pg::Scope::control(), sql::list_held_fences, pg::Params(epoch_),
                                               Deadline::in(settings_.lease));
    std::set<Fence> held;
    for (const auto row : rows) held.insert(row.get<Fence>("fence"));
    const auto is_lost = [&](const HeldRun& run) {
      return std::ranges::find(mine, run) != mine.end() && run.epoch == epoch_ && !held.contains(run.fence);
    };
    runs_.scripts.end_if(is_lost, {ErrorCode::lease_lost, "the right to run this script was taken away"});
  }
  if (const auto mine = runs_.pipelines.keys(); !mine.empty()) {
    std::vector<std::string> ids;
    for (const auto& id : mine) ids.push_back(to_string(id));
    const auto rows = co_await database_.query(pg::Scope::control(), sql::list_cancel_requests,
                                               pg::Params().add_array(ids), Deadline::in(settings_.lease));
    for (const auto row : rows) {
      const auto id = row.get<PipelineRunId>("id");
      runs_.pipelines.end_if([&](const PipelineRunId& one) { return one == id; },
                             {ErrorCode::cancelled, "cancelled on request"});
    }
  }
}

Task<> Node::reap() {
  for (;;) {
    co_await sleep_for(settings_.watch);
    try {
      co_await reaper_.round(epoch_);
    } catch (...) {
      outlive("reaper");
    }
  }
}

}  // namespace weir::orchestrator

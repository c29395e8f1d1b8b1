// The node's direct connection: taken, listened to, taken again.
#include <fmt/format.h>

#include "base/outlive.hpp"
#include "orchestrator/node.hpp"

namespace weir::orchestrator {
namespace {

constexpr auto k_first_proof_timeout = 2s;
constexpr auto k_retry_pause = 50ms;

}  // namespace

void Node::set_lock_state(LockState state) {
  lock_state_ = state;
  lock_lost_at_ = clock_.boottime();
  changed_.notify();
}

Task<> Node::keep_lock() {
  auto proof = LockProof::refused;
  try {
    proof = co_await lock_->take(Deadline::in(k_first_proof_timeout));
  } catch (...) {
    outlive("the direct connection failed", LogLevel::warning);
  }
  if (proof != LockProof::proven) {
    log_warning(
        "this node has no direct connection to the database (behind a pooler, set WEIR_DATABASE_DIRECT_URL): its death "
        "is noticed only when its lease of {} is over",
        format_duration(settings_.lease));
    lock_->drop();
    co_return set_lock_state(LockState::unproven);
  }
  set_lock_state(LockState::held);
  for (;;) {
    co_await listen();
    set_lock_state(LockState::lost);
    co_await retake_lock();
    set_lock_state(LockState::held);
  }
}

// Returns when the connection is lost.
Task<> Node::listen() {
  try {
    for (;;) {
      const auto word = co_await lock_->next_message();
      if (word == "fence") fence_replaced_.notify();
    }
  } catch (...) {
    outlive("node", LogLevel::info);
  }
}

// Until it has the lock again; guard() ends the epoch, and with it this, when that takes too long.
Task<> Node::retake_lock() {
  for (;;) {
    try {
      const auto proof = co_await lock_->take(Deadline::in(settings_.lock_grace));
      if (proof == LockProof::proven) co_return;
    } catch (...) {
      outlive("node");
    }
    co_await sleep_for(k_retry_pause);
  }
}

}  // namespace weir::orchestrator

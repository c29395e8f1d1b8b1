// Statements that are worth several attempts: the database may be restarting, a connection was lost under them, or
// somebody held what they need for too long. They may have been carried out all the same, so only what may be repeated
// belongs here.
#pragma once
#include <chrono>
#include <optional>

#include "base/asio.hpp"
#include "base/deadline.hpp"
#include "base/error.hpp"
#include "base/task_group.hpp"

namespace weir::orchestrator {

// Runs `attempt`, a function that returns a Task, until it succeeds, fails for good, or the patience is over: then what
// it threw is thrown.
template <class Attempt>
auto insist(Attempt attempt, std::chrono::milliseconds patience) -> decltype(attempt()) {
  constexpr std::chrono::milliseconds k_pause(200);
  const auto deadline = Deadline::in(patience);
  for (;;) {
    try {
      co_return co_await attempt();
    } catch (const Failure& failure) {
      const auto code = failure.error().code;
      const bool may_pass = code == ErrorCode::database_unreachable || code == ErrorCode::transaction_conflict ||
                            code == ErrorCode::timed_out;
      if (!may_pass || deadline.is_over()) throw;
    }
    co_await sleep_for(k_pause);
  }
}

}  // namespace weir::orchestrator

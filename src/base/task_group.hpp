// The owner of spawned coroutines. It is the last data member of its owner, so that it dies first.
#pragma once
#include <list>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/asio.hpp"
#include "base/deadline.hpp"
#include "base/error.hpp"

namespace weir {

// All calls on the group's executor (one thread, or a strand). A coroutine that ends with an exception is logged with
// its name, unless it was cancelled: as a warning, or as an error when nobody expects such an exception.
class TaskGroup {
 public:
  explicit TaskGroup(Executor executor);
  ~TaskGroup();  // nothing may still run: await stop() or wait() first
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;

  // Starts `task`; refused (and logged) once stop() was called.
  void spawn(std::string name, Task<> task);
  // Asks every member to end; returns at once.
  void cancel();
  // Returns when all have ended by themselves.
  Task<> wait();
  // Refuses new work, cancels and waits. The names of those that were still running at the deadline; they keep being
  // awaited by the next wait().
  Task<std::vector<std::string>> stop(Deadline deadline);

  std::size_t size() const { return members_.size(); }

 private:
  struct Member {
    std::string name;
    asio::cancellation_signal cancellation;
  };
  Executor executor_;
  std::list<std::unique_ptr<Member>> members_;
  asio::steady_timer all_done_;
  bool refuses_ = false;
};

// Sleeps; ends early, with the exception of a cancelled operation, when the coroutine is cancelled.
Task<> sleep_for(std::chrono::nanoseconds duration);

// Whether the running coroutine was asked to end.
Task<bool> is_cancelled();

}  // namespace weir

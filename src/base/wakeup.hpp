// Coroutines that wait for something to change, like a condition variable of one executor.
//
//   while (!is_ready) co_await changed.wait(deadline);      // here
//   is_ready = true; changed.notify();                      // there
#pragma once
#include <list>

#include <boost/asio/steady_timer.hpp>

#include "base/asio.hpp"
#include "base/deadline.hpp"

namespace weir {

// All calls on one executor. It outlives every wait.
class Wakeup {
 public:
  explicit Wakeup(Executor executor) : executor_(executor) {}

  // Wakes all who wait now; a later wait is not affected.
  void notify();
  // Returns at the next notify() or at the deadline. Cancelled like sleep_for.
  Task<> wait(Deadline deadline);

 private:
  Executor executor_;
  std::list<asio::steady_timer> waiters_;
};

}  // namespace weir

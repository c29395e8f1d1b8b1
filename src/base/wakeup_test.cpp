#include "base/wakeup.hpp"

#include <gtest/gtest.h>
#include <boost/asio/co_spawn.hpp>

#include "base/task_group.hpp"
#include "base/time.hpp"

namespace weir {
namespace {

Task<> count_when_woken(Wakeup& wakeup, int& count) {
  co_await wakeup.wait(Deadline::never());
  ++count;
}

Task<> wake_some(asio::io_context& context, int& woken, bool& timed_out) {
  Wakeup wakeup(context.get_executor());
  TaskGroup group(context.get_executor());
  for (int i = 0; i < 3; ++i) group.spawn("wait", count_when_woken(wakeup, woken));
  co_await wakeup.wait(Deadline::in(1ms));
  timed_out = woken == 0;
  wakeup.notify();
  co_await group.wait();
  // Whoever is cancelled leaves, and the others can still be woken.
  group.spawn("wait", count_when_woken(wakeup, woken));
  const auto late = co_await group.stop(Deadline::in(1s));
  EXPECT_TRUE(late.empty());
  wakeup.notify();
}

TEST(Wakeup, WakesAllWhoWaitOrLetsThemGoAtTheDeadline) {
  asio::io_context context;
  int woken = 0;
  bool timed_out = false;
  std::exception_ptr failure;
  asio::co_spawn(context, wake_some(context, woken, timed_out), [&](std::exception_ptr error) { failure = error; });
  context.run();
  EXPECT_FALSE(failure);
  EXPECT_TRUE(timed_out);
  EXPECT_EQ(woken, 3);
}

}  // namespace
}  // namespace weir

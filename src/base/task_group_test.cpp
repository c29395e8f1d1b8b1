#include "base/task_group.hpp"

#include <thread>

#include <gtest/gtest.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "base/blocking.hpp"
#include "base/thread_queue.hpp"
#include "base/time.hpp"

namespace weir {
namespace {

// Runs one coroutine to its end on a fresh context.
template <class Function>
void run(Function function) {
  asio::io_context context;
  asio::co_spawn(context, function(), [](std::exception_ptr failure) {
    if (failure) std::rethrow_exception(failure);
  });
  context.run();
}

Task<> set_after(std::chrono::milliseconds pause, bool& flag) {
  co_await sleep_for(pause);
  flag = true;
}

TEST(TaskGroup, WaitsForItsMembers) {
  run([]() -> Task<> {
    TaskGroup group(co_await asio::this_coro::executor);
    bool done = false;
    group.spawn("set", set_after(5ms, done));
    co_await group.wait();
    EXPECT_TRUE(done);
  });
}

TEST(TaskGroup, StopCancelsEvenWhatHasNotStartedYet) {
  run([]() -> Task<> {
    TaskGroup group(co_await asio::this_coro::executor);
    bool done = false;
    group.spawn("never", set_after(1h, done));
    const auto late = co_await group.stop(Deadline::in(1s));
    EXPECT_TRUE(late.empty());
    EXPECT_FALSE(done);
    group.spawn("refused", set_after(0ms, done));
    EXPECT_EQ(group.size(), 0U);
  });
}

Task<> wait_for_members(bool& were_all_over) {
  TaskGroup group(co_await asio::this_coro::executor);
  bool done = false;
  group.spawn("first", set_after(1h, done));
  group.spawn("second", set_after(1h, done));
  co_await group.wait();
  were_all_over = group.size() == 0 && !done;
}

TEST(TaskGroup, AWaiterThatIsCancelledEndsItsMembersBeforeItself) {
  run([]() -> Task<> {
    bool were_all_over = false;
    TaskGroup outer(co_await asio::this_coro::executor);
    outer.spawn("waiter", wait_for_members(were_all_over));
    const auto late = co_await outer.stop(Deadline::in(1s));
    EXPECT_TRUE(late.empty());
    EXPECT_TRUE(were_all_over);
  });
}

TEST(Blocking, BringsValuesAndExceptionsBack) {
  run([]() -> Task<> {
    BlockingPool pool(1);
    const auto value = co_await run_blocking(pool, [] { return std::string("there"); });
    EXPECT_EQ(value, "there");
    bool thrown = false;
    try {
      co_await run_blocking(pool, [] { throw std::runtime_error("no"); });
    } catch (const std::runtime_error&) {
      thrown = true;
    }
    EXPECT_TRUE(thrown);
  });
}

TEST(ThreadQueue, CarriesEverythingInOrderThroughASmallBound) {
  run([]() -> Task<> {
    ThreadQueue<int> queue(co_await asio::this_coro::executor, 3);
    std::thread producer([&queue] {
      for (int i = 0; i < 1000; ++i) queue.push(i);
      queue.finish();
    });
    int expected = 0;
    for (;;) {
      const auto item = co_await queue.pop();
      if (!item) break;
      EXPECT_EQ(*item, expected++);
    }
    EXPECT_EQ(expected, 1000);
    producer.join();
  });
}

TEST(ThreadQueue, CloseFreesABlockedProducer) {
  run([]() -> Task<> {
    ThreadQueue<int> queue(co_await asio::this_coro::executor, 1);
    int pushed = 0;
    std::thread producer([&] {
      while (queue.push(pushed)) ++pushed;
      queue.finish();
    });
    co_await queue.pop();
    queue.close();
    producer.join();
    EXPECT_GE(pushed, 1);
  });
}

}  // namespace
}  // namespace weir

#include "api/background.hpp"

#include <future>

#include <gtest/gtest.h>

#include "base/time.hpp"
#include "tests/support/run.hpp"

namespace weir::api {
namespace {

Task<Result<int>> wait_and_say(Wakeup& told, bool& may_end, int value) {
  while (!may_end) co_await told.wait(Deadline::never());
  co_return value;
}

Task<Result<int>> break_down() {
  throw Failure({ErrorCode::database_unreachable, "gone"});
  co_return 0;
}

TEST(Background, SaysTheEndOfWhatEndsInTime) {
  test::run([](test::Context context) -> Task<> {
    Background background(context.executor());
    Wakeup told(context.executor());
    bool may_end = true;
    const auto ended = co_await background.run<int>("quick", wait_and_say(told, may_end, 7), 10s);
    EXPECT_EQ(ended.value_or(0), 7);
    const auto failed = co_await background.run<int>("broken", break_down(), 10s);
    EXPECT_EQ(failed->error().code, ErrorCode::database_unreachable);
    co_await background.stop(Deadline::in(1s));
  });
}

TEST(Background, LetsGoOnWhatTakesLonger) {
  test::run([](test::Context context) -> Task<> {
    Background background(context.executor());
    Wakeup told(context.executor());
    bool may_end = false;
    const auto patient = co_await background.run<int>("slow", wait_and_say(told, may_end, 7), 1ms);
    EXPECT_FALSE(patient);
    co_await background.stop(Deadline::in(5s));
  });
}

// As the making of a connection does.
Task<Result<int>> block_until(BlockingPool& pool, std::shared_future<void> released) {
  co_await run_blocking(pool, [released] { released.wait(); });
  co_return 0;
}

Task<> stop_and_note(Background& background, bool& is_stopped) {
  co_await background.stop(Deadline::in(0s));
  is_stopped = true;
}

TEST(Background, AStopWaitsForWhatCannotBeCutShort) {
  test::run([](test::Context context) -> Task<> {
    Background background(context.executor());
    TaskGroup stopping(context.executor());
    std::promise<void> release;
    bool is_stopped = false;
    co_await background.run<int>("slow", block_until(context.blocking, release.get_future().share()), 1ms);
    stopping.spawn("stop", stop_and_note(background, is_stopped));
    co_await sleep_for(20ms);
    EXPECT_FALSE(is_stopped);
    release.set_value();
    co_await stopping.wait();
    EXPECT_TRUE(is_stopped);
  });
}

}  // namespace
}  // namespace weir::api

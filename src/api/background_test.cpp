#include "api/background.hpp"

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

}  // namespace
}  // namespace weir::api

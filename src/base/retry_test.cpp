#include "base/retry.hpp"

#include <vector>

#include <gtest/gtest.h>

#include "base/time.hpp"
#include "tests/support/run.hpp"

namespace weir {
namespace {

using std::chrono::milliseconds;
constexpr auto k_long = milliseconds::max();

TEST(Retry, TheLongestPauseDoublesUpToItsBound) {
  const RetrySettings settings{.attempts_max = 100, .first_delay = 1s, .delay_max = 10s};
  Random random(1);
  const std::vector<milliseconds> bounds{1s, 2s, 4s, 8s, 10s, 10s, 10s};
  for (std::size_t i = 0; i < bounds.size(); ++i) {
    milliseconds longest{0};
    for (int round = 0; round < 2000; ++round) {
      const auto pause = decide_retry(settings, static_cast<int>(i) + 1, ErrorCode::provider_failed, k_long, random);
      ASSERT_TRUE(pause.has_value());
      ASSERT_GE(*pause, 0ms);
      ASSERT_LE(*pause, bounds[i]);
      longest = std::max(longest, *pause);
    }
    EXPECT_GT(longest, bounds[i] * 9 / 10) << "the jitter is not full";
  }
}

TEST(Retry, NeverPausesFarBeyondTheThirtiethAttempt) {
  const RetrySettings settings{.attempts_max = 1'000'000, .first_delay = 1s, .delay_max = 1h};
  Random random(1);
  const auto pause = decide_retry(settings, 999'999, ErrorCode::timed_out, k_long, random);
  ASSERT_TRUE(pause.has_value());
  EXPECT_LE(*pause, 1h);
}

TEST(Retry, KeepsWhatItWasToldToWait) {
  const RetrySettings settings{.first_delay = 1s};
  Random random(7);
  for (int round = 0; round < 1000; ++round) {
    const auto pause = decide_retry(settings, 1, {ErrorCode::provider_failed, 30s}, k_long, random);
    ASSERT_TRUE(pause.has_value());
    ASSERT_GE(*pause, 30s);
    ASSERT_LE(*pause, 31s);
  }
  const auto negative = decide_retry(settings, 1, {ErrorCode::provider_failed, -5s}, k_long, random);
  ASSERT_TRUE(negative.has_value());
  EXPECT_GE(*negative, 0ms);
}

TEST(Retry, SaysWhyItGivesUp) {
  const RetrySettings settings{.attempts_max = 3};
  Random random(1);
  const auto reason = [&](int attempts, FailedAttempt failed, milliseconds left) {
    return decide_retry(settings, attempts, failed, left, random).error();
  };
  EXPECT_EQ(reason(1, ErrorCode::invalid_input, k_long), GiveUp::not_retryable);
  EXPECT_EQ(reason(3, ErrorCode::provider_failed, k_long), GiveUp::attempts_spent);
  EXPECT_EQ(reason(1, {ErrorCode::provider_failed, 10s}, 10s), GiveUp::no_time_left);
  EXPECT_EQ(reason(1, {ErrorCode::provider_failed, k_long}, 10s), GiveUp::no_time_left);
  EXPECT_EQ(reason(1, ErrorCode::provider_failed, 0ms), GiveUp::no_time_left);
}

TEST(Retry, AnAttemptThatMayGoOnNowPausesOnlyBriefly) {
  Random random(3);
  for (int round = 0; round < 100; ++round) {
    const auto pause = decide_retry({.first_delay = 1600ms}, 1, ErrorCode::transaction_conflict, k_long, random);
    ASSERT_TRUE(pause.has_value());
    ASSERT_LE(*pause, 100ms);
  }
}

struct CountedSleep {
  std::vector<std::chrono::nanoseconds>& pauses;
  Task<> operator()(std::chrono::nanoseconds pause) const {
    pauses.push_back(pause);
    co_return;
  }
};

TEST(Retry, CountsItsAttemptsAndPauses) {
  test::run([](test::Context) -> Task<> {
    Random random(5);
    std::vector<std::chrono::nanoseconds> pauses;
    Retry retry({.attempts_max = 4}, random, CountedSleep{pauses});
    int attempts = 0;
    std::optional<GiveUp> given_up;
    while (!given_up) {
      ++attempts;
      given_up = co_await retry.pause(ErrorCode::provider_failed, Deadline::never());
    }
    EXPECT_EQ(attempts, 4);
    EXPECT_EQ(retry.attempts(), 4);
    EXPECT_EQ(given_up, GiveUp::attempts_spent);
    EXPECT_EQ(pauses.size(), 3U);
    std::chrono::nanoseconds total{0};
    for (const auto pause : pauses) total += pause;
    EXPECT_EQ(retry.paused(), total);
  });
}

Task<> pause_for_an_hour(bool& was_cancelled) {
  Random random(1);
  Retry retry({}, random);
  try {
    co_await retry.pause({ErrorCode::provider_failed, 1h}, Deadline::never());
  } catch (...) {
    was_cancelled = current_error().code == ErrorCode::cancelled;
  }
}

TEST(Retry, ACancelledPauseEndsAtOnce) {
  test::run([](test::Context context) -> Task<> {
    TaskGroup group(context.executor());
    bool was_cancelled = false;
    group.spawn("pause", pause_for_an_hour(was_cancelled));
    const auto late = co_await group.stop(Deadline::in(10s));
    EXPECT_TRUE(late.empty());
    EXPECT_TRUE(was_cancelled);
  });
}

}  // namespace
}  // namespace weir

#include "queue/queue.hpp"

#include <gtest/gtest.h>

namespace weir::queue {
namespace {

constexpr RetrySettings k_backoff{.first_delay = 1min, .delay_max = 30min};

TEST(RetryDelay, IsUniformUpToADoublingBound) {
  Random random(7);
  std::chrono::milliseconds longest{0}, shortest{1h};
  for (int i = 0; i < 2000; ++i) {
    const auto delay = retry_delay(k_backoff, 2, random);
    ASSERT_GE(delay, 0ms);
    ASSERT_LE(delay, 4min);
    longest = std::max(longest, delay);
    shortest = std::min(shortest, delay);
  }
  EXPECT_GT(longest, 3min + 50s);
  EXPECT_LT(shortest, 10s);
}

TEST(RetryDelay, HasAnUpperBound) {
  Random random(7);
  for (const int attempt : {5, 6, 50, 1'000'000})
    for (int i = 0; i < 200; ++i) ASSERT_LE(retry_delay(k_backoff, attempt, random), 30min) << attempt;
}

TEST(RunClass, HasNames) {
  for (const auto one : {RunClass::manual, RunClass::scheduled, RunClass::backfill})
    EXPECT_EQ(run_class_of(name_of(one)), one);
  EXPECT_EQ(run_class_of("urgent"), std::nullopt);
}

TEST(QuotaState, NothingIsLeftRatherThanLess) {
  EXPECT_EQ((QuotaState{.limit = 3, .used = 1}.remaining()), 2);
  EXPECT_EQ((QuotaState{.limit = 3, .used = 5}.remaining()), 0);
  EXPECT_EQ((QuotaState{.used = 5}.remaining()), std::nullopt);
}

}  // namespace
}  // namespace weir::queue

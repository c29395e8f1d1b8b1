#include "plugin/pass_plan.hpp"

#include <gtest/gtest.h>

namespace weir::plugin {
namespace {

using namespace std::chrono;

const Instant k_now = *parse_rfc3339("2026-11-21T12:00:00Z");

ScriptDeclaration script_of(seconds lookback = 0s, seconds settle = 0s) {
  ScriptDeclaration script;
  script.lookback = lookback;
  script.settle = settle;
  return script;
}

TEST(PassPlan, AFirstImportReachesBackAsFarAsDeclared) {
  const auto plan = plan_pass(script_of(1h, 5min), {}, std::nullopt, k_now);
  EXPECT_EQ(plan.start, k_now - days(90));
  EXPECT_EQ(plan.end, k_now - 5min);
  EXPECT_EQ(plan.cursor_at, k_now - 5min);
  auto everything = script_of();
  everything.import_window_days.reset();
  EXPECT_EQ(plan_pass(everything, {}, std::nullopt, k_now).start, std::nullopt);
}

TEST(PassPlan, NothingBetweenTheCursorAndNowIsEverLeftOut) {
  const auto cursor = k_now - days(200);
  const auto plan = plan_pass(script_of(1h), {.cursor_at = cursor}, std::nullopt, k_now);
  EXPECT_EQ(plan.start, cursor - 1h);
  EXPECT_EQ(plan.end, k_now);
}

TEST(PassPlan, AnOpenPassKeepsItsEnds) {
  const PartitionProgress open{.cursor_at = k_now - 3h, .pass_start = k_now - 4h, .pass_end = k_now - 2h};
  const SkipEvidence unchanged{.changed_at = k_now - days(9), .read_at = k_now};
  const auto plan = plan_pass(script_of(1h, 1h), open, unchanged, k_now);
  EXPECT_FALSE(plan.is_skipped);
  EXPECT_EQ(plan.start, k_now - 4h);
  EXPECT_EQ(plan.end, k_now - 2h);
}

TEST(PassPlan, ACursorNeverGoesBack) {
  const auto plan = plan_pass(script_of(0s, 1h), {.cursor_at = k_now}, std::nullopt, k_now);
  EXPECT_EQ(plan.end, k_now - 1h);
  EXPECT_EQ(plan.cursor_at, k_now);
}

TEST(PassPlan, EvidenceSkipsAndMovesTheCursorAtMostToWhenItWasRead) {
  const PartitionProgress progress{.cursor_at = k_now - 5h};
  const SkipEvidence old{.changed_at = k_now - 7h, .read_at = k_now - 2h};
  const auto plan = plan_pass(script_of(1h, 10min), progress, old, k_now);
  EXPECT_TRUE(plan.is_skipped);
  EXPECT_EQ(plan.cursor_at, k_now - 2h - 10min);
}

TEST(PassPlan, EvidenceWithinTheLookbackSkipsNothing) {
  const PartitionProgress progress{.cursor_at = k_now - 5h};
  EXPECT_FALSE(plan_pass(script_of(1h), progress, SkipEvidence{k_now - 6h, k_now}, k_now).is_skipped);
  EXPECT_FALSE(plan_pass(script_of(1h), progress, SkipEvidence{k_now - 1h, k_now}, k_now).is_skipped);
  EXPECT_FALSE(plan_pass(script_of(1h), {}, SkipEvidence{k_now - days(400), k_now}, k_now).is_skipped);
}

TEST(PassPlan, EvidenceOfAClockThatIsAheadMovesTheCursorToNow) {
  const auto plan = plan_pass(script_of(), {.cursor_at = k_now - 5h}, SkipEvidence{k_now - 9h, k_now + 1h}, k_now);
  EXPECT_TRUE(plan.is_skipped);
  EXPECT_EQ(plan.cursor_at, k_now);
}

TEST(PassPlan, AClockThatIsBehindEndsThePassEarlier) {
  EXPECT_EQ(limit_pass_end(script_of(0s, 5min), k_now, k_now - 1h), k_now - 65min);
  EXPECT_EQ(limit_pass_end(script_of(0s, 5min), k_now - 5min, k_now + 1h), k_now - 5min);
}

}  // namespace
}  // namespace weir::plugin

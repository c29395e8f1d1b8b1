#include "orchestrator/backfill_range.hpp"

#include <gtest/gtest.h>

namespace weir::orchestrator {
namespace {

using plugin::CursorKind;

Instant day(int n) { return Instant(std::chrono::sys_days(std::chrono::year(2026) / 1 / 1)) + std::chrono::days(n); }

plugin::ScriptDeclaration script(CursorKind kind) {
  return {.provider = "p", .name = "s", .import_window_duration = std::chrono::days(30), .cursor = kind};
}

TEST(BackfillRange, IsForScriptsThatGoByTime) {
  for (const auto kind : {CursorKind::window, CursorKind::ascending, CursorKind::descending})
    EXPECT_TRUE(check_backfill(script(kind)));
  const auto full = check_backfill(script(CursorKind::full));
  EXPECT_TRUE(full.error().message.contains("`weir import --script p/s` does it")) << full.error().message;
  const auto heads = check_backfill(script(CursorKind::heads));
  EXPECT_TRUE(heads.error().message.contains("`weir cursor reset TENANT SOURCE p/s`")) << heads.error().message;
  EXPECT_EQ(heads.error().exit_code(), 2);
}

TEST(BackfillRange, IsCutAsDeclaredButNeverBelowAWeek) {
  auto declared = script(CursorKind::window);
  EXPECT_EQ(backfill_window(declared), std::chrono::days(30));
  declared.import_window_duration = 24h;
  EXPECT_EQ(backfill_window(declared), std::chrono::days(7));
  EXPECT_EQ(backfill_window(script(CursorKind::descending)), std::nullopt);
}

TEST(BackfillRange, IsWorkedWindowByWindowWithoutAGap) {
  const TimeRange range{day(0), day(17)};
  std::vector<Instant> ends;
  auto done = range.from;
  while (const auto window = next_window(range, done, std::chrono::days(7))) {
    EXPECT_EQ(window->from, done);
    done = window->to;
    ends.push_back(done);
  }
  EXPECT_EQ(ends, (std::vector{day(7), day(14), day(17)}));
  EXPECT_EQ(count_windows(range, std::chrono::days(7)), 3);
  EXPECT_EQ(count_windows({day(0), day(14)}, std::chrono::days(7)), 2);
  EXPECT_EQ(count_windows(range, std::nullopt), 1);
  EXPECT_EQ(count_windows({day(3), day(3)}, std::nullopt), 0);
  EXPECT_EQ(next_window(range, day(3), std::nullopt)->to, day(17));
}

TEST(BackfillRange, AsksForNothingWhereEvidenceSpeaksForTheWholeWindow) {
  const TimeRange window{day(10), day(20)};
  const auto action = [&](int changed, int read) {
    return plan_backfill({}, plugin::SkipEvidence{day(changed), day(read)}, window).action;
  };
  EXPECT_EQ(action(9, 20), PartitionAction::skip);
  EXPECT_EQ(action(9, 19), PartitionAction::collect) << "it may have changed after the evidence was read";
  EXPECT_EQ(action(10, 20), PartitionAction::collect);
  const auto plan = plan_backfill({.cursor_at = day(90)}, std::nullopt, window);
  EXPECT_EQ(plan.action, PartitionAction::collect);
  EXPECT_EQ(plan.pass.start, day(10));
  EXPECT_EQ(plan.pass.end, day(20));
  EXPECT_TRUE(plan.keeps_cursor);
  PartitionCursor unreachable{.unreachable = "404", .probe_at = day(50), .now = day(40)};
  EXPECT_EQ(plan_backfill(unreachable, std::nullopt, window).action, PartitionAction::wait_for_probe);
}

}  // namespace
}  // namespace weir::orchestrator

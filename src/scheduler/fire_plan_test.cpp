#include "scheduler/fire_plan.hpp"

#include <map>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/time.hpp"

namespace weir::scheduler {
namespace {

using namespace std::chrono;
using namespace std::chrono_literals;

sys_seconds at(std::string_view text) { return floor<seconds>(parse_rfc3339(text).value()); }
FirePlan nightly(seconds spread = 0s) {
  return FirePlan::cron({CronExpression::parse("30 2 * * *").value(), TimeZone::find("America/New_York").value(), {}},
                        spread);
}

TEST(FirePlan, AnIntervalDoesNotDrift) {
  const auto plan = FirePlan::every(15min).value();
  EXPECT_EQ(plan.next(at("2026-11-22T10:03:07Z"))->at, at("2026-11-22T10:15:00Z"));
  EXPECT_EQ(plan.next(at("2026-11-22T10:15:00Z"))->at, at("2026-11-22T10:30:00Z"));
  EXPECT_EQ(plan.next(at("1969-12-31T23:59:00Z"))->at, at("1970-01-01T00:00:00Z"));
  EXPECT_FALSE(FirePlan::every(10s));
  EXPECT_FALSE(FirePlan::every(days(32)));
}

TEST(FirePlan, ASpreadMovesEveryFire) {
  const auto plan = FirePlan::every(15min, 2min).value();
  EXPECT_EQ(plan.next(at("2026-11-22T10:15:00Z"))->at, at("2026-11-22T10:17:00Z"));
  EXPECT_EQ(plan.next(at("2026-11-22T10:17:00Z"))->at, at("2026-11-22T10:32:00Z"));
  EXPECT_EQ(nightly(90s).next(at("2026-07-01T06:30:00Z"))->at, at("2026-07-01T06:31:30Z"));
  EXPECT_EQ(nightly(90s).next(at("2026-07-01T06:31:30Z"))->at, at("2026-07-02T06:31:30Z"));
}

TEST(FirePlan, TenantsAreSpreadEvenly) {
  std::map<std::int64_t, int> tenants;
  for (int i = 0; i < 60'000; ++i) {
    const auto share = spread_of(fmt::format("01a2012a-6969-7771-8921-{:012x}", i), 1min);
    ASSERT_LT(share, 1min);
    ++tenants[share.count()];
  }
  EXPECT_EQ(tenants.size(), 60U);
  for (const auto& [second, count] : tenants) EXPECT_NEAR(count, 1000, 200) << second;
  EXPECT_EQ(spread_of("acme", 1h), spread_of("acme", 1h));
  EXPECT_EQ(spread_of("acme", 0s), 0s);
}

TEST(FirePlan, MissedFiresBecomeOne) {
  const auto plan = FirePlan::every(15min).value();
  const auto due = at("2026-11-22T10:00:00Z");
  const auto prompt = collapse_missed(plan, due, due + 3s);
  EXPECT_EQ(prompt.at, due);
  EXPECT_EQ(prompt.missed, 0);
  EXPECT_EQ(prompt.next, due + 15min);
  const auto late = collapse_missed(plan, due, due + 50min);
  EXPECT_EQ(late.at, due + 45min);
  EXPECT_EQ(late.missed, 3);
  EXPECT_EQ(late.next, due + 60min);
  const auto very_late = collapse_missed(plan, due, due + days(300));
  EXPECT_EQ(very_late.at, due + days(300));
  EXPECT_EQ(very_late.missed, k_missed_max);
  EXPECT_EQ(very_late.next, due + days(300) + 15min);
}

TEST(FirePlan, APreviewMarksWhatClocksChange) {
  const auto fires = preview(nightly(), at("2026-03-06T12:00:00Z"), 3);
  ASSERT_EQ(fires.size(), 3U);
  EXPECT_EQ(fires[0].note, FireNote::none);
  EXPECT_EQ(fires[1].note, FireNote::after_gap);
  EXPECT_EQ(fires[1].offset, -4h);
  EXPECT_EQ(fires[2].note, FireNote::none);
}

}  // namespace
}  // namespace weir::scheduler

#include "scheduler/schedule.hpp"

#include <gtest/gtest.h>

namespace weir::scheduler {
namespace {

const TenantId k_tenant(*Uuid::parse("0199a2f0-0000-7000-8000-000000000001"));

Instant at(std::string_view text) { return *parse_rfc3339(text); }

Schedule quarter_hourly(MissedRule missed = MissedRule::once) {
  return {.every = std::chrono::minutes(15), .missed = missed};
}

DueDecision decide(const Schedule& schedule, std::string_view due, std::string_view now) {
  auto decision = decide_due(schedule, k_tenant, at(due), at(now));
  EXPECT_TRUE(decision.has_value()) << decision.error().message;
  return decision.value_or(DueDecision{});
}

TEST(DueDecision, OnTimeItRunsWhatIsDue) {
  const auto decision = decide(quarter_hourly(), "2026-05-01T10:15:00Z", "2026-05-01T10:15:00.2Z");
  EXPECT_EQ(decision.fire, at("2026-05-01T10:15:00Z"));
  EXPECT_EQ(decision.next, at("2026-05-01T10:30:00Z"));
  EXPECT_EQ(decision.missed, 0);
  EXPECT_FALSE(decision.is_skipped);
}

TEST(DueDecision, MissedFiresCollapseIntoTheLatest) {
  const auto decision = decide(quarter_hourly(), "2026-05-01T10:15:00Z", "2026-05-01T13:20:00Z");
  EXPECT_EQ(decision.fire, at("2026-05-01T13:15:00Z"));
  EXPECT_EQ(decision.next, at("2026-05-01T13:30:00Z"));
  EXPECT_EQ(decision.missed, 12);
  EXPECT_FALSE(decision.is_skipped);
}

TEST(DueDecision, MissedFiresAreSkippedWhenSoSet) {
  const auto late = decide(quarter_hourly(MissedRule::skip), "2026-05-01T10:15:00Z", "2026-05-01T13:25:00Z");
  EXPECT_TRUE(late.is_skipped);
  EXPECT_EQ(late.next, at("2026-05-01T13:30:00Z"));
  const auto in_time = decide(quarter_hourly(MissedRule::skip), "2026-05-01T10:15:00Z", "2026-05-01T13:16:00Z");
  EXPECT_FALSE(in_time.is_skipped);  // the latest is due now; those before it are gone
  EXPECT_EQ(in_time.fire, at("2026-05-01T13:15:00Z"));
}

TEST(DueDecision, ACronFireFollowsItsZone) {
  const Schedule nightly{.cron = "30 2 * * *", .time_zone = "Europe/Berlin"};
  const auto decision = decide(nightly, "2026-03-28T01:30:00Z", "2026-03-28T01:30:00Z");
  EXPECT_EQ(decision.next, at("2026-03-29T01:00:00Z"));  // 02:30 is left out: right after the gap
}

TEST(DueDecision, ABrokenScheduleSaysWhy) {
  EXPECT_EQ(decide_due({.cron = "0 0 31 2 *"}, k_tenant, {}, {}).error().code, ErrorCode::invalid_input);
  EXPECT_EQ(decide_due({.cron = "0 0 * * *", .time_zone = "Europe/Nowhere"}, k_tenant, {}, {}).error().code,
            ErrorCode::invalid_input);
}

TEST(Schedule, IsOneThingOrTheOther) {
  EXPECT_FALSE(plan_of({.every = std::chrono::minutes(15), .cron = "0 0 * * *"}, k_tenant).has_value());
  EXPECT_FALSE(plan_of({.every = std::chrono::seconds(5)}, k_tenant).has_value());
  EXPECT_FALSE(plan_of({.every = std::chrono::minutes(15), .spread = std::chrono::hours(25)}, k_tenant).has_value());
  const auto by_hand = plan_of({}, k_tenant);
  ASSERT_TRUE(by_hand.has_value());
  EXPECT_FALSE(by_hand->has_value());
  EXPECT_EQ(next_fire(*by_hand, at("2026-05-01T10:00:00Z")), std::nullopt);
}

TEST(Schedule, TheSpreadMovesEveryFireByTheSameShare) {
  const Schedule spread{.every = std::chrono::hours(1), .spread = std::chrono::hours(1)};
  const auto plan = plan_of(spread, k_tenant).value();
  const auto first = next_fire(plan, at("2026-05-01T10:00:00Z")).value();
  EXPECT_EQ(next_fire(plan, first), first + std::chrono::hours(1));
  EXPECT_LE(first, at("2026-05-01T11:00:00Z"));
}

TEST(Schedule, RulesHaveWords) {
  for (const auto rule : {GapRule::after, GapRule::skip}) EXPECT_EQ(gap_rule_of(name_of(rule)), rule);
  for (const auto rule : {OverlapRule::first, OverlapRule::both}) EXPECT_EQ(overlap_rule_of(name_of(rule)), rule);
  for (const auto rule : {DayRule::either, DayRule::both}) EXPECT_EQ(day_rule_of(name_of(rule)), rule);
  for (const auto rule : {MissedRule::once, MissedRule::skip}) EXPECT_EQ(missed_rule_of(name_of(rule)), rule);
  EXPECT_EQ(missed_rule_of("all").error().message, "the missed rule is once or skip, not 'all'");
}

}  // namespace
}  // namespace weir::scheduler

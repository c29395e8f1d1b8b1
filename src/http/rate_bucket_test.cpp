#include "http/rate_bucket.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace weir::http {
namespace {

const Instant k_now = parse_rfc3339("2026-03-02T10:00:00Z").value();

RateClient client(int number, RatePriority priority = RatePriority::scheduled) {
  Uuid id;
  id.bytes[15] = static_cast<std::uint8_t>(number);
  return {TenantId(id), priority};
}

// A report that wants `wanted` units and as many slots, and holds nothing yet.
RateReport wanting(int epoch, int tenant, std::int64_t wanted) {
  RateReport report;
  report.epoch = Epoch(epoch);
  report.clients.push_back({.client = client(tenant), .slots_wanted = wanted, .units_wanted = wanted});
  return report;
}

RateReport observing(std::int64_t remaining, Duration reset_in, std::int64_t limit = 100) {
  RateReport report;
  report.epoch = Epoch(1);
  report.seen = RateObservation{};
  report.seen->limit = limit;
  report.seen->remaining = remaining;
  report.reset_in = reset_in;
  return report;
}

const std::set<Epoch> k_alive{Epoch(1), Epoch(2), Epoch(3)};

TEST(RateBucket, GivesWhatIsWantedWhereNoLimitIsKnown) {
  RateBucket bucket;
  const auto answer = reserve(bucket, wanting(1, 1, 7), {}, k_alive, k_now);
  ASSERT_EQ(answer.grants.size(), 1U);
  EXPECT_EQ(answer.grants[0].more_units, 7);
  EXPECT_GE(answer.grants[0].slots, 7);
  EXPECT_FALSE(answer.left_for_scheduled.has_value());
}

TEST(RateBucket, NeverGivesTheSameTwice) {
  RateBucket bucket;
  reserve(bucket, observing(10, 60s), {.slots_max = 4, .reserve_share = 0}, k_alive, k_now);
  const RateRules rules{.slots_max = 4, .reserve_share = 0};
  const auto first = reserve(bucket, wanting(1, 1, 6), rules, k_alive, k_now);
  const auto second = reserve(bucket, wanting(2, 2, 6), rules, k_alive, k_now);
  EXPECT_EQ(first.grants[0].more_units, 6);
  EXPECT_EQ(first.grants[0].slots, 4);
  EXPECT_EQ(second.grants[0].more_units, 4);
  EXPECT_EQ(second.grants[0].slots, 0) << "all are with the first until it reports";
  // The first reports what still runs and gets its fair share only.
  auto again = wanting(1, 1, 6);
  again.clients[0].slots_held = 2;
  EXPECT_EQ(reserve(bucket, again, rules, k_alive, k_now).grants[0].slots, 2);
  EXPECT_EQ(reserve(bucket, wanting(2, 2, 6), rules, k_alive, k_now).grants[0].slots, 2);
}

TEST(RateBucket, LearnsFromAnswersWhateverTheirOrder) {
  RateBucket bucket;
  reserve(bucket, observing(50, 60s), {}, k_alive, k_now);
  reserve(bucket, observing(60, 62s), {}, k_alive, k_now);
  EXPECT_EQ(bucket.remaining, 50) << "an older answer of the same window arrived late";
  reserve(bucket, observing(40, -1s), {}, k_alive, k_now);
  EXPECT_EQ(bucket.remaining, 50) << "an answer of a window that is over";
  reserve(bucket, observing(99, 3600s), {}, k_alive, k_now + 30s);
  EXPECT_EQ(bucket.remaining, 99) << "a new window";
  EXPECT_EQ(bucket.reset_at, k_now + 3630s);
}

TEST(RateBucket, IsFullAgainWhenItsWindowEnds) {
  RateBucket bucket;
  reserve(bucket, observing(0, 60s), {}, k_alive, k_now);
  const auto spent = reserve(bucket, wanting(1, 1, 5), {}, k_alive, k_now);
  EXPECT_EQ(spent.grants[0].more_units, 0);
  EXPECT_EQ(spent.left_for_scheduled, 0);
  EXPECT_EQ(spent.reset_at, k_now + 60s);
  EXPECT_EQ(reserve(bucket, wanting(1, 1, 5), {}, k_alive, k_now + 60s).grants[0].more_units, 5);
}

TEST(RateBucket, RefillsATokenBucketByItsRate) {
  RateBucket bucket;
  auto report = observing(1, 10s, 60);
  report.seen->refill = 20;
  reserve(bucket, report, {}, k_alive, k_now);
  reserve(bucket, wanting(1, 1, 1), {}, k_alive, k_now + 10s);
  EXPECT_EQ(bucket.remaining, 21);
}

TEST(RateBucket, LimitsThatAreOffDoNotStopAnybody) {
  RateBucket bucket;
  reserve(bucket, observing(0, 60s, 0), {}, k_alive, k_now);
  EXPECT_EQ(reserve(bucket, wanting(1, 1, 500), {}, k_alive, k_now).grants[0].more_units, 500);
}

TEST(RateBucket, ASpentWindowWithoutAnEndIsAskedAgainLater) {
  RateBucket bucket;
  auto report = observing(0, 0s);
  report.reset_in.reset();
  reserve(bucket, report, {}, k_alive, k_now);
  EXPECT_EQ(bucket.reset_at, k_now + 60s);
}

RateReport told(std::optional<Duration> length) {
  RateReport report;
  report.epoch = Epoch(1);
  report.told = RateWait{length, "secondary limit"};
  return report;
}

TEST(RateBucket, AWaitHoldsForAllAndIsNeverShortened) {
  RateBucket bucket;
  reserve(bucket, told(30s), {}, k_alive, k_now);
  reserve(bucket, told(10s), {}, k_alive, k_now);
  const auto answer = reserve(bucket, wanting(2, 2, 5), {}, k_alive, k_now + 29s);
  EXPECT_EQ(answer.wait_until, k_now + 30s);
  EXPECT_EQ(answer.wait_reason, "secondary limit");
  EXPECT_TRUE(answer.grants.empty());
  EXPECT_EQ(reserve(bucket, wanting(2, 2, 5), {}, k_alive, k_now + 30s).grants.size(), 1U);
}

TEST(RateBucket, AWaitWithoutALengthDoublesEachTimeAndOverADayIsADay) {
  RateBucket bucket;
  auto now = k_now;
  for (const auto expected : {1min, 2min, 4min, 8min, 16min, 32min, 60min, 60min}) {
    reserve(bucket, told(std::nullopt), {}, k_alive, now);
    EXPECT_EQ(*bucket.wait_until - now, expected);
    // Others that were under way are told the same: it is one event.
    reserve(bucket, told(std::nullopt), {}, k_alive, now + 1s);
    EXPECT_EQ(*bucket.wait_until - now, expected);
    now = *bucket.wait_until + 1s;
  }
  auto success = wanting(1, 1, 1);
  success.has_succeeded = true;
  reserve(bucket, success, {}, k_alive, now);
  reserve(bucket, told(std::nullopt), {}, k_alive, now);
  EXPECT_EQ(*bucket.wait_until - now, 1min);
  reserve(bucket, told(std::chrono::hours(90)), {}, k_alive, now);
  EXPECT_EQ(*bucket.wait_until - now, k_longest_wait);
}

TEST(RateBucket, TheDeadHoldNothingAndGetNothing) {
  RateBucket bucket;
  const RateRules rules{.slots_max = 2};
  reserve(bucket, wanting(1, 1, 5), rules, k_alive, k_now);
  EXPECT_EQ(reserve(bucket, wanting(2, 2, 5), rules, {Epoch(2)}, k_now).grants[0].slots, 2);
  EXPECT_TRUE(reserve(bucket, wanting(1, 1, 5), rules, {Epoch(2)}, k_now).grants.empty());
}

TEST(RateBucket, DemandThatIsNoLongerReportedIsForgotten) {
  RateBucket bucket;
  const RateRules rules{.slots_max = 4};
  reserve(bucket, wanting(1, 1, 0), rules, k_alive, k_now);
  auto held = wanting(1, 1, 50);
  held.clients[0].slots_held = 1;
  bucket.holders.clear();
  reserve(bucket, held, rules, k_alive, k_now);
  bucket.holders[0].slots = 1;  // it was given more, but ended them
  EXPECT_EQ(reserve(bucket, wanting(2, 2, 9), rules, k_alive, k_now).grants[0].slots, 2);
  EXPECT_EQ(reserve(bucket, wanting(2, 2, 9), rules, k_alive, k_now + 10s).grants[0].slots, 3);
}

TEST(RateBucket, SurvivesItsJson) {
  RateBucket bucket;
  reserve(bucket, observing(10, 60s), {}, k_alive, k_now);
  auto report = wanting(1, 1, 6);
  report.clients[0].units_used = 3;
  report.clients.push_back({.client = client(2, RatePriority::manual), .slots_wanted = 1, .units_wanted = 1});
  reserve(bucket, report, {.slots_max = 4}, k_alive, k_now);
  RateBucket copy = bucket;
  copy.holders.clear();
  copy.shares.clear();
  state_from_json(nlohmann::json::parse(state_to_json(bucket).dump()), copy);
  EXPECT_EQ(copy, bucket);
  for (const char* broken : {"null", "{}", "[]", R"({"holders":[{}],"shares":[]})", R"({"holders":5})"}) {
    state_from_json(nlohmann::json::parse(broken), copy);
    EXPECT_TRUE(copy.holders.empty() && copy.shares.empty()) << broken;
  }
}

}  // namespace
}  // namespace weir::http

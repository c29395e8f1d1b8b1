#include "scheduler/cron_fires.hpp"

#include <set>

#include <date/tz.h>
#include <gtest/gtest.h>

#include "base/time.hpp"

namespace weir::scheduler {
namespace {

using namespace std::chrono;
using namespace std::chrono_literals;

CronFires fires(std::string_view cron, std::string_view zone, ClockChangeRules rules = {}) {
  return {CronExpression::parse(cron).value(), TimeZone::find(zone).value(), rules};
}

sys_seconds at(std::string_view text) { return floor<seconds>(parse_rfc3339(text).value()); }

std::string text_of(sys_seconds instant) { return format_rfc3339(instant); }

// What fires after `from` and not after `to`, in UTC, with a mark for its note.
std::vector<std::string> between(const CronFires& fires, std::string_view from, std::string_view to) {
  std::vector<std::string> out;
  for (auto fire = fires.next(at(from)); fire && fire->at <= at(to); fire = fires.next(fire->at)) {
    constexpr std::array<const char*, 5> k_marks{"", " after gap", " first", " second", " after left out"};
    out.push_back(text_of(fire->at) + k_marks.at(static_cast<std::size_t>(fire->note)));
  }
  return out;
}

using Texts = std::vector<std::string>;

TEST(CronFires, NewYorkLeavesOut0230InSpring) {
  const auto night = [](ClockChangeRules rules) {
    return between(fires("30 2 * * *", "America/New_York", rules), "2026-03-07T12:00:00Z", "2026-03-09T12:00:00Z");
  };
  EXPECT_EQ(night({}), (Texts{"2026-03-08T07:00:00Z after gap", "2026-03-09T06:30:00Z"}));
  EXPECT_EQ(night({.gap = GapRule::skip}), (Texts{"2026-03-09T06:30:00Z after left out"}));
  const auto next = fires("30 2 * * *", "America/New_York", {.gap = GapRule::skip}).next(at("2026-03-07T12:00:00Z"));
  EXPECT_EQ(next->left_out, local_seconds(at("2026-03-08T02:30:00Z").time_since_epoch()));
}

TEST(CronFires, NewYorkHas0130TwiceInAutumn) {
  const auto night = [](ClockChangeRules rules) {
    return between(fires("30 1 * * *", "America/New_York", rules), "2026-10-31T12:00:00Z", "2026-11-02T12:00:00Z");
  };
  EXPECT_EQ(night({}), (Texts{"2026-11-01T05:30:00Z first", "2026-11-02T06:30:00Z"}));
  EXPECT_EQ(night({.overlap = OverlapRule::both}),
            (Texts{"2026-11-01T05:30:00Z first", "2026-11-01T06:30:00Z second", "2026-11-02T06:30:00Z"}));
}

TEST(CronFires, AfterTheLastChangeThatIsKnownNothingComesTwice) {
  EXPECT_EQ(between(fires("0 0 29 2 *", "America/New_York"), "2044-02-01T00:00:00Z", "2044-03-01T12:00:00Z"),
            (Texts{"2044-02-29T05:00:00Z"}));
}

TEST(CronFires, ARhythmFollowsRealTimeThroughBothChanges) {
  for (const auto* day : {"2026-03-08", "2026-11-01"}) {
    const auto hourly = fires("0 * * * *", "America/New_York");
    auto last = at(std::string(day) + "T00:00:00Z");
    for (int i = 0; i < 24; ++i) {
      const auto next = hourly.next(last)->at;
      EXPECT_EQ(next - last, 1h) << text_of(next);
      last = next;
    }
    const auto quarterly = fires("*/15 * * * *", "America/New_York");
    for (int i = 0; i < 100; ++i) {
      const auto next = quarterly.next(last)->at;
      EXPECT_EQ(next - last, 15min) << text_of(next);
      last = next;
    }
  }
}

TEST(CronFires, LordHoweShiftsByHalfAnHour) {
  EXPECT_EQ(between(fires("15 2 * * *", "Australia/Lord_Howe"), "2026-10-03T12:00:00Z", "2026-10-04T12:00:00Z"),
            (Texts{"2026-10-03T15:30:00Z after gap"}));
  EXPECT_EQ(between(fires("45 1 * * *", "Australia/Lord_Howe"), "2026-04-04T12:00:00Z", "2026-04-05T12:00:00Z"),
            (Texts{"2026-04-04T14:45:00Z first"}));
}

TEST(CronFires, ChathamIsFortyFiveMinutesOff) {
  EXPECT_EQ(between(fires("0 12 * * *", "Pacific/Chatham"), "2026-06-01T00:00:00Z", "2026-06-02T00:00:00Z"),
            (Texts{"2026-06-01T23:15:00Z"}));
}

TEST(CronFires, MidnightIsLeftOutInSantiagoAsuncionAndHavana) {
  EXPECT_EQ(between(fires("0 0 * * *", "America/Santiago"), "2022-09-10T12:00:00Z", "2022-09-11T12:00:00Z"),
            (Texts{"2022-09-11T04:00:00Z after gap"}));
  EXPECT_EQ(between(fires("0 0 * * *", "America/Asuncion"), "2023-09-30T12:00:00Z", "2023-10-01T12:00:00Z"),
            (Texts{"2023-10-01T04:00:00Z after gap"}));
  EXPECT_EQ(between(fires("0 0 * * *", "America/Havana"), "2024-03-09T12:00:00Z", "2024-03-10T12:00:00Z"),
            (Texts{"2024-03-10T05:00:00Z after gap"}));
}

TEST(CronFires, ApiaAndKwajaleinLostAWholeDay) {
  EXPECT_EQ(between(fires("0 12 * * *", "Pacific/Apia"), "2011-12-29T00:00:00Z", "2012-01-01T00:00:00Z"),
            (Texts{"2011-12-29T22:00:00Z", "2011-12-30T22:00:00Z", "2011-12-31T22:00:00Z"}))
      << "noon of the 29th, the 31st and the 1st: the 30th never was, and nothing is made up for it";
  EXPECT_EQ(between(fires("0 12 * * *", "Pacific/Kwajalein"), "1993-08-20T00:00:00Z", "1993-08-23T12:00:00Z").size(),
            3U);
}

TEST(CronFires, RareDaysAreFound) {
  EXPECT_EQ(text_of(fires("0 0 29 2 *", "UTC").next(at("2096-03-01T00:00:00Z"))->at), "2104-02-29T00:00:00Z");
  EXPECT_EQ(between(fires("0 0 31 * *", "UTC"), "2026-01-31T00:00:00Z", "2026-05-31T00:00:00Z"),
            (Texts{"2026-03-31T00:00:00Z", "2026-05-31T00:00:00Z"}));
}

TEST(CronFires, ZonesAreKnownByNameAlone) {
  const auto zone = TimeZone::find("Europe/Berln");
  ASSERT_FALSE(zone);
  EXPECT_TRUE(zone.error().message.contains("did you mean Europe/Berlin?"));
  EXPECT_FALSE(TimeZone::find("../../../etc/passwd"));
  EXPECT_FALSE(TimeZone::find(""));
}

// The oracle goes the other way round, from every time on the clock to the instants that it means.
std::set<sys_seconds> oracle(const CronExpression& cron, const date::time_zone& zone, sys_days from, sys_days to) {
  std::set<sys_seconds> instants;
  for (auto day = from; day <= to; day += days(1)) {
    if (!cron.fits_day(day)) continue;
    for (auto minute = cron.next_minute(0min); minute < 24h; minute = cron.next_minute(minute + 1min)) {
      const date::local_seconds local{(day + minute).time_since_epoch()};
      const auto info = zone.get_info(local);
      const auto first = sys_seconds((local - info.first.offset).time_since_epoch());
      const bool is_small = abs(info.first.offset - info.second.offset) <= 3h;
      if (info.result == date::local_info::unique) instants.insert(first);
      if (info.result == date::local_info::nonexistent && cron.is_fixed() && is_small) instants.insert(info.first.end);
      if (info.result == date::local_info::ambiguous) {
        instants.insert(first);
        if (!cron.is_fixed() || !is_small)
          instants.insert(sys_seconds((local - info.second.offset).time_since_epoch()));
      }
    }
  }
  return instants;
}

void compare(const std::string& text, const date::time_zone& zone, year from, year to) {
  const auto cron = CronExpression::parse(text).value();
  const CronFires fires(cron, TimeZone::find(zone.name()).value(), {});
  const auto begin = sys_seconds(sys_days(from / 1 / 2)), end = sys_seconds(sys_days(to / 12 / 30));
  auto expected = oracle(cron, zone, sys_days(from / 1 / 1), sys_days(to / 12 / 31));
  expected.erase(expected.begin(), expected.upper_bound(begin));
  auto last = begin;
  auto next = fires.next(begin);
  for (const auto instant : expected) {
    if (instant > end) break;
    ASSERT_TRUE(next) << zone.name() << " " << text;
    ASSERT_GT(next->at, last) << zone.name() << " " << text;
    ASSERT_EQ(text_of(next->at), text_of(instant)) << zone.name() << " " << text;
    last = next->at;
    next = fires.next(last);
  }
}

TEST(CronFires, TenYearsInEveryZoneAgreeWithTheOracle) {
  std::size_t zones = 0;
  for (const auto& zone : date::get_tzdb().zones) {
    ++zones;
    for (const auto* text : {"30 2 * * *", "30 1 * * *", "0 0 * * *"}) compare(text, zone, 2020y, 2030y);
    if (HasFatalFailure()) return;
  }
  EXPECT_GT(zones, 400U);
}

TEST(CronFires, RhythmsAgreeWithTheOracleWhereClocksAreOddest) {
  for (const auto* name : {"America/New_York", "Australia/Lord_Howe", "Pacific/Chatham", "America/Havana",
                           "Pacific/Apia", "Africa/Casablanca", "Europe/Dublin", "Asia/Gaza", "Antarctica/Troll"})
    for (const auto* text : {"*/15 * * * *", "0 * * * *", "7 */2 * * *", "*/20 2 * * *"})
      compare(text, *date::locate_zone(name), 2009y, 2013y);
}

}  // namespace
}  // namespace weir::scheduler

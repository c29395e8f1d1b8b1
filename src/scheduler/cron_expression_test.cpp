#include "scheduler/cron_expression.hpp"

#include <gtest/gtest.h>

namespace weir::scheduler {
namespace {

using namespace std::chrono;
using namespace std::chrono_literals;

// The days of a month on which it fits, and its first minute.
std::string days_of(std::string_view text, year_month month, DayRule rule = DayRule::either) {
  const auto cron = CronExpression::parse(text, rule);
  if (!cron) return cron.error().message;
  std::string days;
  for (auto day = sys_days(month / 1); day <= sys_days(month / last); day += std::chrono::days(1))
    if (cron->fits_day(day)) days += std::to_string(static_cast<unsigned>(year_month_day(day).day())) + " ";
  return days;
}

std::string minutes_of(std::string_view text) {
  const auto cron = CronExpression::parse(text);
  if (!cron) return cron.error().message;
  std::string out;
  for (auto minute = cron->next_minute(0min); minute < 24h; minute = cron->next_minute(minute + 1min))
    out += std::to_string(minute.count()) + " ";
  return out;
}

std::string refusal(std::string_view text) {
  const auto cron = CronExpression::parse(text);
  return cron ? "" : cron.error().message;
}

TEST(CronExpression, ReadsListsRangesAndSteps) {
  EXPECT_EQ(minutes_of("0,30 2,4 * * *"), "120 150 240 270 ");
  EXPECT_EQ(minutes_of("5-59/20 0 * * *"), "5 25 45 ");
  EXPECT_EQ(minutes_of("*/25 23 * * *"), "1380 1405 1430 ");
  EXPECT_EQ(minutes_of("0 */12 * * *"), "0 720 ");
  EXPECT_EQ(minutes_of("59 23 * * *"), "1439 ");
}

TEST(CronExpression, ReadsDays) {
  const auto november = 2026y / November;  // begins on a Sunday
  EXPECT_EQ(days_of("0 0 * * mon", november), "2 9 16 23 30 ");
  EXPECT_EQ(days_of("0 0 * * 0", november), "1 8 15 22 29 ");
  EXPECT_EQ(days_of("0 0 * * 7", november), "1 8 15 22 29 ");
  EXPECT_EQ(days_of("0 0 * * fri-mon", november), "1 2 6 7 8 9 13 14 15 16 20 21 22 23 27 28 29 30 ");
  EXPECT_EQ(days_of("0 0 * * FRI-7", november), days_of("0 0 * * 5,6,0", november));
  EXPECT_EQ(days_of("0 0 * nov-feb *", 2027y / January).substr(0, 4), "1 2 ");
  EXPECT_EQ(days_of("0 0 * nov-feb *", 2027y / March), "");
  EXPECT_EQ(days_of("0 0 29 2 *", 2028y / February), "29 ");
}

TEST(CronExpression, TwoRestrictedDaysMeanEitherUnlessBothAreAskedFor) {
  const auto november = 2026y / November;
  EXPECT_EQ(days_of("0 0 13 * fri", november), "6 13 20 27 ");
  EXPECT_EQ(days_of("0 0 13 * fri", november, DayRule::both), "13 ");
  EXPECT_EQ(days_of("0 0 * * fri", november, DayRule::both), "6 13 20 27 ");
  EXPECT_EQ(days_of("0 0 */10 * fri", november), "") << "1, 11, 21 and 31 are no Fridays";
}

TEST(CronExpression, KnowsMacros) {
  EXPECT_EQ(minutes_of("@daily"), "0 ");
  EXPECT_EQ(minutes_of("@hourly"), minutes_of("0 * * * *"));
  EXPECT_EQ(days_of("@monthly", 2026y / November), "1 ");
  EXPECT_EQ(days_of("@weekly", 2026y / November), "1 8 15 22 29 ");
  EXPECT_EQ(days_of("@yearly", 2026y / November), "");
}

TEST(CronExpression, FixedTimesAndRhythmsAreToldApart) {
  EXPECT_TRUE(CronExpression::parse("30 2 * * *")->is_fixed());
  EXPECT_TRUE(CronExpression::parse("@daily")->is_fixed());
  EXPECT_FALSE(CronExpression::parse("30 * * * *")->is_fixed());
  EXPECT_FALSE(CronExpression::parse("*/15 2 * * *")->is_fixed());
}

TEST(CronExpression, SaysWhatIsWrong) {
  EXPECT_TRUE(refusal("* * * *").contains("4 fields"));
  EXPECT_TRUE(refusal("0 0 0 * * *").contains("6 fields"));
  EXPECT_TRUE(refusal("").contains("0 fields"));
  EXPECT_TRUE(refusal("60 * * * *").contains("'60' is no minute: write 0 to 59"));
  EXPECT_TRUE(refusal("* 24 * * *").contains("hour"));
  EXPECT_TRUE(refusal("* * 0 * *").contains("day of the month"));
  EXPECT_TRUE(refusal("* * * 13 *").contains("month"));
  EXPECT_TRUE(refusal("* * * * 8").contains("day of the week"));
  EXPECT_TRUE(refusal("* * L * *").contains("not offered"));
  EXPECT_TRUE(refusal("* * * * fri#2").contains("not offered"));
  EXPECT_TRUE(refusal("5/10 * * * *").contains("such as 5-59"));
  EXPECT_TRUE(refusal("*/0 * * * *").contains("a step"));
  EXPECT_TRUE(refusal("*/61 * * * *").contains("a step"));
  EXPECT_TRUE(refusal("30-10 * * * *").contains("from the lower"));
  EXPECT_TRUE(refusal("1,,2 * * * *").contains("no minute"));
  EXPECT_TRUE(refusal("1-2-3 * * * *").contains("no minute"));
  EXPECT_TRUE(refusal("-1 * * * *").contains("no minute"));
  EXPECT_TRUE(refusal("99999999999999999999 * * * *").contains("no minute"));
  EXPECT_TRUE(refusal(std::string(300, '1')).contains("200"));
}

TEST(CronExpression, RefusesWhatCanNeverBe) {
  EXPECT_TRUE(refusal("0 0 31 2 *").contains("never run"));
  EXPECT_TRUE(refusal("0 0 30,31 feb *").contains("never run"));
  EXPECT_TRUE(refusal("0 0 31 4,6,9,11 *").contains("never run"));
  EXPECT_EQ(refusal("0 0 31 * *"), "");
  EXPECT_EQ(refusal("0 0 29 2 *"), "");
  EXPECT_EQ(refusal("0 0 31 2 mon"), "") << "Mondays in February";
  EXPECT_FALSE(CronExpression::parse("0 0 31 2 mon", DayRule::both));
}

}  // namespace
}  // namespace weir::scheduler

// Five cron fields: minute, hour, day of month, month, day of week. Names (jan, mon), lists, ranges, steps (a-b/n,
// */n), 7 for Sunday, ranges that wrap for days of the week and months (fri-mon), and @yearly, @monthly, @weekly,
// @daily,
// @midnight, @hourly.
//
//   const auto cron = CronExpression::parse("30 2 * * mon-fri");
//
// When both days are restricted, a day fits when either does, as in Vixie cron (a field that begins with * restricts
// nothing); DayRule::both wants both.
#pragma once
#include <bitset>
#include <chrono>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace weir::scheduler {

enum class DayRule { either, both };

class CronExpression {
 public:
  // invalid_input: names the field, what is wrong with it and what to write; also for what can never be (0 0 31 2 *).
  static Result<CronExpression> parse(std::string_view text, DayRule days = DayRule::either);

  bool fits_day(std::chrono::year_month_day day) const;
  // The first fitting minute of a day at or after `from`; a day or more: there is none.
  std::chrono::minutes next_minute(std::chrono::minutes from) const;
  // Neither minute nor hour begins with *: it means times on the clock. Others mean a rhythm and follow real time.
  bool is_fixed() const { return is_fixed_; }
  const std::string& text() const { return text_; }  // as given, single spaces

 private:
  Result<> read(std::string_view text);
  bool is_possible() const;

  std::bitset<60> minutes_;
  std::bitset<24> hours_;
  std::bitset<32> month_days_;  // 1 to 31
  std::bitset<13> months_;      // 1 to 12
  std::bitset<7> week_days_;    // 0 is Sunday
  bool is_any_month_day_ = false;
  bool is_any_week_day_ = false;
  bool is_fixed_ = false;
  DayRule days_ = DayRule::either;
  std::string text_;
};

}  // namespace weir::scheduler

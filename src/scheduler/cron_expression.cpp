#include "scheduler/cron_expression.hpp"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "scheduler/cron_field.hpp"

namespace weir::scheduler {
namespace {

constexpr std::size_t k_text_max = 200;
constexpr std::array<std::pair<std::string_view, std::string_view>, 7> k_macros{{{"@yearly", "0 0 1 1 *"},
                                                                                 {"@annually", "0 0 1 1 *"},
                                                                                 {"@monthly", "0 0 1 * *"},
                                                                                 {"@weekly", "0 0 * * 0"},
                                                                                 {"@daily", "0 0 * * *"},
                                                                                 {"@midnight", "0 0 * * *"},
                                                                                 {"@hourly", "0 * * * *"}}};

std::vector<std::string_view> words_of(std::string_view text) {
  constexpr std::string_view blanks = " \t";
  std::vector<std::string_view> words;
  for (auto at = text.find_first_not_of(blanks); at != std::string_view::npos;) {
    const auto end = std::min(text.find_first_of(blanks, at), text.size());
    words.push_back(text.substr(at, end - at));
    at = text.find_first_not_of(blanks, end);
  }
  return words;
}

template <std::size_t N>
Result<> read_into(std::bitset<N>& bits, const CronField& field, std::string_view text) {
  const auto numbers = read_cron_field(field, text);
  if (!numbers) return std::unexpected(numbers.error());
  for (const auto number : *numbers) bits.set(static_cast<std::size_t>(number) % N);
  return {};
}

bool is_any(std::string_view field) { return field.starts_with('*'); }

}  // namespace

Result<CronExpression> CronExpression::parse(std::string_view text, DayRule days) {
  CronExpression cron;
  cron.days_ = days;
  if (auto read = cron.read(text); !read) return std::unexpected(read.error());
  if (!cron.is_possible())
    return fail(ErrorCode::invalid_input,
                fmt::format("cron: '{}' names a day that no year has, so it would never run", cron.text_));
  return cron;
}

Result<> CronExpression::read(std::string_view text) {
  if (text.size() > k_text_max) return fail(ErrorCode::invalid_input, "cron: an expression has at most 200 characters");
  auto words = words_of(text);
  text_ = fmt::format("{}", fmt::join(words, " "));
  const auto macro =
      std::ranges::find(k_macros, std::string_view(text_), &std::pair<std::string_view, std::string_view>::first);
  if (macro != k_macros.end()) words = words_of(macro->second);
  if (words.size() != 5)
    return fail(ErrorCode::invalid_input,
                fmt::format("cron: '{}' has {} fields, and five are wanted: minute hour day-of-month month day-of-week "
                            "(or @hourly, @daily, @weekly, @monthly, @yearly)",
                            text_, words.size()));
  if (auto done = read_into(minutes_, k_minute, words[0]); !done) return done;
  if (auto done = read_into(hours_, k_hour, words[1]); !done) return done;
  if (auto done = read_into(month_days_, k_month_day, words[2]); !done) return done;
  if (auto done = read_into(months_, k_month, words[3]); !done) return done;
  if (auto done = read_into(week_days_, k_week_day, words[4]); !done) return done;
  is_fixed_ = !is_any(words[0]) && !is_any(words[1]);
  is_any_month_day_ = is_any(words[2]);
  is_any_week_day_ = is_any(words[4]);
  return {};
}

// Some month has one of the days; weekdays come round to every date.
bool CronExpression::is_possible() const {
  constexpr std::array<std::size_t, 13> k_days_max{0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (!is_any_month_day_ && !is_any_week_day_ && days_ == DayRule::either) return true;
  for (std::size_t month = 1; month <= 12; ++month)
    for (std::size_t day = 1; day <= k_days_max[month]; ++day)
      if (months_[month] && month_days_[day]) return true;
  return false;
}

bool CronExpression::fits_day(std::chrono::year_month_day day) const {
  if (!months_[static_cast<unsigned>(day.month())]) return false;
  const std::chrono::weekday weekday{std::chrono::sys_days(day)};
  const bool fits_month_day = month_days_[static_cast<unsigned>(day.day())];
  const bool fits_week_day = week_days_[weekday.c_encoding()];
  const bool are_both_restricted = !is_any_month_day_ && !is_any_week_day_;
  return are_both_restricted && days_ == DayRule::either ? fits_month_day || fits_week_day
                                                         : fits_month_day && fits_week_day;
}

std::chrono::minutes CronExpression::next_minute(std::chrono::minutes from) const {
  constexpr std::chrono::minutes k_day = std::chrono::days(1);
  for (auto hour = std::chrono::floor<std::chrono::hours>(from); hour < k_day; ++hour) {
    if (!hours_[static_cast<std::size_t>(hour.count())]) continue;
    for (auto minute = std::max(from, std::chrono::minutes(hour)); minute < hour + std::chrono::hours(1); ++minute)
      if (minutes_[static_cast<std::size_t>((minute - hour).count())]) return minute;
  }
  return k_day;
}

}  // namespace weir::scheduler

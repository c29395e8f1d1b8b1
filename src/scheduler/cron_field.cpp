#include "scheduler/cron_field.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <optional>
#include <ranges>

#include <fmt/format.h>

namespace weir::scheduler {
namespace {

constexpr std::array<std::string_view, 12> k_months{"jan", "feb", "mar", "apr", "may", "jun",
                                                    "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::array<std::string_view, 8> k_days{"sun", "mon", "tue", "wed", "thu", "fri", "sat", "sun"};

struct Range {
  int first = 0;
  int last = 0;
};

std::optional<int> read_number(std::string_view text) {
  int number = 0;
  const auto* begin = text.data();
  const auto* end = begin + text.size();
  const auto [stopped, error] = std::from_chars(begin, end, number);
  if (error != std::errc() || stopped != end || text.empty() || text.front() == '-') return std::nullopt;
  return number;
}

std::optional<int> read_word(const CronField& field, std::string_view text) {
  const auto is_same = [&](std::string_view word) {
    return std::ranges::equal(word, text, {}, {}, [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  };
  const auto found = std::ranges::find_if(field.words, is_same);
  if (found == field.words.end()) return std::nullopt;
  return field.first + static_cast<int>(found - field.words.begin());
}

Result<> complain(const CronField& field, std::string_view text, std::string_view why) {
  return fail(ErrorCode::invalid_input, fmt::format("cron: '{}' is no {}: {}", text, field.name, why));
}

Result<int> read_value(const CronField& field, std::string_view text) {
  const auto value = read_number(text).or_else([&] { return read_word(field, text); });
  if (value && *value >= field.first && *value <= field.last) return *value;
  std::string why = fmt::format("write {} to {}", field.first, field.last);
  if (!field.words.empty())
    why += fmt::format(" or {} to {}", field.words.front(), field.words[field.words.size() - 1]);
  if (text.find_first_of("LW#?") != std::string_view::npos) why += "; L, W, # and ? are not offered";
  return std::unexpected(complain(field, text, why).error());
}

Result<Range> read_range(const CronField& field, std::string_view text) {
  if (text == "*") return Range{field.first, field.last};
  const auto dash = text.find('-');
  const auto first = read_value(field, text.substr(0, dash));
  if (!first) return std::unexpected(first.error());
  if (dash == std::string_view::npos) return Range{*first, *first};
  const auto last = read_value(field, text.substr(dash + 1));
  if (!last) return std::unexpected(last.error());
  if (*first > *last && !field.wraps)
    return std::unexpected(complain(field, text, "a range goes from the lower to the higher").error());
  return Range{*first, *last};
}

Result<int> read_step(const CronField& field, std::string_view text, std::string_view step) {
  const auto value = read_number(step);
  if (value && *value >= 1 && *value <= field.last - field.first + 1) return *value;
  return std::unexpected(
      complain(field, text, fmt::format("a step is a number from 1 to {}", field.last - field.first + 1)).error());
}

// The size of the circle that a range may wrap around: Sunday is there twice.
int circle(const CronField& field) { return &field == &k_week_day ? 7 : field.last - field.first + 1; }

Result<> read_part(const CronField& field, std::string_view text, std::vector<int>& numbers) {
  const auto slash = text.find('/');
  const auto range = read_range(field, text.substr(0, slash));
  if (!range) return std::unexpected(range.error());
  int step = 1;
  if (slash != std::string_view::npos) {
    if (range->first == range->last && text.front() != '*')
      return complain(field, text,
                      fmt::format("a step needs a range, such as {}-{}", text.substr(0, slash), field.last));
    const auto given = read_step(field, text, text.substr(slash + 1));
    if (!given) return std::unexpected(given.error());
    step = *given;
  }
  const int last = range->last < range->first ? range->last + circle(field) : range->last;
  for (int i = range->first; i <= last; i += step) numbers.push_back(field.first + (i - field.first) % circle(field));
  return {};
}

}  // namespace

const CronField k_minute{"minute", 0, 59};
const CronField k_hour{"hour", 0, 23};
const CronField k_month_day{"day of the month", 1, 31};
const CronField k_month{"month", 1, 12, k_months, true};
const CronField k_week_day{"day of the week", 0, 7, k_days, true};

Result<std::vector<int>> read_cron_field(const CronField& field, std::string_view text) {
  std::vector<int> numbers;
  for (const auto part : std::views::split(text, ',')) {
    const auto read = read_part(field, std::string_view(part.begin(), part.end()), numbers);
    if (!read) return std::unexpected(read.error());
  }
  if (numbers.empty()) return std::unexpected(complain(field, text, "it is empty").error());
  return numbers;
}

}  // namespace weir::scheduler

#include "base/time.hpp"

#include <cmath>
#include <ctime>

#include <fmt/format.h>

namespace weir {
namespace {

using namespace std::chrono;

constexpr Instant k_first{sys_days(year(1) / 1 / 1)}, k_end{sys_days(year(10'000) / 1 / 1)};

// Reads exactly `width` digits at `pos`; -1 when they are not there.
int read_digits(std::string_view text, std::size_t& pos, std::size_t width) {
  if (pos + width > text.size()) return -1;
  int value = 0;
  for (std::size_t i = 0; i < width; ++i) {
    const char c = text[pos + i];
    if (c < '0' || c > '9') return -1;
    value = value * 10 + (c - '0');
  }
  pos += width;
  return value;
}

bool read_char(std::string_view text, std::size_t& pos, std::string_view any_of) {
  if (pos >= text.size() || any_of.find(text[pos]) == std::string_view::npos) return false;
  ++pos;
  return true;
}

// 0 to 9 digits after a dot; microseconds, -1 when malformed.
std::int64_t read_fraction(std::string_view text, std::size_t& pos) {
  if (!read_char(text, pos, ".,")) return 0;
  std::int64_t value = 0;
  std::size_t digits = 0;
  for (; pos < text.size() && text[pos] >= '0' && text[pos] <= '9'; ++pos, ++digits)
    if (digits < 6) value = value * 10 + (text[pos] - '0');
  if (digits == 0 || digits > 9) return -1;
  for (; digits < 6; ++digits) value *= 10;
  return value;
}

// The zone's offset in minutes; nullopt when malformed.
std::optional<minutes> read_zone(std::string_view text, std::size_t& pos) {
  if (read_char(text, pos, "Zz")) return 0min;
  const bool negative = pos < text.size() && text[pos] == '-';
  if (!read_char(text, pos, "+-")) return std::nullopt;
  const int hour = read_digits(text, pos, 2);
  const bool has_minutes = read_char(text, pos, ":") || pos < text.size();
  const int minute = has_minutes ? read_digits(text, pos, 2) : 0;
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59) return std::nullopt;
  const minutes offset = hours(hour) + minutes(minute);
  return negative ? -offset : offset;
}

class SystemClock final : public Clock {
 public:
  Instant now() const override { return floor<microseconds>(std::chrono::system_clock::now()); }
  nanoseconds boottime() const override {
    timespec value{};
    clock_gettime(CLOCK_BOOTTIME, &value);
    return seconds(value.tv_sec) + nanoseconds(value.tv_nsec);
  }
};

std::int64_t unit_seconds(char unit) {
  switch (unit) {
    case 's': return 1;
    case 'm': return 60;
    case 'h': return 3600;
    case 'd': return 86400;
    case 'w': return 604'800;
    default: return 0;
  }
}

}  // namespace

std::string format_rfc3339(Instant instant) {
  const auto day = floor<days>(instant);
  const year_month_day date{day};
  const hh_mm_ss time{instant - day};
  auto out = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", int(date.year()), unsigned(date.month()),
                         unsigned(date.day()), time.hours().count(), time.minutes().count(), time.seconds().count());
  if (time.subseconds().count() != 0) {
    out += fmt::format(".{:06}", time.subseconds().count());
    while (out.back() == '0') out.pop_back();
  }
  return out + 'Z';
}

std::optional<Instant> parse_rfc3339(std::string_view text) {
  std::size_t pos = 0;
  const int y = read_digits(text, pos, 4);
  if (y < 1 || !read_char(text, pos, "-")) return std::nullopt;
  const int mon = read_digits(text, pos, 2);
  if (mon < 1 || !read_char(text, pos, "-")) return std::nullopt;
  const int d = read_digits(text, pos, 2);
  if (d < 1 || !read_char(text, pos, "Tt ")) return std::nullopt;
  const int h = read_digits(text, pos, 2);
  if (h < 0 || h > 23 || !read_char(text, pos, ":")) return std::nullopt;
  const int min = read_digits(text, pos, 2);
  if (min < 0 || min > 59 || !read_char(text, pos, ":")) return std::nullopt;
  const int s = read_digits(text, pos, 2);
  if (s < 0 || s > 60) return std::nullopt;  // 60: a leap second, read as the next one
  const auto fraction = read_fraction(text, pos);
  if (fraction < 0) return std::nullopt;
  const auto zone = read_zone(text, pos);
  if (!zone || pos != text.size()) return std::nullopt;
  const year_month_day date{year(y), month(static_cast<unsigned>(mon)), day(static_cast<unsigned>(d))};
  if (!date.ok()) return std::nullopt;
  const auto instant = Instant{sys_days(date)} + hours(h) + minutes(min) + seconds(s) + microseconds(fraction) - *zone;
  if (instant < k_first || instant >= k_end) return std::nullopt;  // by its zone
  return instant;
}

std::optional<seconds> parse_duration(std::string_view text) {
  constexpr std::int64_t k_max = std::int64_t{100'000} * 86400;  // 270 years: any sane duration
  std::int64_t total = 0;
  std::size_t pos = 0;
  while (pos < text.size()) {
    std::int64_t value = 0;
    const std::size_t start = pos;
    for (; pos < text.size() && text[pos] >= '0' && text[pos] <= '9'; ++pos) {
      value = value * 10 + (text[pos] - '0');
      if (value > k_max) return std::nullopt;
    }
    if (pos == start || pos == text.size()) return std::nullopt;
    const auto unit = unit_seconds(text[pos++]);
    if (unit == 0 || value > k_max / unit) return std::nullopt;
    total += value * unit;
    if (total > k_max) return std::nullopt;
  }
  if (text.empty()) return std::nullopt;
  return seconds(total);
}

std::string format_duration(milliseconds duration) {
  const auto ms = duration.count();
  if (ms < 1000) return fmt::format("{}ms", ms);
  if (ms < 60'000) return fmt::format("{:.1f}s", static_cast<double>(ms) / 1000.0);
  const auto s = ms / 1000;
  if (s < 3600) return fmt::format("{}m {:02}s", s / 60, s % 60);
  if (s < 86400) return fmt::format("{}h {:02}m", s / 3600, s % 3600 / 60);
  return fmt::format("{}d {}h", s / 86400, s % 86400 / 3600);
}

Clock& system_clock() {
  static SystemClock clock;
  return clock;
}

}  // namespace weir

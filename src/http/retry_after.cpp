#include "http/retry_after.hpp"

#include <algorithm>

#include "http/headers.hpp"
#include "http/http_date.hpp"
#include "http/scanner.hpp"

namespace weir::http {
namespace {

using namespace std::chrono;

constexpr std::int64_t k_epoch_seconds_min = 100'000'000;
constexpr std::int64_t k_epoch_milliseconds_min = 100'000'000'000;
constexpr std::int64_t k_number_max = 1'000'000'000'000'000;

// Digits with an optional fraction, which counts as one more; too large a number is as large as it gets.
std::optional<std::int64_t> parse_rounded_up(std::string_view text) {
  Scanner scanner(text);
  const bool is_negative = scanner.skip('-');
  const auto digits = scanner.take_while("0123456789");
  if (digits.empty()) return std::nullopt;
  std::int64_t fraction = 0;
  if (scanner.skip('.'))
    fraction = scanner.take_while("0123456789").find_first_not_of('0') != std::string_view::npos ? 1 : 0;
  if (!scanner.at_end()) return std::nullopt;
  const auto whole = Scanner(digits).take_number().value_or(k_number_max);
  const auto value = std::min(whole, k_number_max) + fraction;
  return is_negative ? -value : value;
}

// Jira leaves the seconds out: 2026-03-02T10:15Z.
std::optional<Instant> parse_time(std::string_view text) {
  if (const auto date = parse_http_date(text)) return date;
  if (const auto full = parse_rfc3339(text)) return full;
  constexpr std::size_t k_minutes_end = std::string_view("2026-03-02T10:15").size();
  if (text.size() <= k_minutes_end || text.size() > k_minutes_end + 6) return std::nullopt;
  std::string with_seconds(text);
  return parse_rfc3339(with_seconds.insert(k_minutes_end, ":00"));
}

Instant clamped(Instant instant, Instant now) { return std::clamp(instant, now - k_wait_max, now + k_wait_max); }

Duration seconds_at_most(std::int64_t count) {
  const auto most = duration_cast<seconds>(k_wait_max).count();
  return seconds(std::clamp(count, -most, most));
}

}  // namespace

std::optional<Duration> parse_retry_after(std::string_view value, Instant now) {
  const auto text = trimmed(value);
  if (const auto count = parse_rounded_up(text)) return std::max(Duration::zero(), seconds_at_most(*count));
  if (const auto time = parse_time(text)) return std::max(Duration::zero(), Duration(clamped(*time, now) - now));
  return std::nullopt;
}

std::optional<Instant> parse_reset(std::string_view value, Instant now) {
  const auto text = trimmed(value);
  if (const auto count = parse_rounded_up(text)) {
    if (*count < k_epoch_seconds_min) return now + seconds_at_most(*count);
    if (*count < k_epoch_milliseconds_min) return clamped(Instant(seconds(*count)), now);
    return clamped(Instant(milliseconds(*count)), now);
  }
  const auto time = parse_time(text);
  return time ? std::optional(clamped(*time, now)) : std::nullopt;
}

}  // namespace weir::http

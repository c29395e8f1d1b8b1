#include "http/rate_observation.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "http/retry_after.hpp"
#include "http/scanner.hpp"

namespace weir::http {
namespace {

using namespace std::chrono;

constexpr std::array<std::string_view, 3> k_prefixes{"X-RateLimit-", "RateLimit-", "X-Rate-Limit-"};
constexpr std::size_t k_text_max = 100;

struct Interval {
  std::string_view name;
  seconds length;
};
constexpr std::array k_intervals{Interval{"Second", seconds(1)}, Interval{"Minute", minutes(1)},
                                 Interval{"Hour", hours(1)}, Interval{"Day", days(1)}};

std::optional<std::string_view> find(const Headers& headers, std::string_view name) {
  for (const auto prefix : k_prefixes)
    if (const auto value = headers.get(fmt::format("{}{}", prefix, name))) return value;
  return std::nullopt;
}

// "100" and "100;w=60" and "100, 100;w=60": the first number.
std::optional<std::int64_t> parse_count(std::optional<std::string_view> text) {
  if (!text) return std::nullopt;
  Scanner scanner(*text);
  const bool is_negative = scanner.skip('-');
  const auto value = scanner.take_number();
  const bool is_whole = scanner.at_end() || std::string_view(" ,;.").find(scanner.peek()) != std::string_view::npos;
  if (!value || !is_whole) return std::nullopt;
  return is_negative ? 0 : *value;
}

std::string bounded(std::optional<std::string_view> text) {
  return std::string(text.value_or("").substr(0, k_text_max));
}

// X-RateLimit-Remaining-Minute and the like: the interval with the smallest share left, the longest among equals.
void read_intervals(const Headers& headers, Instant now, RateObservation& seen) {
  double least = 2.0;
  for (const auto& interval : k_intervals) {
    const auto limit = parse_count(find(headers, fmt::format("Limit-{}", interval.name)));
    const auto remaining = parse_count(find(headers, fmt::format("Remaining-{}", interval.name)));
    if (!limit || !remaining || *limit == 0) continue;
    const auto share = static_cast<double>(*remaining) / static_cast<double>(*limit);
    if (share > least) continue;
    least = share;
    seen.limit = limit;
    seen.remaining = remaining;
    seen.reset_at = now + interval.length;
  }
}

// A token bucket: every interval gives back fill-rate tokens.
void read_token_bucket(const Headers& headers, Instant now, RateObservation& seen) {
  const auto interval = parse_count(find(headers, "Interval-Seconds"));
  const auto fill = parse_count(find(headers, "FillRate"));
  if (!interval || !fill || *interval == 0 || *fill == 0 || seen.reset_at) return;
  seen.reset_at = now + std::min<Duration>(seconds(std::min<std::int64_t>(*interval, 86400)), k_wait_max);
  seen.refill = fill;
}

void set_if_absent(std::optional<std::int64_t>& target, std::optional<std::int64_t> value) {
  if (!target) target = value;
}

// One member of the IETF field: limit=100, remaining=50, reset=30, or "name";r=50;t=30.
void read_draft_field(std::string_view field, Instant now, RateObservation& seen) {
  Scanner scanner(field);
  if (scanner.skip('"')) {
    if (seen.bucket.empty()) seen.bucket = bounded(scanner.take_until("\""));
    scanner.skip('"');
  }
  while (!scanner.at_end()) {
    scanner.skip_any(" \t,;");
    const auto name = scanner.take_until("=,; \t");
    if (!scanner.skip('=')) continue;
    const auto value = scanner.take_until(",; \t");
    if (equals_ignoring_case(name, "limit")) set_if_absent(seen.limit, parse_count(value));
    if (equals_ignoring_case(name, "remaining") || name == "r") set_if_absent(seen.remaining, parse_count(value));
    if ((equals_ignoring_case(name, "reset") || name == "t") && !seen.reset_at) seen.reset_at = parse_reset(value, now);
  }
}

}  // namespace

RateObservation observe_rate(const Headers& headers, Instant now) {
  RateObservation seen;
  seen.limit = parse_count(find(headers, "Limit"));
  seen.remaining = parse_count(find(headers, "Remaining"));
  seen.used = parse_count(find(headers, "Used"));
  set_if_absent(seen.used, parse_count(find(headers, "Observed")));
  if (const auto reset = find(headers, "Reset")) seen.reset_at = parse_reset(*reset, now);
  if (const auto reset = find(headers, "ResetTime"); reset && !seen.reset_at) seen.reset_at = parse_reset(*reset, now);
  seen.bucket = bounded(find(headers, "Resource"));
  if (seen.bucket.empty()) seen.bucket = bounded(find(headers, "Name"));
  seen.reason = bounded(find(headers, "Reason"));
  seen.is_near_limit = equals_ignoring_case(find(headers, "NearLimit").value_or(""), "true");
  if (const auto field = headers.get("RateLimit")) read_draft_field(field->substr(0, 500), now, seen);
  if (!seen.remaining) read_intervals(headers, now, seen);
  read_token_bucket(headers, now, seen);
  if (const auto wait = headers.get("Retry-After")) seen.retry_after = parse_retry_after(*wait, now);
  return seen;
}

}  // namespace weir::http

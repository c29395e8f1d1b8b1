#include "weir/time_range.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "weir/table.hpp"

namespace weir::app {
namespace {

constexpr std::size_t k_day_letters = 10;

Result<Instant> parse_end(const std::string& name, const std::string& text, std::chrono::days of_a_day) {
  if (const auto instant = parse_rfc3339(text)) return *instant;
  const auto day = text.size() == k_day_letters ? parse_rfc3339(text + "T00:00:00Z") : std::nullopt;
  if (day) return *day + of_a_day;
  return fail(ErrorCode::usage,
              fmt::format("{} is '{}': a day (2026-01-31) or an instant (2026-01-31T12:00:00Z) is wanted", name,
                          printable(text)));
}

}  // namespace

Result<NamedRange> parse_range(const std::string& from, const std::string& to, Instant now) {
  const auto begin = parse_end("--from", from, std::chrono::days(0));
  if (!begin) return std::unexpected(begin.error());
  const auto end = parse_end("--to", to, std::chrono::days(1));
  if (!end) return std::unexpected(end.error());
  if (*begin >= *end)
    return fail(ErrorCode::usage,
                fmt::format("--from {} is not before --to {}: no time lies between", printable(from), printable(to)));
  if (*begin >= now) return fail(ErrorCode::usage, fmt::format("--from {} is in the future", printable(from)));
  if (*end > std::chrono::floor<std::chrono::days>(now) + std::chrono::days(1))
    return fail(ErrorCode::usage, fmt::format("--to {} is in the future", printable(to)));
  return NamedRange{*begin, std::min(*end, now), *end};
}

}  // namespace weir::app

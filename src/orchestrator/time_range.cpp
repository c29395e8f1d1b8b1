#include "orchestrator/time_range.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace weir::orchestrator {
namespace {

constexpr std::size_t k_day_letters = 10;
constexpr std::size_t k_shown_letters = 40;

std::string shown(const std::string& text) {
  auto part = text.substr(0, k_shown_letters);
  std::ranges::replace_if(part, [](char letter) { return letter < ' ' || letter > '~'; }, '?');
  return part;
}

Result<Instant> parse_end(const std::string& name, const std::string& text, std::chrono::days of_a_day) {
  if (const auto instant = parse_rfc3339(text)) return *instant;
  const auto day = text.size() == k_day_letters ? parse_rfc3339(text + "T00:00:00Z") : std::nullopt;
  if (day) return *day + of_a_day;
  return fail(
      ErrorCode::usage,
      fmt::format("{} is '{}': a day (2026-01-31) or an instant (2026-01-31T12:00:00Z) is wanted", name, shown(text)));
}

}  // namespace

Result<NamedRange> parse_range(const std::string& from, const std::string& to, Instant now, const RangeNames& names) {
  const auto begin = parse_end(names.from, from, std::chrono::days(0));
  if (!begin) return std::unexpected(begin.error());
  const auto end = parse_end(names.to, to, std::chrono::days(1));
  if (!end) return std::unexpected(end.error());
  if (*begin >= *end)
    return fail(ErrorCode::usage, fmt::format("{} {} is not before {} {}: no time lies between", names.from,
                                              shown(from), names.to, shown(to)));
  if (*begin >= now) return fail(ErrorCode::usage, fmt::format("{} {} is in the future", names.from, shown(from)));
  if (*end > std::chrono::floor<std::chrono::days>(now) + std::chrono::days(1))
    return fail(ErrorCode::usage, fmt::format("{} {} is in the future", names.to, shown(to)));
  return NamedRange{*begin, std::min(*end, now), *end};
}

}  // namespace weir::orchestrator

#include "scheduler/cron_fires.hpp"

#include <algorithm>

namespace weir::scheduler {
namespace {

using std::chrono::local_seconds;
using std::chrono::seconds;
using std::chrono::sys_seconds;

constexpr seconds k_horizon = std::chrono::years(50);
constexpr seconds k_change_max = std::chrono::hours(3);

}  // namespace

// A gap: local times from `before` until `after` never were. An overlap: those from `after` until `before` come twice.
struct CronFires::Change {
  bool is_gap = false;
  bool is_overlap = false;
  local_seconds before;  // where the clock stood
  local_seconds after;   // where it was put
};

CronFires::Change CronFires::change_at(const ZoneSpan& span) const {
  if (span.begin < sys_seconds(std::chrono::sys_days(std::chrono::year(1800) / 1 / 1))) return {};
  const auto previous = zone_.span_at(span.begin - seconds(1));
  const auto jump = span.offset - previous.offset;
  if (jump == seconds(0) || std::chrono::abs(jump) > k_change_max) return {};
  return {jump > seconds(0), jump < seconds(0), previous.to_local(span.begin), span.to_local(span.begin)};
}

std::optional<Fire> CronFires::next(sys_seconds after) const {
  const auto horizon = after + k_horizon;
  const auto from = after + seconds(1);
  std::optional<local_seconds> left_out;
  for (auto span = zone_.span_at(from); span.begin < horizon; span = zone_.span_at(span.end)) {
    const auto change = change_at(span);
    const bool has_gap = cron_.is_fixed() && change.is_gap && span.begin >= from;
    const auto in_gap = has_gap ? first_fit(change.before, change.after) : std::nullopt;
    if (in_gap && rules_.gap == GapRule::after) return Fire{span.begin, span.offset, FireNote::after_gap};
    if (!left_out) left_out = in_gap;
    if (auto fire = first_in(span, change, std::max(from, span.begin), horizon)) {
      if (!left_out) return fire;
      return Fire{fire->at, fire->offset, FireNote::after_left_out, left_out};
    }
    if (span.end >= horizon) break;
  }
  return std::nullopt;
}

std::optional<Fire> CronFires::first_in(const ZoneSpan& span, const Change& change, sys_seconds from,
                                        sys_seconds horizon) const {
  auto local = span.to_local(from);
  if (cron_.is_fixed() && rules_.overlap == OverlapRule::first && change.is_overlap)
    local = std::max(local, change.before);
  const auto fit = first_fit(local, span.to_local(std::min(span.end, horizon)));
  if (!fit) return std::nullopt;
  return Fire{span.to_sys(*fit), span.offset, note_of(span, change, *fit)};
}

FireNote CronFires::note_of(const ZoneSpan& span, const Change& change, local_seconds local) const {
  if (!cron_.is_fixed()) return FireNote::none;
  if (change.is_overlap && local < change.before) return FireNote::second_of_two;
  const auto following = zone_.span_at(span.end);
  if (following.begin != span.end) return FireNote::none;  // the last span: its end is in it
  const auto next = change_at(following);
  return next.is_overlap && local >= next.after ? FireNote::first_of_two : FireNote::none;
}

std::optional<local_seconds> CronFires::first_fit(local_seconds from, local_seconds end) const {
  auto start = std::chrono::ceil<std::chrono::minutes>(from);
  while (start < end) {
    const auto day = std::chrono::floor<std::chrono::days>(start);
    if (cron_.fits_day(std::chrono::year_month_day(day))) {
      const auto minute = cron_.next_minute(start - day);
      if (minute < std::chrono::days(1))
        return day + minute < end ? std::optional(local_seconds(day + minute)) : std::nullopt;
    }
    start = day + std::chrono::days(1);
  }
  return std::nullopt;
}

}  // namespace weir::scheduler

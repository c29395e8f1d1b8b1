#include "scheduler/fire_plan.hpp"

#include <fmt/format.h>

#include "base/time.hpp"

namespace weir::scheduler {
namespace {

using std::chrono::seconds;
using std::chrono::sys_seconds;

Fire next_multiple(seconds every, sys_seconds after) {
  const auto since = after.time_since_epoch();
  const auto rest = ((since % every) + every) % every;
  return {sys_seconds(since - rest + every)};
}

// The last fire not after `now`, by halves, when there is one at `fire`.
sys_seconds last_until(const FirePlan& plan, sys_seconds fire, sys_seconds now) {
  for (auto none_after = now; fire < none_after;) {
    const auto middle = fire + (none_after - fire) / 2;
    const auto next = plan.next(middle);
    if (next && next->at <= now)
      fire = next->at;
    else
      none_after = middle;
  }
  return fire;
}

}  // namespace

Result<FirePlan> FirePlan::every(seconds every, seconds spread) {
  if (every < k_interval_min || every > k_interval_max)
    return fail(ErrorCode::invalid_input,
                fmt::format("an interval is from {} to {}, not {}", format_duration(k_interval_min),
                            format_duration(k_interval_max), format_duration(every)));
  return FirePlan(every, spread % every);
}

FirePlan FirePlan::cron(CronFires fires, seconds spread) { return {std::move(fires), spread}; }

std::optional<Fire> FirePlan::next(sys_seconds after) const {
  auto fire = std::holds_alternative<seconds>(base_)
                  ? std::optional(next_multiple(std::get<seconds>(base_), after - spread_))
                  : std::get<CronFires>(base_).next(after - spread_);
  if (fire) fire->at += spread_;
  return fire;
}

seconds spread_of(std::string_view tenant_id, seconds window) {
  if (window <= seconds(0)) return seconds(0);
  std::uint64_t hash = 14695981039346656037ULL;  // FNV-1a, and a finish that mixes its upper bits
  for (const char c : tenant_id) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  hash = (hash ^ (hash >> 33U)) * 0xff51afd7ed558ccdULL;
  hash ^= hash >> 33U;
  return seconds(static_cast<std::int64_t>(hash % static_cast<std::uint64_t>(window.count())));
}

DueFire collapse_missed(const FirePlan& plan, sys_seconds due, sys_seconds now) {
  DueFire fire{due};
  auto next = plan.next(due);
  while (next && next->at <= now && fire.missed < k_missed_max) {
    fire.at = next->at;
    ++fire.missed;
    next = plan.next(next->at);
  }
  if (next && next->at <= now) {
    fire.at = last_until(plan, next->at, now);
    next = plan.next(now);
  }
  if (next) fire.next = next->at;
  return fire;
}

std::vector<Fire> preview(const FirePlan& plan, sys_seconds after, std::size_t count) {
  std::vector<Fire> fires;
  for (auto next = plan.next(after); next && fires.size() < count; next = plan.next(next->at)) fires.push_back(*next);
  return fires;
}

}  // namespace weir::scheduler

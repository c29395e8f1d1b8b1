#include "scheduler/schedule.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace weir::scheduler {
namespace {

using std::string_view;
using std::chrono::seconds;

// In the order of their enumerations.
constexpr std::array k_gap_rules{string_view("after"), string_view("skip")};
constexpr std::array k_overlap_rules{string_view("first"), string_view("both")};
constexpr std::array k_day_rules{string_view("either"), string_view("both")};
constexpr std::array k_missed_rules{string_view("once"), string_view("skip")};
constexpr seconds k_spread_max = std::chrono::hours(24);

template <class Enum>
Result<Enum> rule_of(string_view what, const std::array<string_view, 2>& words, string_view word) {
  const auto found = std::ranges::find(words, word);
  if (found != words.end()) return static_cast<Enum>(found - words.begin());
  return fail(ErrorCode::invalid_input,
              fmt::format("the {} rule is {}, not '{}'", what, fmt::join(words, " or "), word));
}

Result<> check_spread(seconds spread) {
  if (spread >= seconds(0) && spread <= k_spread_max) return {};
  return fail(ErrorCode::invalid_input, fmt::format("fires are spread over at most {}, not {}",
                                                    format_duration(k_spread_max), format_duration(spread)));
}

// An interval, an expression or by hand, where the change says so.
void change_kind(Schedule& schedule, const ScheduleChange& change) {
  if (change.is_by_hand) schedule = {};
  if (change.every) {
    // So that the tenants of an interval do not all come at the same instant.
    schedule = {.every = change.every, .missed = schedule.missed, .spread = std::min(*change.every, k_spread_max)};
  }
  if (!change.cron) return;
  if (!schedule.cron) schedule = {.missed = schedule.missed};
  schedule.cron = change.cron;
}

Result<FirePlan> cron_plan(const Schedule& schedule, seconds share) {
  auto cron = CronExpression::parse(*schedule.cron, schedule.days);
  if (!cron) return std::unexpected(cron.error());
  auto zone = TimeZone::find(schedule.time_zone);
  if (!zone) return std::unexpected(zone.error());
  return FirePlan::cron(CronFires(std::move(*cron), std::move(*zone), schedule.clock_changes), share);
}

Result<FirePlan> fire_plan(const Schedule& schedule, TenantId tenant) {
  const auto share = spread_of(to_string(tenant), schedule.spread);
  return schedule.every ? FirePlan::every(*schedule.every, share) : cron_plan(schedule, share);
}

Result<DueDecision> decide(const Schedule& schedule, TenantId tenant, Instant due, Instant now) {
  const auto plan = plan_of(schedule, tenant);
  if (!plan) return std::unexpected(plan.error());
  if (!*plan) return DueDecision{.fire = due, .is_skipped = true};
  const auto collapsed = collapse_missed(**plan, std::chrono::floor<seconds>(due), std::chrono::floor<seconds>(now));
  DueDecision decision{.fire = collapsed.at, .missed = static_cast<int>(collapsed.missed)};
  if (collapsed.next) decision.next = *collapsed.next;
  decision.is_skipped = schedule.missed == MissedRule::skip && now - decision.fire > k_late_max;
  return decision;
}

}  // namespace

string_view name_of(GapRule rule) { return k_gap_rules[static_cast<std::size_t>(rule)]; }
string_view name_of(OverlapRule rule) { return k_overlap_rules[static_cast<std::size_t>(rule)]; }
string_view name_of(DayRule rule) { return k_day_rules[static_cast<std::size_t>(rule)]; }
string_view name_of(MissedRule rule) { return k_missed_rules[static_cast<std::size_t>(rule)]; }

Result<GapRule> gap_rule_of(string_view word) { return rule_of<GapRule>("gap", k_gap_rules, word); }
Result<OverlapRule> overlap_rule_of(string_view word) { return rule_of<OverlapRule>("overlap", k_overlap_rules, word); }
Result<DayRule> day_rule_of(string_view word) { return rule_of<DayRule>("day", k_day_rules, word); }
Result<MissedRule> missed_rule_of(string_view word) { return rule_of<MissedRule>("missed", k_missed_rules, word); }

void to_json(nlohmann::json& json, const Schedule& schedule) {
  json = nlohmann::json::object();
  if (schedule.every) json["every_seconds"] = schedule.every->count();
  if (schedule.cron)
    json.update({{"cron", *schedule.cron},
                 {"time_zone", schedule.time_zone},
                 {"gap_rule", name_of(schedule.clock_changes.gap)},
                 {"overlap_rule", name_of(schedule.clock_changes.overlap)},
                 {"day_rule", name_of(schedule.days)}});
  if (schedule.every || schedule.cron)
    json.update({{"missed", name_of(schedule.missed)}, {"spread_seconds", schedule.spread.count()}});
}

Result<Schedule> changed_schedule(Schedule now, const ScheduleChange& change) {
  if (change.every && change.cron)
    return fail(ErrorCode::invalid_input, "a schedule is an interval or a cron expression, not both");
  change_kind(now, change);
  if (!now.cron && (change.time_zone || change.gap || change.overlap || change.days))
    return fail(ErrorCode::invalid_input,
                "the time zone and the rules for gaps, overlaps and days say more about a cron expression, and this "
                "schedule has none");
  if (!now.cron && !now.every && (change.missed || change.spread))
    return fail(ErrorCode::invalid_input,
                "the spread and the rule for missed fires say more about an interval or a cron expression, and this "
                "schedule has neither");
  now.time_zone = change.time_zone.value_or(now.time_zone);
  now.clock_changes.gap = change.gap.value_or(now.clock_changes.gap);
  now.clock_changes.overlap = change.overlap.value_or(now.clock_changes.overlap);
  now.days = change.days.value_or(now.days);
  now.missed = change.missed.value_or(now.missed);
  now.spread = change.spread.value_or(now.spread);
  return now;
}

Result<std::optional<FirePlan>> plan_of(const Schedule& schedule, TenantId tenant) {
  if (schedule.every && schedule.cron)
    return fail(ErrorCode::invalid_input, "a schedule is an interval or a cron expression, not both");
  if (const auto good = check_spread(schedule.spread); !good) return std::unexpected(good.error());
  if (!schedule.every && !schedule.cron) return std::optional<FirePlan>();
  auto plan = fire_plan(schedule, tenant);
  if (!plan) return std::unexpected(plan.error());
  return std::optional(std::move(*plan));
}

std::optional<Instant> next_fire(const std::optional<FirePlan>& plan, Instant after) {
  const auto fire = plan ? plan->next(std::chrono::floor<seconds>(after)) : std::nullopt;
  return fire ? std::optional<Instant>(fire->at) : std::nullopt;
}

// A zone's file is read when it is first asked, and may be broken.
Result<DueDecision> decide_due(const Schedule& schedule, TenantId tenant, Instant due, Instant now) {
  try {
    return decide(schedule, tenant, due, now);
  } catch (const std::exception& error) {
    return fail(ErrorCode::configuration,
                fmt::format("this machine cannot compute fires in the time zone {}: install the package tzdata again",
                            schedule.time_zone),
                error.what());
  }
}

}  // namespace weir::scheduler

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
  json["missed"] = name_of(schedule.missed);
  json["spread_seconds"] = schedule.spread.count();
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

Result<DueDecision> decide_due(const Schedule& schedule, TenantId tenant, Instant due, Instant now) {
  const auto plan = plan_of(schedule, tenant);
  if (!plan) return std::unexpected(plan.error());
  if (!*plan) return DueDecision{.fire = due, .is_skipped = true};
  const auto collapsed = collapse_missed(**plan, std::chrono::floor<seconds>(due), std::chrono::floor<seconds>(now));
  DueDecision decision{.fire = collapsed.at, .missed = static_cast<int>(collapsed.missed)};
  if (collapsed.next) decision.next = *collapsed.next;
  decision.is_skipped = schedule.missed == MissedRule::skip && now - decision.fire > k_late_max;
  return decision;
}

}  // namespace weir::scheduler

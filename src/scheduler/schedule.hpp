// A pipeline's schedule as it is written down, and what it says about one due pipeline. Pure.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include "base/strong_id.hpp"
#include "base/time.hpp"
#include "scheduler/fire_plan.hpp"

namespace weir::scheduler {

// What happens to fires that nobody was there for: the latest is made up for, or none is.
enum class MissedRule { once, skip };

// Neither interval nor expression: the pipeline runs by hand only.
struct Schedule {
  std::optional<std::chrono::seconds> every{};
  std::optional<std::string> cron{};
  std::string time_zone = "UTC";
  ClockChangeRules clock_changes{};
  DayRule days = DayRule::either;
  MissedRule missed = MissedRule::once;
  std::chrono::seconds spread{0};  // fires are moved by the tenant's share of it

  bool operator==(const Schedule&) const = default;
};
void to_json(nlohmann::json& json, const Schedule& schedule);

// What somebody says about a schedule; what is not said stays as it is.
struct ScheduleChange {
  std::optional<std::chrono::seconds> every{};
  std::optional<std::string> cron{};
  bool is_by_hand = false;
  std::optional<std::string> time_zone{};
  std::optional<GapRule> gap{};
  std::optional<OverlapRule> overlap{};
  std::optional<DayRule> days{};
  std::optional<MissedRule> missed{};
  std::optional<std::chrono::seconds> spread{};  // not given with every: the interval, at most a day
};
// `now` with the change. Where it becomes of another kind, what was said about the former kind is gone. invalid_input
// when the change says something that a schedule of its kind does not have.
Result<Schedule> changed_schedule(Schedule now, const ScheduleChange& change);

std::string_view name_of(GapRule rule);
std::string_view name_of(OverlapRule rule);
std::string_view name_of(DayRule rule);
std::string_view name_of(MissedRule rule);
// invalid_input names the words that are allowed.
Result<GapRule> gap_rule_of(std::string_view word);
Result<OverlapRule> overlap_rule_of(std::string_view word);
Result<DayRule> day_rule_of(std::string_view word);
Result<MissedRule> missed_rule_of(std::string_view word);

// nullopt: by hand only. invalid_input with the remedy.
Result<std::optional<FirePlan>> plan_of(const Schedule& schedule, TenantId tenant);

// The first fire after an instant, by a plan that may not exist.
std::optional<Instant> next_fire(const std::optional<FirePlan>& plan, Instant after);

// A fire this late was missed.
inline constexpr std::chrono::minutes k_late_max{5};

struct DueDecision {
  Instant fire;                   // to run
  std::optional<Instant> next{};  // the one after it
  int missed = 0;                 // earlier fires that it stands for
  bool is_skipped = false;        // recorded, not run
};
// What to do at `now` about a pipeline whose fire at `due` (not after now) has not happened.
Result<DueDecision> decide_due(const Schedule& schedule, TenantId tenant, Instant due, Instant now);

}  // namespace weir::scheduler

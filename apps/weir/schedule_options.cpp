#include "weir/schedule_options.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace weir::app {
namespace {

using scheduler::Schedule;

// So that the tenants of an interval do not all come at the same instant.
constexpr std::chrono::seconds k_own_spread_max = std::chrono::hours(24);

// As it can be written again: 1h30m.
std::string written(std::chrono::seconds duration) {
  std::string text;
  auto left = duration.count();
  for (const auto& [unit, seconds] : {std::pair{'d', 86'400}, {'h', 3'600}, {'m', 60}, {'s', 1}}) {
    if (left >= seconds) text += fmt::format("{}{}", left / seconds, unit);
    left %= seconds;
  }
  return text;
}

Result<std::chrono::seconds> read_duration(std::string_view option, const std::string& text) {
  const auto duration = parse_duration(text);
  if (duration) return *duration;
  return fail(ErrorCode::usage,
              fmt::format("{} is '{}', which is no duration; write for example 15m, 6h or 1d", option, text));
}

template <class Rule>
Result<> read_rule(const std::optional<std::string>& text, Result<Rule> (*rule_of)(std::string_view), Rule& rule) {
  if (!text) return {};
  const auto read = rule_of(*text);
  if (!read) return std::unexpected(read.error());
  rule = *read;
  return {};
}

Result<> read_when(const ScheduleOptions& options, Schedule& schedule) {
  if (!options.every && !options.cron && !options.is_by_hand) return {};
  schedule.every.reset();
  schedule.cron = options.cron;
  schedule.spread = std::chrono::seconds(0);
  if (!options.every) return {};
  const auto every = read_duration("--every", *options.every);
  if (!every) return std::unexpected(every.error());
  schedule.every = *every;
  schedule.spread = std::min(*every, k_own_spread_max);
  return {};
}

}  // namespace

void add_schedule_options(CLI::App& command, ScheduleOptions& options) {
  auto* every = command.add_option("--every", options.every, "Run so often: 15m, 6h, 1d")->type_name("DURATION");
  auto* cron = command
                   .add_option("--schedule", options.cron,
                               "Run at these times: five cron fields, or @hourly, @daily and the like")
                   ->type_name("CRON");
  auto* by_hand = command.add_flag("--by-hand", options.is_by_hand, "No schedule: it runs when somebody asks for it");
  every->excludes(cron)->excludes(by_hand);
  cron->excludes(by_hand);
  command.add_option("--tz", options.time_zone, "The time zone of --schedule (UTC)")->type_name("ZONE");
  command
      .add_option("--gap", options.gap, "A time that a clock change leaves out: right after it, or not at all (after)")
      ->type_name("after|skip");
  command.add_option("--overlap", options.overlap, "A time that a clock change brings twice (first)")
      ->type_name("first|both");
  command
      .add_option("--days", options.days,
                  "With day of month and day of week: when either fits, or when both do (either)")
      ->type_name("either|both");
  command
      .add_option("--missed", options.missed, "Times at which nothing ran here: make up for them once, or not (once)")
      ->type_name("once|skip");
  command
      .add_option("--spread", options.spread,
                  "Move it by the tenant's share of this, so that not all come at once (of --every: the interval)")
      ->type_name("DURATION");
}

Result<Schedule> read_schedule(const ScheduleOptions& options, Schedule now) {
  if (const auto read = read_when(options, now); !read) return std::unexpected(read.error());
  if (!now.cron && (options.time_zone || options.gap || options.overlap || options.days))
    return fail(ErrorCode::usage, "--tz, --gap, --overlap and --days say more about --schedule: give it, too");
  if (!now.cron && !now.every && (options.spread || options.missed))
    return fail(ErrorCode::usage, "--spread and --missed say more about --every or --schedule: give one of them, too");
  if (options.time_zone) now.time_zone = *options.time_zone;
  if (options.spread) {
    const auto spread = read_duration("--spread", *options.spread);
    if (!spread) return std::unexpected(spread.error());
    now.spread = *spread;
  }
  for (const auto& read : {read_rule(options.gap, scheduler::gap_rule_of, now.clock_changes.gap),
                           read_rule(options.overlap, scheduler::overlap_rule_of, now.clock_changes.overlap),
                           read_rule(options.days, scheduler::day_rule_of, now.days),
                           read_rule(options.missed, scheduler::missed_rule_of, now.missed)})
    if (!read) return std::unexpected(read.error());
  return now;
}

std::string describe_schedule(const Schedule& schedule) {
  if (schedule.every) return "every " + written(*schedule.every);
  return schedule.cron ? fmt::format("{} {}", *schedule.cron, schedule.time_zone) : "by hand";
}

}  // namespace weir::app

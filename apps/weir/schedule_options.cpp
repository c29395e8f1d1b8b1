#include "weir/schedule_options.hpp"

#include <fmt/format.h>

namespace weir::app {
namespace {

using scheduler::Schedule;

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

Result<> read_duration(std::string_view option, const std::optional<std::string>& text,
                       std::optional<std::chrono::seconds>& duration) {
  if (!text) return {};
  const auto read = read_duration(option, *text);
  if (!read) return std::unexpected(read.error());
  duration = *read;
  return {};
}

template <class Rule>
Result<> read_rule(const std::optional<std::string>& text, Result<Rule> (*rule_of)(std::string_view),
                   std::optional<Rule>& rule) {
  if (!text) return {};
  const auto read = rule_of(*text);
  if (!read) return std::unexpected(read.error());
  rule = *read;
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
  scheduler::ScheduleChange change{
      .cron = options.cron, .is_by_hand = options.is_by_hand, .time_zone = options.time_zone};
  for (const auto& read :
       {read_duration("--every", options.every, change.every), read_duration("--spread", options.spread, change.spread),
        read_rule(options.gap, scheduler::gap_rule_of, change.gap),
        read_rule(options.overlap, scheduler::overlap_rule_of, change.overlap),
        read_rule(options.days, scheduler::day_rule_of, change.days),
        read_rule(options.missed, scheduler::missed_rule_of, change.missed)})
    if (!read) return std::unexpected(read.error());
  auto changed = scheduler::changed_schedule(std::move(now), change);
  if (changed || options.is_by_hand) return changed;
  return fail(ErrorCode::usage, fmt::format("{}: give --every or --schedule, too", changed.error().message));
}

std::string describe_schedule(const Schedule& schedule) {
  if (schedule.every) return "every " + written(*schedule.every);
  return schedule.cron ? fmt::format("{} {}", *schedule.cron, schedule.time_zone) : "by hand";
}

}  // namespace weir::app

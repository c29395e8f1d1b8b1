// --every, --schedule and what goes with them: when a pipeline runs.
#pragma once
#include <optional>
#include <string>

#include "scheduler/cron_fires.hpp"
#include "scheduler/schedule.hpp"
#include "weir/cli.hpp"

namespace weir::app {

struct ScheduleOptions {
  std::optional<std::string> every, cron, time_zone, gap, overlap, days, missed, spread;
  bool is_by_hand = false;

  bool is_given() const {
    return every || cron || time_zone || gap || overlap || days || missed || spread || is_by_hand;
  }
};
void add_schedule_options(CLI::App& command, ScheduleOptions& options);

// `now` with what the options say. usage when they contradict each other, invalid_input for a value.
Result<scheduler::Schedule> read_schedule(const ScheduleOptions& options, scheduler::Schedule now);

// every 15m; 30 2 * * * Europe/Berlin; by hand
std::string describe_schedule(const scheduler::Schedule& schedule);

}  // namespace weir::app

// The instants at which a cron expression fires in a time zone.
//
// An expression that means a rhythm (minute or hour begins with *) follows real time: it fires at every instant whose
// local time fits, through clock changes of any kind. One that means times on the clock fires once for each of them:
// a time that a clock change leaves out is made up for right after it, a time that comes twice counts once, unless the
// rules say otherwise. Changes of more than three hours are corrections of the clock, and nothing is made up for them.
#pragma once
#include <chrono>
#include <optional>

#include "scheduler/cron_expression.hpp"
#include "scheduler/time_zone.hpp"

namespace weir::scheduler {

enum class GapRule { after, skip };
enum class OverlapRule { first, both };

struct ClockChangeRules {
  GapRule gap = GapRule::after;
  OverlapRule overlap = OverlapRule::first;

  bool operator==(const ClockChangeRules&) const = default;
};

enum class FireNote {
  none,
  after_gap,      // its time on the clock was left out
  first_of_two,   // its time on the clock comes again
  second_of_two,  // its time on the clock came before
  after_left_out  // a time before it was left out, and nothing makes up for that
};

struct Fire {
  std::chrono::sys_seconds at;
  std::chrono::seconds offset{0};  // of local time then
  FireNote note = FireNote::none;
  std::optional<std::chrono::local_seconds> left_out{};  // with after_left_out: the first such time on the clock
};

class CronFires {
 public:
  CronFires(CronExpression cron, TimeZone zone, ClockChangeRules rules)
      : cron_(std::move(cron)), zone_(std::move(zone)), rules_(rules) {}

  // The first after that instant; nullopt: none within fifty years.
  std::optional<Fire> next(std::chrono::sys_seconds after) const;

  const CronExpression& cron() const { return cron_; }
  const TimeZone& zone() const { return zone_; }

 private:
  struct Change;  // of the clock, where a span begins
  std::optional<Fire> first_in(const ZoneSpan& span, const Change& change, std::chrono::sys_seconds from,
                               std::chrono::sys_seconds horizon) const;
  std::optional<std::chrono::local_seconds> first_fit(std::chrono::local_seconds from,
                                                      std::chrono::local_seconds end) const;
  Change change_at(const ZoneSpan& span) const;
  FireNote note_of(const ZoneSpan& span, const Change& change, std::chrono::local_seconds local) const;

  CronExpression cron_;
  TimeZone zone_;
  ClockChangeRules rules_;
};

}  // namespace weir::scheduler

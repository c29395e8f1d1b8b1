// An IANA time zone of this machine's zone files, as spans of one offset each.
#pragma once
#include <chrono>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace date {
class time_zone;  // NOLINT: the name is the library's
}

namespace weir::scheduler {

// From `begin` until `end` (not included) local time is UTC + offset. The outermost spans reach for ever.
struct ZoneSpan {
  std::chrono::sys_seconds begin;
  std::chrono::sys_seconds end;
  std::chrono::seconds offset;

  std::chrono::local_seconds to_local(std::chrono::sys_seconds instant) const {
    return std::chrono::local_seconds((instant + offset).time_since_epoch());
  }
  std::chrono::sys_seconds to_sys(std::chrono::local_seconds local) const {
    return std::chrono::sys_seconds(local.time_since_epoch()) - offset;
  }
};

class TimeZone {
 public:
  // Europe/Berlin, UTC. invalid_input with the nearest name; configuration when the machine has no zone files (the
  // package tzdata). The first call reads the list of zones.
  static Result<TimeZone> find(std::string_view name);

  const std::string& name() const { return name_; }
  ZoneSpan span_at(std::chrono::sys_seconds instant) const;

 private:
  TimeZone(std::string name, const date::time_zone* zone) : name_(std::move(name)), zone_(zone) {}
  std::string name_;
  const date::time_zone* zone_;  // of a list that is never freed
};

}  // namespace weir::scheduler

#include "scheduler/time_zone.hpp"

#include <algorithm>
#include <stdexcept>
#include <vector>

#include <date/tz.h>
#include <fmt/format.h>

#include "base/nearest.hpp"

namespace weir::scheduler {

Result<TimeZone> TimeZone::find(std::string_view name) {
  try {
    const auto& zones = date::get_tzdb().zones;
    const auto has_name = [&](const date::time_zone& zone) { return zone.name() == name; };
    const auto found = std::ranges::find_if(zones, has_name);
    if (found != zones.end()) return TimeZone(std::string(name), &*found);
    std::vector<std::string> names;
    names.reserve(zones.size());
    for (const auto& zone : zones) names.push_back(zone.name());
    const auto near = nearest_word(std::string(name), names);
    return fail(ErrorCode::invalid_input,
                near.empty() ? fmt::format("there is no time zone '{}': write one such as Europe/Berlin or UTC", name)
                             : fmt::format("there is no time zone '{}'; did you mean {}?", name, near));
  } catch (const std::runtime_error& error) {
    return fail(ErrorCode::configuration, "this machine has no time zones: install the package tzdata", error.what());
  }
}

ZoneSpan TimeZone::span_at(std::chrono::sys_seconds instant) const {
  const auto info = zone_->get_info(instant);
  return {info.begin, info.end, info.offset};
}

}  // namespace weir::scheduler

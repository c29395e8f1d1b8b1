// Instants, and where "now" comes from. Coordination (leases, due times) uses the database's clock; this one is for
// pacing, deadlines and display.
#pragma once
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace weir {

using namespace std::chrono_literals;

// Microseconds, as PostgreSQL's timestamptz; UTC.
using Instant = std::chrono::sys_time<std::chrono::microseconds>;
using Duration = std::chrono::microseconds;

// 2026-11-21T22:49:23.5Z; fraction only when not zero, at most six digits.
std::string format_rfc3339(Instant instant);
// Z, +00:00, +0800, +00, 0 to 9 fraction digits (beyond six cut off), 'T' or ' ' between; years 1 to 9999. nullopt
// otherwise.
std::optional<Instant> parse_rfc3339(std::string_view text);

// 90s, 15m, 24h, 30d, 2w and sums such as 1h30m; nullopt when it is none of these or overflows.
std::optional<std::chrono::seconds> parse_duration(std::string_view text);
std::string format_duration(std::chrono::milliseconds duration);  // 12ms, 3.4s, 5m 02s, 2h 10m, 3d 4h

// The source of the wall clock and of the monotonic clock; tests give their own.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Instant now() const = 0;
  // CLOCK_BOOTTIME: goes on while the machine sleeps, never back.
  virtual std::chrono::nanoseconds boottime() const = 0;
};

Clock& system_clock();

}  // namespace weir

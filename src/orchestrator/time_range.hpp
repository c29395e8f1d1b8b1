// A range of time as a person writes it.
#pragma once
#include <string>

#include "base/error.hpp"
#include "base/time.hpp"

namespace weir::orchestrator {

struct NamedRange {
  Instant from;
  Instant to;        // at most `now`
  Instant to_named;  // as it was written
};

// What the two ends are called where they were written.
struct RangeNames {
  std::string from = "from";
  std::string to = "to";
};

// Each is an instant (2026-01-31T12:00:00Z) or a day (2026-01-31, UTC): a day begins as `from`, and ends as `to`. usage
// when one is neither, the range is empty, or it lies in the future; a `to` later today means now.
Result<NamedRange> parse_range(const std::string& from, const std::string& to, Instant now,
                               const RangeNames& names = {});

}  // namespace weir::orchestrator

// What a backfill collects: a range of time, one window at a time, the earliest first. Pure.
#pragma once
#include <optional>

#include "base/error.hpp"
#include "orchestrator/partition_plan.hpp"

namespace weir::orchestrator {

// (from, to] as a pass covers it; a walk begins with the whole granule that `from` lies in.
struct TimeRange {
  Instant from;
  Instant to;
};

// usage: the script does not go by time (full, heads), so no range of it can be asked for.
Result<> check_backfill(const plugin::ScriptDeclaration& script);

// How much time one window covers: importWindowDuration, but at least a week, since every window asks for every
// partition at least once. nullopt: all of it at once, for listings that begin with the newest in any case.
std::optional<std::chrono::seconds> backfill_window(const plugin::ScriptDeclaration& script);

// What comes after `done_to`; nullopt: nothing.
std::optional<TimeRange> next_window(TimeRange range, Instant done_to, std::optional<std::chrono::seconds> window);
int count_windows(TimeRange range, std::optional<std::chrono::seconds> window);

// One partition of one window. Its cursor, state and open pass stay as they are. Skipped when the evidence, read after
// the window's end, says that nothing changed since its begin.
PartitionPlan plan_backfill(const PartitionCursor& cursor, const std::optional<plugin::SkipEvidence>& evidence,
                            TimeRange window);

}  // namespace weir::orchestrator

#include "orchestrator/run_tally.hpp"

#include <fmt/format.h>

namespace weir::orchestrator {

std::string_view name_of(RunStatus status) {
  switch (status) {
    case RunStatus::completed: return "COMPLETED";
    case RunStatus::completed_with_gaps: return "COMPLETED_WITH_GAPS";
    case RunStatus::failed: return "FAILED";
    case RunStatus::cancelled: return "CANCELLED";
    case RunStatus::interrupted: return "INTERRUPTED";
    case RunStatus::parked: return "PARKED";
  }
  return "";
}

RunVerdict judge_run(const RunTally& tally) {
  if (tally.early) return {tally.early->status, tally.early->reason};
  if (tally.wake_at) return {RunStatus::parked, tally.limit, tally.wake_at};
  const int in_vain = tally.failed + tally.unreachable;
  if (tally.succeeded == 0 && in_vain > 0) return {RunStatus::failed, tally.first_failure};
  const int missing = in_vain + tally.waiting_for_probe + tally.gaps;
  if (missing == 0 && tally.rejected == 0) return {RunStatus::completed};
  if (!tally.first_failure) return {RunStatus::completed_with_gaps};
  return {RunStatus::completed_with_gaps,
          Error{tally.first_failure->code, fmt::format("{} of {} partitions were not collected; the first: {}", in_vain,
                                                       tally.partitions, tally.first_failure->message)}};
}

}  // namespace weir::orchestrator

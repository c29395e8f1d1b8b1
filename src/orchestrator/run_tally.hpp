// How the partitions of a run ended, and what the run's status follows from that. Pure.
#pragma once
#include <optional>
#include <string>

#include "base/error.hpp"
#include "base/time.hpp"

namespace weir::orchestrator {

enum class RunStatus { completed, completed_with_gaps, failed, cancelled, interrupted, parked };
std::string_view name_of(RunStatus status);  // COMPLETED, …

// Why a run ended before its partitions were through.
struct EarlyEnd {
  RunStatus status;
  Error reason;
  bool is_right_lost = false;  // the fence is no longer ours: nothing may be written any more
  bool may_try_again = false;  // the environment failed, not the script: the same run may succeed in a moment
};

struct RunTally {
  int partitions = 0;
  int succeeded = 0;          // collected, or skipped by evidence
  int failed = 0;             // after all attempts
  int unreachable = 0;        // found so in this run
  int waiting_for_probe = 0;  // found so earlier
  int gaps = 0;               // capped, or deletions left unconfirmed
  std::int64_t rejected = 0;  // records
  std::optional<Error> first_failure{};
  std::optional<Instant> wake_at{};  // the provider said: not now
  std::optional<Error> limit{};
  std::optional<EarlyEnd> early{};
};

struct RunVerdict {
  RunStatus status;
  std::optional<Error> error{};
  std::optional<Instant> wake_at{};
};

// FAILED: the run had to end, or no partition succeeded though some were tried.
RunVerdict judge_run(const RunTally& tally);

}  // namespace weir::orchestrator

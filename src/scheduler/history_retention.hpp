// How long history is kept. What is partitioned by week is made ahead, and dropped when its last instant
// is old enough; the rest goes in batches.
#pragma once
#include "base/blocking.hpp"
#include "scheduler/upkeep.hpp"

namespace weir::scheduler {

struct HistoryRetention {
  int run_days = 90;  // runs, their logs, pipeline runs, the ledger, closed gaps
  int audit_days = 730;
  int usage_days = 400;  // by the hour
  int idempotency_hours = 24;
  int batch_rows = 5000;
};

// `direct` must not lead through a pooler that shares sessions: a partition is taken off outside a transaction.
Job history_job(pg::Database& database, BlockingPool& blocking, pg::ConnectSettings direct, HistoryRetention settings);

}  // namespace weir::scheduler

// Due pipelines become queue entries, once for each fire, on any number of nodes: what is due is read in batches, the
// fire and the next one are computed here, and the database takes them if nothing has changed meanwhile
// (docs/adr/0112-fires.md).
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/random.hpp"
#include "pg/database.hpp"
#include "queue/queue_bell.hpp"
#include "scheduler/pipeline.hpp"

namespace weir::scheduler {

struct SchedulerSettings {
  int batch_rows = 1000;                                          // of one transaction; two are under way at once
  std::chrono::milliseconds pause_max = std::chrono::seconds(5);  // between looks, when nothing is due before
  std::chrono::milliseconds jitter = std::chrono::milliseconds(200);
};

struct TickResult {
  int due = 0;                    // pipelines looked at
  int enqueued = 0;               // runs made
  int overlapping = 0;            // the run before was not over; recorded
  int skipped = 0;                // missed, and to be skipped; recorded
  int resting = 0;                // of tenants that are paused or have no active subscription
  int changed = 0;                // somebody else was faster, or has edited it
  int broken = 0;                 // no next fire; looked at again in an hour
  bool is_other_at_work = false;  // another node plans at this moment
};

class Scheduler {
 public:
  // All references outlive this object. `bell` is rung for what was enqueued.
  Scheduler(pg::Database& database, queue::QueueBell& bell, Random& random, SchedulerSettings settings = {})
      : database_(database), bell_(bell), random_(random), settings_(settings) {}

  // All that is due now: a round trip for each two batches, each on a connection of its own.
  Task<TickResult> tick();
  // Ticks until it is cancelled; survives a database that is away.
  Task<> run();

 private:
  struct Due {
    PipelineId id;
    TenantId tenant;
    std::int64_t version = 0;
    Instant seen;
    Schedule schedule;
  };
  struct Look {
    std::vector<Due> due;
    Instant now{};
  };
  Look read_look(const pg::Rows& rows) const;
  // What becomes of due pipelines, as statements of one transaction.
  std::vector<pg::Command> commands_for(std::span<const Due> due, Instant now, TickResult& result) const;
  // Settles what the last look has shown, and looks on.
  Task<Look> settle_and_look(Look last, TickResult& result);
  Task<std::chrono::milliseconds> pause_until_due();

  pg::Database& database_;
  queue::QueueBell& bell_;
  Random& random_;
  SchedulerSettings settings_;
};

}  // namespace weir::scheduler

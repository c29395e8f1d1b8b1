// The queue of pipeline runs: in, out, and what the nodes do for it in between. Every call is one round trip and one
// transaction; the rules are in the database (docs/adr/0111-lanes.md), so any number of nodes may call anything.
//
//   const auto runs = co_await queue.claim(node.id(), node.epoch(), free_slots);
//   …
//   co_await queue.finish(run, {.status = RunEndStatus::completed});
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "base/retry.hpp"
#include "pg/database.hpp"
#include "queue/entry.hpp"

namespace weir::queue {

struct QueueSettings {
  int retries_max = 3;  // of a run that failed
  RetrySettings backoff{.first_delay = std::chrono::minutes(1), .delay_max = std::chrono::minutes(30)};
  int interruptions_max = 5;  // by nodes that went; then it is suspected of ending them
  int class_blind_every = 8;  // every so many claims the class counts for nothing, so that nothing starves
  int batch_rows = 500;       // of upkeep: rows of one transaction
};

// A run that somebody asks for.
struct RunRequest {
  TenantId tenant;
  std::optional<PipelineId> pipeline{};
  RunClass run_class = RunClass::manual;  // or backfill
  int priority = 0;                       // -10 to 10
  std::optional<std::string> user{};
  nlohmann::json parameters = nlohmann::json::object();  // added to the pipeline's own
};

// What is left of the tenant's day.
struct QuotaState {
  std::optional<int> limit{};  // none: unlimited
  int used = 0;
  Instant resets_at{};
  std::optional<int> remaining() const;
};

enum class EnqueueOutcome {
  enqueued,
  active,  // the pipeline has a run that waits or runs already: `run`
  quota_spent,
  unknown_tenant,
  unknown_pipeline,
  paused,
  deleting,
  subscription_inactive,
};
std::string_view name_of(EnqueueOutcome outcome);

struct EnqueueAnswer {
  EnqueueOutcome outcome = EnqueueOutcome::enqueued;
  std::optional<PipelineRunId> run{};
  QuotaState quota{};
};

enum class RunEndStatus { completed, completed_with_gaps, failed, cancelled, parked, interrupted, released };

struct RunEnd {
  RunEndStatus status = RunEndStatus::completed;  // released: this node stops in order, and the run is nobody's fault
  nlohmann::json summary = nullptr;               // null: the history keeps what it has
  std::optional<std::string> error{};
  bool may_retry = true;             // of failed; false: what failed will fail again
  std::optional<Instant> wake_at{};  // of parked; a wait of more than 24 h is taken as that
};

enum class FinishOutcome { finished, failed, retry, parked, requeued, given_up, cancelled, lost };
std::string_view name_of(FinishOutcome outcome);
struct FinishAnswer {
  FinishOutcome outcome = FinishOutcome::lost;  // lost: somebody else holds the run, and nothing was changed
  std::optional<Instant> due_at{};              // when it goes on
};

enum class CancelOutcome { cancelled, asked, over, unknown };
struct CancelAnswer {
  CancelOutcome outcome = CancelOutcome::unknown;  // asked: the node of this epoch ends it within seconds
  std::optional<Epoch> epoch{};
};

struct ReapedRun {
  PipelineRunId run;
  TenantId tenant;
  Epoch epoch;
  FinishOutcome outcome;
};

// A lane that said something else than the queue held; mended.
struct LaneDifference {
  TenantId tenant;
  std::string what;  // running, ready_class, lane
  std::optional<int> said;
  int is_so = 0;
};

struct QueueDepth {
  RunClass run_class;
  std::string state;  // scheduled, ready, leased, parked
  std::int64_t entries = 0;
  std::optional<Instant> oldest_due{};
};

// The pause before the retry after `attempt` failures and one more: uniform up to first_delay * 2^attempt.
std::chrono::milliseconds retry_delay(const RetrySettings& backoff, int attempt, Random& random);

class Queue {
 public:
  // `random` outlives this object.
  Queue(pg::Database& database, Random& random, QueueSettings settings = {})
      : database_(database), random_(random), settings_(settings) {}

  // What was enqueued stands in the audit log, too.
  Task<EnqueueAnswer> enqueue(RunRequest request);
  // At most `max` runs; throws lease_lost when the epoch is over. One call at a time is best: ask for as many runs as
  // there are slots.
  Task<std::vector<ClaimedRun>> claim(NodeId node, Epoch epoch, int max);
  Task<FinishAnswer> finish(ClaimedRun run, RunEnd end);
  // Whether the run is still that of a node in this epoch.
  Task<bool> holds(ClaimedRun run, Epoch epoch);
  // All that an epoch holds, also what its node was never told of because the answer to a claim was lost. Enough of
  // each to finish it.
  Task<std::vector<ClaimedRun>> leases(Epoch epoch);
  Task<CancelAnswer> cancel(PipelineRunId run, std::string reason);
  // Parked runs of a tenant whose credentials changed go on now, and every node hears of it. How many.
  Task<int> wake_parked(TenantId tenant);

  // Upkeep, by any node at any time.
  Task<int> promote_due();                      // what has come due becomes ready; 0: nothing is left to wake
  Task<std::vector<ReapedRun>> reap();          // the runs of nodes that are gone
  Task<std::vector<LaneDifference>> recount();  // none is the rule
  std::uint64_t differences_found() const { return differences_found_; }  // by this object, ever
  Task<int> archive_quotas();                                             // days that are over; how many lanes
  Task<std::vector<QueueDepth>> depth();  // reads the whole queue: for metrics, not for every request

  const QueueSettings& settings() const { return settings_; }

 private:
  pg::Database& database_;
  Random& random_;
  QueueSettings settings_;
  int claims_ = 0;
  std::uint64_t differences_found_ = 0;
};

}  // namespace weir::queue

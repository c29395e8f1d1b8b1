// The one committer of a script run. Rows, cursors, counts, ledger and log lines gather here and become visible in one
// transaction, the checkpoint, which first proves by the fence that the run still has its right.
//
// Invariant: a cursor is never ahead of its rows. Whoever sets a cursor has appended every row before it.
// Bounded memory: when is_full(), the next thing to do is checkpoint(). While one is under way rows may be appended and
// cursors set: they belong to the next one.
// On the run's executor; checkpoint(), finish_generation() and finish() one at a time.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/asio.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "base/strong_id.hpp"
#include "load/batch.hpp"
#include "load/validator.hpp"
#include "pg/database.hpp"

namespace weir::load {

struct LoadSettings {
  std::size_t batch_rows_max = 10'000;  // per checkpoint, over all resources
  std::size_t batch_bytes_max = 16U << 20U;
  std::chrono::milliseconds checkpoint_interval = std::chrono::seconds(10);  // a checkpoint is due after this
  int retries_max = 5;                                                       // of a serialization failure or deadlock
  std::string ledger_resource{};  // whose rows the ledger counts, as the provider's totals do; empty: of all resources
};

// What a claim gave: the right to write for one script of one data source.
struct RunRight {
  TenantId tenant;
  std::string data_source;
  std::string script;  // <provider>/<script>
  RunId run;
  Fence fence;
  std::optional<PipelineRunId> pipeline_run{};
  std::optional<std::string> user_id{};
};

// The new value of a partition's cursor row; see weir.partition_cursor.
struct CursorUpdate {
  std::string partition;
  std::string title{};
  // What the pass read; 0: there was no row. A mismatch raises conflict. The writer's own checkpoints of the pass, one
  // that is under way too, are accounted for.
  std::int64_t expected_version = 0;
  std::optional<Instant> cursor_at{};
  nlohmann::json state = nullptr;       // null: none
  std::optional<Instant> pass_start{};  // of a pass that stays open
  std::optional<Instant> pass_end{};    // set: the pass stays open
  nlohmann::json resume = nullptr;
  std::optional<std::int64_t> generation{};
  std::string declaration_hash{};
  bool is_pass_complete = false;  // writes cursor_history when cursor or state moved
};

struct LedgerEntry {
  std::string partition;
  std::optional<Instant> window_start{}, window_end{};
  std::optional<std::int64_t> expected{};
  std::int64_t fetched = 0;  // beyond the rows appended for the partition, which count by themselves
  std::int64_t skipped = 0;
  bool is_complete = false;
  std::string note{};
};

struct Gap {
  std::string partition;
  std::string kind;                     // unreachable, failed, capped, rejected, unconfirmed_deletion, incomplete
  std::optional<Instant> from{}, to{};  // absent: unbounded
  std::int64_t records = 0;
  std::string reason{};
  std::string remedy{};
};

struct RunCounts {
  std::int64_t imported = 0, unchanged = 0, deleted = 0, failed = 0, mended = 0;
  std::int64_t requests = 0, not_modified = 0, bytes = 0, points = 0, waited_ms = 0, checkpoints = 0;
};

void add_counts(RunCounts& sum, const RunCounts& more);
void subtract_counts(RunCounts& sum, const RunCounts& part);

enum class GenerationOutcome {
  done,          // what the listing did not show is tombstoned
  unconfirmed,   // too much is missing: nothing was deleted, the gap unconfirmed_deletion is open
  listing_lost,  // the database lost the seen keys in a crash: nothing was deleted, list again as a new generation
};

class RunWriter {
 public:
  RunWriter(pg::Database& database, const ResourceCatalog& catalog, RunRight right, LoadSettings settings);
  ~RunWriter();

  // A pass of `partition` begins, of what changed after `start` (absent: everything): the gap of records that are
  // rejected from now on reaches back to there.
  void begin_pass(std::string partition, std::optional<Instant> start);
  // The open batch of a resource for a partition; append rows here. Valid until the checkpoint that completes the
  // partition's pass. Throws Failure(declaration_invalid) for an unknown resource.
  Batch& rows(std::string_view resource, std::string_view partition = {});
  // A full refresh marks what it lists: rows appended from now on for `partition` are seen in `generation`, a number
  // that grows with each new listing and stays the same when one is resumed; nullopt ends it.
  void mark_generation(std::string partition, std::optional<std::int64_t> generation);

  // There will be no listing after all; none of its rows was appended.
  void drop_generation(const std::string& partition);

  void set_cursor(CursorUpdate update);  // replaces a pending one of the same partition
  // The partition's validator from the next checkpoint on, in place of all earlier ones; nullopt: none. Invariant: a
  // validator is never ahead of the rows. Whoever appends rows for a partition that has one takes it back before, and
  // sets the new one together with the cursor that completes the pass.
  void set_validator(std::string partition, std::optional<Validator> validator);
  void set_ledger(LedgerEntry entry);  // adds to a pending one of the same partition
  void open_gap(Gap gap);
  // `rejected` stays open where this run rejected records of the partition.
  void close_gaps(std::string partition, std::string kind);
  void set_unreachable(std::string partition, std::optional<std::string> reason, std::chrono::seconds probe_after);
  void log(LogLevel level, std::string message, nlohmann::json details = nullptr, std::string record_id = {});
  RunCounts& counts();  // requests, bytes and waits are added here; rows are counted by checkpoint()

  bool is_full() const;  // rows or bytes reached their bound
  bool is_due() const;   // full, or the interval has passed and something waits

  // Commits all of it. Returns the version that the cursor row of each partition touched now has. Conflicts with
  // other transactions are retried; rows that the database refuses all the same are searched for, rejected alone (as
  // failed, with their ids in the log and a gap `rejected`) and the rest committed. Throws Failure, and nothing of the
  // checkpoint is visible:
  //   lease_lost    the fence was replaced, the lease ran out, or the database has lost checkpoints of this run
  //   (docs/adr/
  //                 0062); every later call throws the same
  //   conflict      a cursor was moved by somebody else meanwhile
  //   invalid_data  over 100 rows are refused: that is no bad record but a table that fits no longer
  //   disk_full, database_unreachable, …  what was pending is still pending
  Task<std::map<std::string, std::int64_t>> checkpoint();

  // After a complete listing of `partition`, once its rows are committed: tombstones the rows this script wrote there,
  // of `resources`, that `generation` has not seen, in its own fenced transactions; refuses when more than
  // max(20, 10 %) of a resource's rows would go. `partition_columns` picks the partition's rows (repo_key = …); only
  // the partition "" may have none. Calling it again for the same generation does nothing more.
  Task<GenerationOutcome> finish_generation(std::string partition, std::int64_t generation,
                                            std::vector<std::string> resources,
                                            std::map<std::string, std::string> partition_columns);

  // The end of the run: final status in data_source_run (and in run, when the run did something), counts, usage, and
  // last_fetched_data_date. Pending gaps, ledger entries and log lines are written, pending rows and cursors dropped,
  // and the gaps they close stay open: checkpoint() first what shall stay. `wake_at` with PARKED.
  Task<> finish(std::string status, std::optional<Error> error, std::optional<Instant> wake_at);

  const RunRight& right() const;
  const RunCounts& total() const;  // committed so far

  struct State;  // the inside; see run_state.hpp

 private:
  std::unique_ptr<State> state_;
};

}  // namespace weir::load

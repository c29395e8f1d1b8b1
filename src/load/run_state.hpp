// The inside of RunWriter.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "base/retry.hpp"
#include "load/checkpoint.hpp"
#include "load/refusal.hpp"
#include "load/run_writer.hpp"

namespace weir::load {

struct RunWriter::State {
  State(pg::Database& given_database, const ResourceCatalog& given_catalog, RunRight given_right,
        LoadSettings given_settings)
      : database(given_database),
        catalog(given_catalog),
        right(std::move(given_right)),
        settings(std::move(given_settings)),
        batches(given_catalog) {}

  // Throws lease_lost once the right was lost or used up.
  void require_right() const;
  // A transaction with the tenant's role, which shows assert_checkpoint(); conflicts are retried, `build` makes the
  // statements of each attempt.
  Task<std::vector<pg::Rows>> transact(std::function<std::vector<pg::Command>()> build);

  RunProgress progress(bool must_save_run = false) const;
  const MergeStatement& statement_of(const Resource& resource);
  const ChildSetStatement* sets_of(const RowStore& rows);  // nullptr: it holds none
  std::vector<StagedRows> stage(const Pending& what);
  Task<Checkpoint::Outcome> commit(const Pending& what, std::vector<StagedRows> staged);
  Task<> commit_in_flight(std::map<std::string, std::int64_t>& moved);
  void settle(const Checkpoint::Outcome& outcome);

  // Everything that waits, and its rows' notes into the log.
  Pending take_pending();
  void note_rows(const std::vector<RowStore>& rows);
  void note_refused(const std::vector<RefusedRow>& refused);

  Task<GenerationOutcome> finish_generation(std::string partition, std::int64_t generation,
                                            std::vector<std::string> resources,
                                            std::map<std::string, std::string> partition_columns);

  pg::Database& database;
  const ResourceCatalog& catalog;
  RunRight right;
  LoadSettings settings;

  OpenBatches batches;
  Pending pending;
  std::optional<Pending> in_flight;  // of a checkpoint that failed or was cancelled
  RunLog log;
  RunCounts counts;  // requests, bytes and waits so far
  RunCounts total;
  std::int64_t committed = 0;  // transactions under the right
  std::map<std::string, std::unique_ptr<MergeStatement>> statements;
  std::map<std::pair<std::string, std::size_t>, std::unique_ptr<ChildSetStatement>> set_statements;
  std::map<std::string, MergeKind> next_merges;  // by resource
  std::set<std::string> partitions_in_ledger;
  std::set<std::string> partitions_with_rejected;
  std::map<std::string, std::optional<Instant>> pass_starts;  // by partition
  std::map<std::string, std::int64_t> versions;               // of the cursor rows that passes under way have moved
  std::chrono::steady_clock::time_point last_checkpoint = std::chrono::steady_clock::now();
  Random random = Random::from_system();
  std::optional<Error> lost;
  bool is_run_saved = false;
  bool is_busy = false;
};

}  // namespace weir::load

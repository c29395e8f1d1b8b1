// One checkpoint as a list of statements, and what their answers mean.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "load/child_sets.hpp"
#include "load/merge.hpp"
#include "load/open_batches.hpp"
#include "load/pending.hpp"
#include "load/run_log.hpp"

namespace weir::load {

// Rows of one resource, ready to be merged.
struct StagedRows {
  const RowStore* store;
  const MergeStatement* statement;
  RowOrder rows;     // what is merged
  RowOrder refused;  // what the database will not have; seen by a listing all the same
  std::string refusal{};
  const ChildSetStatement* sets = nullptr;  // when the store holds sets
  MergeKind kind = MergeKind::careful;
};

// How many rows a partition had in a checkpoint.
struct PartitionCounts {
  std::int64_t fetched = 0;
  std::int64_t committed = 0;
  std::int64_t rejected = 0;          // of the resource that the ledger counts
  std::int64_t rejected_records = 0;  // of all resources
  std::string reason{};               // of one of them
};

// What is known about the run before a checkpoint.
struct RunProgress {
  const RunRight& right;
  const OpenBatches& batches;
  const RunLog& log;
  RunCounts counts;  // committed rows, and requests so far
  std::string ledger_resource;
  std::int64_t committed = 0;  // transactions under the run's right
  bool is_run_saved = false;   // it has a row of history
  bool must_save_run = false;  // it shall have one, whatever this checkpoint brings
  std::set<std::string> partitions_in_ledger{};
  std::set<std::string> partitions_with_rejected{};                  // records, so far
  const std::map<std::string, std::optional<Instant>>& pass_starts;  // by partition
  const std::map<std::string, std::int64_t>& versions;               // of cursor rows that the run has moved
};

class Checkpoint {
 public:
  Checkpoint(const RunProgress& progress, const Pending& pending, const std::vector<StagedRows>& staged);

  std::vector<pg::Command> commands();

  // After the commit.
  struct Outcome {
    std::map<std::string, std::int64_t> versions;  // of each cursor row touched
    RunCounts counts;                              // of the run, this checkpoint included
    bool is_run_saved = false;
    std::size_t log_lines = 0;  // written
    std::set<std::string> partitions_in_ledger;
    std::set<std::string> partitions_with_rejected;
    std::map<std::string, MergeKind> next_merges;  // by resource: what this one brought
  };
  Outcome read(const std::vector<pg::Rows>& answers) const;

 private:
  void count_partitions();
  void add_rows(std::vector<pg::Command>& commands);
  pg::Command shrink_sets(const StagedRows& staged) const;
  void add_seen(std::vector<pg::Command>& commands) const;
  void add_cursors(std::vector<pg::Command>& commands) const;
  void add_validators(std::vector<pg::Command>& commands) const;
  void add_gaps(std::vector<pg::Command>& commands) const;
  void add_ledger(std::vector<pg::Command>& commands) const;
  void add_history(std::vector<pg::Command>& commands);
  bool is_in_ledger(const std::string& partition, const PartitionCounts& counts, const LedgerEntry& entry) const;
  bool counts_for_ledger(const RowStore& store) const;

  const RunProgress& progress_;
  const Pending& pending_;
  const std::vector<StagedRows>& staged_;
  std::map<std::string, PartitionCounts> partitions_;
  RunCounts counts_;  // as if every merged row were unchanged
  // Places among the commands.
  std::vector<std::size_t> merges_at_;
  std::vector<std::size_t> sets_at_;
  std::size_t cursors_at_ = 0;
  std::size_t save_at_ = 0;
  std::set<std::string> partitions_with_rejected_;
  std::size_t log_lines_ = 0;
};

// `committed`: how many transactions of the run were committed under its right.
pg::Command assert_checkpoint(const RunRight& right, std::int64_t committed);
pg::Command open_gap(const RunRight& right, const Gap& gap);
pg::Command close_gaps(const RunRight& right, const std::string& partition, const std::string& kind);
pg::Command save_run(const RunRight& right, const RunCounts& counts, const RunLog& log, bool did_something);

}  // namespace weir::load

// The orchestrator and the database of one script in memory: passes planned as in reality, rows and positions committed
// together or lost together. For property tests, which crash it at will.
#pragma once
#include <map>
#include <set>

#include "base/random.hpp"
#include "plugin/pass_plan.hpp"
#include "tests/support/synthetic/paged_run.hpp"

namespace weir::synthetic {

struct StoredRow {
  int revision = 0;
  bool is_deleted = false;
};

struct StoredPartition {
  plugin::PartitionProgress progress;
  nlohmann::json state, resume;
  std::map<std::string, StoredRow> rows;
  std::set<std::string> seen;  // by the open full refresh
  std::vector<plugin::CappedRange> gaps;
  std::optional<std::optional<Instant>> covered_from;  // where the first pass began
};

// Crashes and delays commits by a seed.
class Fate {
 public:
  Fate(std::uint64_t seed, double crashes, double commits) : random_(seed), crashes_(crashes), commits_(commits) {}
  void maybe_crash() {
    if (crashes_ > 0 && random_.unit() < crashes_) throw Failure({ErrorCode::cancelled, "crashed"});
  }
  bool commits_now() { return random_.unit() < commits_; }
  void stop_crashing() { crashes_ = 0; }

 private:
  Random random_;
  double crashes_;
  double commits_;
};

class MemoryPass final : public plugin::PassContext {
 public:
  MemoryPass(const plugin::ScriptDeclaration& script, plugin::Partition partition, StoredPartition& stored,
             plugin::PassPlan plan, Fate& fate);

  // What a sink does: the row waits for the next commit.
  void keep(const Record& record);
  // The pass is complete: the rest is committed, the cursor moves.
  void complete();

  const plugin::Partition& partition() const override { return partition_; }
  std::optional<Instant> start() const override { return plan_.start; }
  Instant end() const override { return plan_.end; }
  void note_provider_time(Instant now) override;
  const nlohmann::json& state() const override { return stored_.state; }
  const nlohmann::json& resume() const override { return resume_; }
  load::Batch& rows(std::string_view resource) override;
  Task<> page_done(nlohmann::json resume) override;
  void set_state(nlohmann::json state) override { new_state_ = std::move(state); }
  void expect(std::int64_t) override {}
  void skip(std::int64_t, std::string) override {}
  void cap(Instant from, Instant to, std::string) override { gaps_.push_back({from, to}); }
  void count_requests(const plugin::RequestCounts& more) override { requests_ += more.requests; }
  void log(LogLevel, std::string, nlohmann::json, std::string) override {}
  void park_until(Instant) override {}
  const std::atomic<bool>& stop_requested() const override { return stop_; }

  std::int64_t requests() const { return requests_; }

 private:
  void commit_rows();

  const plugin::ScriptDeclaration& script_;
  plugin::Partition partition_;
  StoredPartition& stored_;
  plugin::PassPlan plan_;
  Fate& fate_;
  nlohmann::json resume_, new_state_;
  std::vector<Record> waiting_;
  std::vector<plugin::CappedRange> gaps_;
  bool has_committed_ = false;
  std::int64_t requests_ = 0;
  std::atomic<bool> stop_ = false;
};

}  // namespace weir::synthetic

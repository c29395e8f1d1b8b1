// One pass of one partition: what its script sees (PassContext), over the run's writer. It lives through all attempts
// of the pass; each goes on from the last page that was done.
#pragma once
#include <atomic>
#include <optional>
#include <string>

#include "orchestrator/committer.hpp"
#include "orchestrator/partition_plan.hpp"
#include "plugin/script.hpp"

namespace weir::orchestrator {

// The orders that a run gives to its passes.
struct PassOrders {
  std::atomic<bool> stop{false};  // end now; also for worker threads
  bool ends_at_page = false;      // end at the next page: graceful stop, park
};

// Thrown by page_done() when the run ends at a page.
Error ended_at_page();

class PartitionPass final : public plugin::PassContext {
 public:
  PartitionPass(Committer& committer, const PassOrders& orders, const plugin::ScriptDeclaration& script,
                const plugin::Partition& partition, PartitionCursor cursor, PartitionPlan plan,
                std::int64_t new_generation);

  // Before each attempt: what the last one counted after its last page is counted again.
  void begin_attempt();

  // Everything was collected. The caller commits (a full listing is finished before).
  void complete();
  // It was not: what is known of it so far.
  void leave_incomplete();
  // A skip by evidence: only the cursor moves.
  void complete_by_evidence();
  // The listing begins again: what it had seen was lost.
  void restart_generation(std::int64_t generation);

  std::int64_t generation() const { return *generation_; }
  // Something is not as the provider has it: the next pass asks unconditionally.
  void distrust_answer() { new_validator_.reset(); }
  // Kinds of what this pass had to leave out.
  int gaps() const { return tally_.caps + (has_skipped() ? 1 : 0); }
  // Everything there is was listed: what was not seen is gone.
  bool is_listing_whole() const { return !is_unchanged_ && gaps() == 0; }
  const std::optional<Instant>& wake_at() const { return wake_at_; }
  const PartitionPlan& plan() const { return plan_; }
  const PartitionCursor& cursor() const { return cursor_; }

  const plugin::Partition& partition() const override { return partition_; }
  std::optional<Instant> start() const override { return plan_.pass.start; }
  Instant end() const override { return end_; }
  void note_provider_time(Instant now) override;
  const nlohmann::json& state() const override { return cursor_.state; }
  const nlohmann::json& resume() const override { return resume_; }
  load::Batch& rows(std::string_view resource) override;
  Task<> page_done(nlohmann::json resume) override;
  void set_state(nlohmann::json state) override { new_state_ = std::move(state); }
  void expect(std::int64_t records) override { tally_.expected = records; }
  void skip(std::int64_t records, std::string reason) override;
  void cap(Instant from, Instant to, std::string reason) override;
  void count_requests(const plugin::RequestCounts& more) override;
  std::optional<load::Validator> validator(const std::string& request) const override;
  void set_validator(std::optional<load::Validator> validator) override { new_validator_ = std::move(validator); }
  void keep_as_it_was() override;
  void log(LogLevel level, std::string message, nlohmann::json details, std::string record_id) override;
  void park_until(Instant wake_at) override { wake_at_ = wake_at; }
  const std::atomic<bool>& stop_requested() const override { return orders_.stop; }

 private:
  struct Tally {
    std::optional<std::int64_t> expected{};
    std::int64_t skipped = 0;
    std::string skip_reason{};
    int caps = 0;
  };

  load::CursorUpdate cursor_update() const;
  void set_open_cursor();
  void write_ledger(bool is_complete);
  void settle_gaps();
  void drop_validators();
  void keep_validator();
  bool has_gap(std::string_view kind) const;
  // Something was not shown to it, since it began.
  bool has_skipped() const { return tally_.skipped > 0 || (plan_.is_resumed && has_gap("incomplete")); }
  // It asks for everything that is missing there.
  bool covers(const OpenGap& gap) const;
  void open_skipped_gap();

  Committer& committer_;
  const PassOrders& orders_;
  const plugin::ScriptDeclaration& script_;
  const plugin::Partition& partition_;
  PartitionCursor cursor_;  // as read
  PartitionPlan plan_;
  Instant end_;
  nlohmann::json resume_;
  std::optional<nlohmann::json> new_state_;
  std::optional<std::int64_t> generation_;
  std::optional<Instant> wake_at_;
  std::optional<load::Validator> new_validator_;
  bool has_validators_;  // in the database, or in the next checkpoint
  bool is_unchanged_ = false;
  Tally tally_;
  Tally tally_done_;  // up to the last page that was done
  bool is_end_fixed_ = false;
};

}  // namespace weir::orchestrator

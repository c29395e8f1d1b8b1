#include "orchestrator/partition_pass.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace weir::orchestrator {

Error ended_at_page() { return {ErrorCode::cancelled, "the run ends here; the next one goes on from this page"}; }

PartitionPass::PartitionPass(Committer& committer, const PassOrders& orders, const plugin::ScriptDeclaration& script,
                             const plugin::Partition& partition, PartitionCursor cursor, PartitionPlan plan,
                             std::int64_t new_generation)
    : committer_(committer),
      orders_(orders),
      script_(script),
      partition_(partition),
      cursor_(std::move(cursor)),
      plan_(plan),
      end_(plan_.pass.end),
      resume_(plan_.is_resumed ? cursor_.resume : nlohmann::json()),
      has_validators_(!cursor_.validators.empty()),
      is_end_fixed_(plan_.is_resumed || plan_.keeps_cursor) {
  committer_.writer().begin_pass(partition_.key, plan_.pass.start);
  if (script_.cursor == plugin::CursorKind::full && plan_.action == PartitionAction::collect)
    restart_generation(plan_.is_resumed ? cursor_.generation.value_or(new_generation) : new_generation);
  else
    committer_.writer().mark_generation(partition_.key, std::nullopt);
}

void PartitionPass::begin_attempt() {
  tally_ = tally_done_;
  new_validator_.reset();
}

void PartitionPass::restart_generation(std::int64_t generation) {
  if (generation_) resume_ = nullptr;
  generation_ = generation;
  committer_.writer().mark_generation(partition_.key, generation_);
}

// A provider whose clock is behind lists later what it dates earlier: the pass ends by its clock.
void PartitionPass::note_provider_time(Instant now) {
  if (std::exchange(is_end_fixed_, true)) return;
  end_ = plugin::limit_pass_end(script_, end_, now);
}

load::Batch& PartitionPass::rows(std::string_view resource) {
  if (std::ranges::find(script_.resources, resource) == script_.resources.end())
    throw Failure({ErrorCode::declaration_invalid,
                   fmt::format("{} wrote rows of '{}', which it does not declare", script_.full_name(), resource)});
  drop_validators();
  return committer_.writer().rows(resource, partition_.key);
}

load::CursorUpdate PartitionPass::cursor_update() const {
  load::CursorUpdate update{.partition = partition_.key};
  update.title = partition_.title;
  update.expected_version = cursor_.version;
  update.cursor_at = cursor_.cursor_at;
  update.state = cursor_.state;
  update.declaration_hash = script_.hash;
  return update;
}

Task<> PartitionPass::page_done(nlohmann::json resume) {
  committer_.require_open();
  is_end_fixed_ = true;
  resume_ = std::move(resume);
  open_skipped_gap();
  tally_done_ = tally_;
  if (!plan_.keeps_cursor) set_open_cursor();
  if (orders_.stop || orders_.ends_at_page) throw Failure(ended_at_page());
  co_await committer_.commit_if_due();
}

void PartitionPass::set_open_cursor() {
  auto update = cursor_update();
  update.pass_start = plan_.pass.start;
  update.pass_end = end_;
  update.resume = resume_;
  update.generation = generation_;
  committer_.writer().set_cursor(std::move(update));
}

// What was missing is closed by the pass that reaches back to it, from its begin, and misses nothing.
void PartitionPass::settle_gaps() {
  auto& writer = committer_.writer();
  for (const std::string kind : {"failed", "unreachable"})
    if (has_gap(kind)) writer.close_gaps(partition_.key, kind);
  for (const auto& gap : cursor_.gaps) {
    const bool misses_nothing = gap.kind == "capped" ? tally_.caps == 0 : tally_.skipped == 0;
    const bool is_of_listing = gap.kind == "capped" || gap.kind == "incomplete" || gap.kind == "rejected";
    if (is_of_listing && misses_nothing && covers(gap)) writer.close_gaps(partition_.key, gap.kind);
  }
  open_skipped_gap();
}

// Heads that are known are not walked again.
bool PartitionPass::covers(const OpenGap& gap) const {
  if (is_unchanged_ || plan_.is_resumed) return false;
  if (gap.kind == "rejected" && script_.cursor == plugin::CursorKind::heads) return cursor_.state.is_null();
  return !plan_.pass.start || (gap.from && *gap.from >= *plan_.pass.start);
}

// With the page it was missed on: a pass that ends here and goes on elsewhere would not know of it.
void PartitionPass::open_skipped_gap() {
  const auto records = tally_.skipped - tally_done_.skipped;
  if (records == 0 || plan_.keeps_cursor) return;
  load::Gap gap{.partition = partition_.key, .kind = "incomplete"};
  gap.from = plan_.pass.start;
  gap.to = end_;
  gap.records = records;
  gap.reason = tally_.skip_reason;
  gap.remedy = "it is asked for again after a day; check what the credentials may see";
  committer_.writer().open_gap(std::move(gap));
}

std::optional<load::Validator> PartitionPass::validator(const std::string& request) const {
  if (!has_validators_ || plan_.is_resumed || plan_.refetches_gap || plan_.keeps_cursor) return std::nullopt;
  for (const auto& known : cursor_.validators)
    if (known.request == request && known.declaration_hash == script_.hash) return known;
  return std::nullopt;
}

void PartitionPass::keep_as_it_was() {
  is_unchanged_ = true;
  committer_.writer().drop_generation(partition_.key);
}

// Of rows that belong to no complete pass a validator would say too much.
void PartitionPass::drop_validators() {
  if (std::exchange(has_validators_, false)) committer_.writer().set_validator(partition_.key, std::nullopt);
}

void PartitionPass::keep_validator() {
  if (is_unchanged_) return;
  drop_validators();
  if (!new_validator_ || gaps() > 0) return;
  new_validator_->declaration_hash = script_.hash;
  committer_.writer().set_validator(partition_.key, std::move(new_validator_));
}

void PartitionPass::complete() {
  if (plan_.keeps_cursor) return write_ledger(true);
  auto update = cursor_update();
  update.cursor_at = std::max(end_, cursor_.cursor_at.value_or(end_));
  // Where something was left out, heads count as not collected yet.
  if (new_state_ && !has_skipped()) update.state = *new_state_;
  update.is_pass_complete = true;
  auto& writer = committer_.writer();
  writer.set_cursor(std::move(update));
  keep_validator();
  write_ledger(true);
  settle_gaps();
  if (cursor_.unreachable) writer.set_unreachable(partition_.key, std::nullopt, std::chrono::seconds(0));
}

void PartitionPass::complete_by_evidence() {
  if (plan_.keeps_cursor) return;
  if (has_gap("failed")) committer_.writer().close_gaps(partition_.key, "failed");
  if (cursor_.cursor_at == plan_.pass.cursor_at) return;
  auto update = cursor_update();
  update.cursor_at = plan_.pass.cursor_at;
  update.is_pass_complete = true;
  committer_.writer().set_cursor(std::move(update));
}

void PartitionPass::leave_incomplete() { write_ledger(false); }

void PartitionPass::write_ledger(bool is_complete) {
  load::LedgerEntry entry{.partition = partition_.key};
  entry.window_start = plan_.pass.start;
  entry.window_end = end_;
  entry.expected = tally_.expected;
  entry.skipped = tally_.skipped;
  entry.is_complete = is_complete;
  entry.note = tally_.skip_reason;
  committer_.writer().set_ledger(std::move(entry));
}

void PartitionPass::skip(std::int64_t records, std::string reason) {
  tally_.skipped += records;
  tally_.skip_reason = std::move(reason);
}

void PartitionPass::cap(Instant from, Instant to, std::string reason) {
  ++tally_.caps;
  load::Gap gap{.partition = partition_.key, .kind = "capped"};
  gap.from = from;
  gap.to = to;
  gap.reason = std::move(reason);
  gap.remedy = "it is asked for again once a day; a smaller importWindowDuration may help";
  committer_.writer().open_gap(std::move(gap));
}

void PartitionPass::count_requests(const plugin::RequestCounts& more) {
  auto& counts = committer_.writer().counts();
  counts.requests += more.requests;
  counts.not_modified += more.not_modified;
  counts.bytes += more.bytes;
  counts.points += more.points;
  counts.waited_ms += more.waited.count();
}

void PartitionPass::log(LogLevel level, std::string message, nlohmann::json details, std::string record_id) {
  committer_.writer().log(level, std::move(message), std::move(details), std::move(record_id));
}

bool PartitionPass::has_gap(std::string_view kind) const {
  return std::ranges::any_of(cursor_.gaps, [&](const OpenGap& gap) { return gap.kind == kind; });
}

}  // namespace weir::orchestrator

#include "tests/support/synthetic/memory_store.hpp"

namespace weir::synthetic {

MemoryPass::MemoryPass(const plugin::ScriptDeclaration& script, plugin::Partition partition, StoredPartition& stored,
                       plugin::PassPlan plan, Fate& fate)
    : script_(script),
      partition_(std::move(partition)),
      stored_(stored),
      plan_(plan),
      fate_(fate),
      resume_(stored.progress.pass_end ? stored.resume : nlohmann::json()),
      new_state_(stored.state),
      has_committed_(stored.progress.pass_end.has_value()) {}

void MemoryPass::keep(const Record& record) { waiting_.push_back(record); }

void MemoryPass::note_provider_time(Instant now) {
  if (has_committed_) return;
  plan_.end = plugin::limit_pass_end(script_, plan_.end, now);
  has_committed_ = true;  // only the first call counts
}

load::Batch& MemoryPass::rows(std::string_view) {
  throw Failure({ErrorCode::internal, "rows in memory come through keep()"});
}

void MemoryPass::commit_rows() {
  if (!stored_.covered_from) stored_.covered_from = plan_.start;
  for (const auto& record : waiting_) {
    auto& row = stored_.rows[record.key];
    row = {.revision = record.revision};
    stored_.seen.insert(record.key);
  }
  waiting_.clear();
  stored_.gaps.insert(stored_.gaps.end(), gaps_.begin(), gaps_.end());
  gaps_.clear();
}

Task<> MemoryPass::page_done(nlohmann::json resume) {
  fate_.maybe_crash();
  if (!fate_.commits_now()) co_return;
  commit_rows();
  has_committed_ = true;
  // Through text, as the database keeps it.
  stored_.resume = nlohmann::json::parse(resume.dump());
  stored_.progress.pass_start = plan_.start;
  stored_.progress.pass_end = plan_.end;
  fate_.maybe_crash();
}

void MemoryPass::complete() {
  fate_.maybe_crash();
  commit_rows();
  if (script_.cursor == plugin::CursorKind::full)
    for (auto& [key, row] : stored_.rows)
      if (!stored_.seen.contains(key)) row.is_deleted = true;
  stored_.seen.clear();
  auto& cursor = stored_.progress.cursor_at;
  cursor = cursor ? std::max(*cursor, plan_.end) : plan_.end;
  stored_.progress.pass_start.reset();
  stored_.progress.pass_end.reset();
  stored_.resume = nullptr;
  stored_.state = new_state_;
}

}  // namespace weir::synthetic

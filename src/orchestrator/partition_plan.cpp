#include "orchestrator/partition_plan.hpp"

#include <algorithm>

namespace weir::orchestrator {
namespace {

constexpr auto k_refetch_pause = std::chrono::hours(24);
constexpr std::int64_t k_refetch_pauses_max = 30;

struct Refetch {
  std::optional<Instant> from{};  // absent: everything
};

// What a pass that begins now collects again: what an indivisible cap had cut off, was not shown, or was rejected (not
// by heads: what they reach is not listed twice). After a day first, and a day later with each attempt in vain.
std::optional<Refetch> due_refetch(const plugin::ScriptDeclaration& script, const PartitionCursor& cursor) {
  const auto is_asked_again = [&](const std::string& kind) {
    return kind == "capped" || kind == "incomplete" ||
           (kind == "rejected" && script.cursor != plugin::CursorKind::heads);
  };
  std::optional<Refetch> refetch;
  for (const auto& gap : cursor.gaps) {
    const auto pause = k_refetch_pause * std::clamp<std::int64_t>(gap.attempts, 1, k_refetch_pauses_max);
    if (!is_asked_again(gap.kind) || gap.seen_at + pause > cursor.now) continue;
    if (!refetch)
      refetch = Refetch{gap.from};
    else
      refetch->from = refetch->from && gap.from ? std::optional(std::min(*refetch->from, *gap.from)) : std::nullopt;
  }
  return refetch;
}

}  // namespace

PartitionPlan plan_partition(const plugin::ScriptDeclaration& script, const PartitionCursor& cursor,
                             const std::optional<plugin::SkipEvidence>& evidence) {
  PartitionPlan plan;
  if (cursor.unreachable && cursor.probe_at && *cursor.probe_at > cursor.now) {
    plan.action = PartitionAction::wait_for_probe;
    return plan;
  }
  const bool has_history = cursor.cursor_at || cursor.pass_end;
  plan.is_declaration_changed = has_history && cursor.declaration_hash != script.hash;
  plugin::PartitionProgress progress{cursor.cursor_at, cursor.pass_start, cursor.pass_end};
  if (plan.is_declaration_changed) progress.pass_start = progress.pass_end = std::nullopt;
  plan.is_resumed = progress.pass_end.has_value();

  const auto refetch = plan.is_resumed ? std::nullopt : due_refetch(script, cursor);
  const bool is_evidence_good = !plan.is_declaration_changed && !refetch && !cursor.unreachable;
  plan.pass = plugin::plan_pass(script, progress, is_evidence_good ? evidence : std::nullopt, cursor.now);
  if (plan.pass.is_skipped) plan.action = PartitionAction::skip;
  if (script.cursor == plugin::CursorKind::full) plan.pass.start.reset();
  plan.refetches_gap = refetch.has_value();
  if (refetch && plan.pass.start)
    plan.pass.start = refetch->from ? std::min(*refetch->from, *plan.pass.start) : refetch->from;
  return plan;
}

}  // namespace weir::orchestrator

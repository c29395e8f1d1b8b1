#include "orchestrator/partition_plan.hpp"

#include <algorithm>

namespace weir::orchestrator {
namespace {

constexpr auto k_refetch_pause = std::chrono::hours(24);

// From where a pass that begins now collects again what an indivisible cap had cut off, once a day.
std::optional<Instant> capped_from(const PartitionCursor& cursor) {
  for (const auto& gap : cursor.gaps)
    if (gap.kind == "capped" && gap.from && gap.seen_at + k_refetch_pause <= cursor.now) return gap.from;
  return std::nullopt;
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

  const auto capped = plan.is_resumed ? std::nullopt : capped_from(cursor);
  const bool is_evidence_good = !plan.is_declaration_changed && !capped && !cursor.unreachable;
  plan.pass = plugin::plan_pass(script, progress, is_evidence_good ? evidence : std::nullopt, cursor.now);
  if (plan.pass.is_skipped) plan.action = PartitionAction::skip;
  if (script.cursor == plugin::CursorKind::full) plan.pass.start.reset();
  if (capped && plan.pass.start && *capped < *plan.pass.start) {
    plan.pass.start = capped;
    plan.refetches_cap = true;
  }
  return plan;
}

}  // namespace weir::orchestrator

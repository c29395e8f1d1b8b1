#include "plugin/pass_plan.hpp"

#include <algorithm>

namespace weir::plugin {
namespace {

bool is_unchanged(const ScriptDeclaration& script, const PartitionProgress& progress, const SkipEvidence& evidence) {
  return progress.cursor_at && !progress.pass_end && evidence.changed_at < *progress.cursor_at - script.lookback;
}

}  // namespace

PassPlan plan_pass(const ScriptDeclaration& script, const PartitionProgress& progress,
                   const std::optional<SkipEvidence>& evidence, Instant now) {
  const auto cursor_after = [&](Instant end) { return progress.cursor_at ? std::max(*progress.cursor_at, end) : end; };
  if (progress.pass_end)
    return {.start = progress.pass_start, .end = *progress.pass_end, .cursor_at = cursor_after(*progress.pass_end)};
  const auto end = now - script.settle;
  if (evidence && is_unchanged(script, progress, *evidence)) {
    const auto evident = std::min(end, evidence->read_at - script.settle);
    return {.is_skipped = true, .end = evident, .cursor_at = cursor_after(evident)};
  }
  std::optional<Instant> start;
  if (progress.cursor_at)
    start = *progress.cursor_at - script.lookback;
  else if (script.import_window_days)
    start = now - std::chrono::days(*script.import_window_days);
  return {.start = start, .end = end, .cursor_at = cursor_after(end)};
}

Instant limit_pass_end(const ScriptDeclaration& script, Instant end, Instant provider_now) {
  return std::min(end, provider_now - script.settle);
}

}  // namespace weir::plugin

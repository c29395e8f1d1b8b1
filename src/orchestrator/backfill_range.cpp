#include "orchestrator/backfill_range.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace weir::orchestrator {

using plugin::CursorKind;

Result<> check_backfill(const plugin::ScriptDeclaration& script) {
  switch (script.cursor) {
    case CursorKind::window:
    case CursorKind::ascending:
    case CursorKind::descending: return {};
    case CursorKind::full:
      return fail(ErrorCode::usage, fmt::format("{} has no range of time to go back to: every import lists all there "
                                                "is, so `weir import --script {}` does it",
                                                script.full_name(), script.full_name()));
    case CursorKind::heads: break;
  }
  return fail(ErrorCode::usage,
              fmt::format("{} has no range of time to go back to: it goes by what has changed, not by when; "
                          "`weir cursor reset TENANT SOURCE {}` lets the next import collect all of it again",
                          script.full_name(), script.full_name()));
}

std::optional<std::chrono::seconds> backfill_window(const plugin::ScriptDeclaration& script) {
  if (script.cursor == CursorKind::descending) return std::nullopt;
  return std::max<std::chrono::seconds>(script.import_window_duration, std::chrono::weeks(1));
}

std::optional<TimeRange> next_window(TimeRange range, Instant done_to, std::optional<std::chrono::seconds> window) {
  const auto from = std::max(range.from, done_to);
  if (from >= range.to) return std::nullopt;
  if (!window || range.to - from <= *window) return TimeRange{from, range.to};
  return TimeRange{from, from + *window};
}

int count_windows(TimeRange range, std::optional<std::chrono::seconds> window) {
  if (range.from >= range.to) return 0;
  if (!window) return 1;
  const Duration width = *window;
  return static_cast<int>((range.to - range.from + width - Duration(1)) / width);
}

PartitionPlan plan_backfill(const PartitionCursor& cursor, const std::optional<plugin::SkipEvidence>& evidence,
                            TimeRange window) {
  PartitionPlan plan{.keeps_cursor = true};
  plan.pass = {.start = window.from, .end = window.to, .cursor_at = window.to};
  if (cursor.unreachable && cursor.probe_at && *cursor.probe_at > cursor.now)
    plan.action = PartitionAction::wait_for_probe;
  else if (evidence && evidence->changed_at < window.from && window.to <= evidence->read_at)
    plan.action = PartitionAction::skip;
  return plan;
}

}  // namespace weir::orchestrator

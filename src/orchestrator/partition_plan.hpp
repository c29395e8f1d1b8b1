// What to do with a partition now. Pure; also what `weir plan` shows.
#pragma once
#include <optional>

#include "orchestrator/partition_cursor.hpp"
#include "plugin/pass_plan.hpp"
#include "plugin/script.hpp"

namespace weir::orchestrator {

enum class PartitionAction {
  collect,         // a pass, new or resumed
  skip,            // evidence says that nothing changed: only the cursor moves
  wait_for_probe,  // it was unreachable, and is not tried again yet
};

struct PartitionPlan {
  PartitionAction action = PartitionAction::collect;
  plugin::PassPlan pass{};
  bool is_resumed = false;
  // Its cursor was made by another declaration: an open pass begins anew, evidence does not count.
  bool is_declaration_changed = false;
  bool refetches_gap = false;  // it reaches back to what a cap has cut off, or the provider did not show
  bool keeps_cursor = false;   // of a backfill: cursor, state and open pass stay as they are
};

PartitionPlan plan_partition(const plugin::ScriptDeclaration& script, const PartitionCursor& cursor,
                             const std::optional<plugin::SkipEvidence>& evidence);

}  // namespace weir::orchestrator

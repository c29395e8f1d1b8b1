// What the next pass of a partition covers: pure decisions about cursor, look-back and evidence.
#pragma once
#include <optional>

#include "base/time.hpp"
#include "plugin/declaration.hpp"
#include "plugin/script.hpp"

namespace weir::plugin {

// What is kept of a partition between runs.
struct PartitionProgress {
  std::optional<Instant> cursor_at{};  // complete up to here
  // An open pass covers (pass_start, pass_end]; no pass_end: none is open.
  std::optional<Instant> pass_start{};
  std::optional<Instant> pass_end{};
};

struct PassPlan {
  bool is_skipped = false;         // by evidence; the cursor becomes cursor_at, nothing else happens
  std::optional<Instant> start{};  // the pass covers (start, end]; no start: everything
  Instant end{};
  Instant cursor_at{};  // what the cursor becomes when the pass is complete; never earlier than it was
};

// `now` is the database's. An open pass goes on unchanged; otherwise the pass begins look-back before the cursor, or
// import_window_days before now on a first import, and ends settle before now.
PassPlan plan_pass(const ScriptDeclaration& script, const PartitionProgress& progress,
                   const std::optional<SkipEvidence>& evidence, Instant now);

// The end of a pass once its provider's clock is known (see PassContext::note_provider_time).
Instant limit_pass_end(const ScriptDeclaration& script, Instant end, Instant provider_now);

}  // namespace weir::plugin

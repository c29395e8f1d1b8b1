// The right to run one script of one data source: weir.claim_script and what it may answer.
#pragma once
#include <optional>
#include <string>

#include "base/time.hpp"
#include "orchestrator/node.hpp"
#include "orchestrator/script_id.hpp"
#include "pg/database.hpp"

namespace weir::orchestrator {

enum class ClaimOutcome {
  claimed,
  held,    // runs on another node, or somebody judges it for longer than a moment
  parked,  // until wake_at
  cap,     // the tenant has as many scripts running as it may
  disabled,
  paused,
  needs_credentials,
  unknown_source,
  node_lost,  // this node may not start anything now
};

struct ClaimRequest {
  TenantId tenant;
  ScriptId id;
  std::optional<PipelineRunId> pipeline_run{};
  int concurrent_scripts = 1;
};

struct Claim {
  ClaimOutcome outcome = ClaimOutcome::node_lost;
  Fence fence{};
  RunId run{};
  Epoch epoch{};  // of this node, at the claim
  std::optional<Instant> wake_at{};
  std::string reason{};  // for people; empty when claimed
};

// A row that is locked for a moment is asked for again; everything else is answered at once.
Task<Claim> claim_script(pg::Database& database, Node& node, ClaimRequest request);

}  // namespace weir::orchestrator

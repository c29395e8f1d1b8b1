// The settings of an import that come from the environment; each is described in docs/operations.md.
#pragma once
#include "orchestrator/node.hpp"
#include "orchestrator/run_services.hpp"

namespace weir::app {

// WEIR_DATABASE_DIRECT_URL, WEIR_HEARTBEAT_MS, WEIR_LEASE_MS, WEIR_LOCK_PROBE_MS. configuration error for a value that
// is no number, or a lease that two heartbeats do not fit into.
Result<orchestrator::NodeSettings> node_settings();

// WEIR_EGRESS_ALLOW: what every tenant may reach.
Result<http::EgressPolicy> operator_egress();

// WEIR_CHECKPOINT_ROWS, WEIR_CHECKPOINT_MS, WEIR_STOP_GRACE_MS, WEIR_EGRESS_ALLOW.
Result<orchestrator::RunSettings> run_settings();

}  // namespace weir::app

// What an import of a tenant would run now: in which order, over which range of time, and what would not run and why.
// Reads only what the database knows; no provider is asked, so partitions that were never seen do not show.
#pragma once
#include <nlohmann/json.hpp>

#include "base/asio.hpp"
#include "pg/database.hpp"
#include "plugin/catalog.hpp"
#include "tenancy/tenant.hpp"

namespace weir::orchestrator {

// {"tenant", "at", "scripts": [{"data_source", "script", "step" (null: does not run), "action", "why", "waits_for": [],
// "declaration_changed", "partitions": [{"partition", "title", "from", "to", "is_resumed"}]}]}, in the order of
// running. Actions: run, resume, held, parked, skip, error.
Task<nlohmann::json> plan_tenant(pg::Database& database, const plugin::PluginCatalog& catalog, tenancy::Tenant tenant);

}  // namespace weir::orchestrator

// Rows that a tenant's plan no longer keeps (plan.data_retention_days), deleted in batches.
//
// What is collected by time ages: a row goes when neither the provider nor an import has changed it for so many days,
// and what belongs to it, by the beginning of its key, goes with it. What a full listing shows (repositories, teams,
// branches) stays as long as it is listed: it would only come back.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "orchestrator/worker.hpp"
#include "scheduler/upkeep.hpp"

namespace weir::orchestrator {

struct AgedTable {
  std::string name;                         // of the resource
  std::vector<std::string> key{};           // after tenant_id and data_source
  std::optional<std::string> changed_at{};  // the provider's time of change, if it has one
  std::vector<std::string> with_it{};       // resources whose keys begin with this one's
};

// By name. Pure.
std::vector<AgedTable> aged_tables(const plugin::PluginCatalog& catalog);

struct RetentionSettings {
  std::chrono::seconds period = std::chrono::hours(24);
  int batch_rows = 5000;
};

// The upkeep's job `data`. References outlive it.
scheduler::Job data_retention_job(pg::Database& database, CatalogSource catalog, RetentionSettings settings = {});

}  // namespace weir::orchestrator

// The queue as people look at it.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "pg/database.hpp"
#include "queue/entry.hpp"

namespace weir::queue {

struct EntryFilter {
  std::optional<TenantId> tenant{};
  std::optional<std::string> state{};    // scheduled, ready, leased, parked
  std::optional<PipelineRunId> after{};  // the last one of the page before
  int limit = 100;
};

// Entries as documents (the columns of weir.pipeline_execution_queue, with tenant_key and the pipeline's name), oldest
// first.
Task<std::vector<nlohmann::json>> list_entries(pg::Database& database, EntryFilter filter);

}  // namespace weir::queue

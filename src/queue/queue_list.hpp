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

// Entries as documents, oldest first: what concerns their tenant, nothing of the node that works on them.
Task<std::vector<nlohmann::json>> list_entries(pg::Database& database, EntryFilter filter);

}  // namespace weir::queue

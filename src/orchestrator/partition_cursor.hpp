// What is kept of a partition between runs, read at the begin of its pass.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/asio.hpp"
#include "base/time.hpp"
#include "load/validator.hpp"
#include "orchestrator/script_id.hpp"
#include "pg/database.hpp"

namespace weir::orchestrator {

struct OpenGap {
  std::string kind;
  std::optional<Instant> from{};
  Instant seen_at{};  // when a run met it last
  std::int64_t attempts = 1;
};

struct PartitionCursor {
  std::int64_t version = 0;  // 0: there is no row yet
  std::string title{};
  std::optional<Instant> cursor_at{};
  nlohmann::json state = nullptr;
  std::optional<Instant> pass_start{}, pass_end{};  // pass_end: a pass is open
  nlohmann::json resume = nullptr;
  std::optional<std::int64_t> generation{};
  std::string declaration_hash{};
  std::optional<std::string> unreachable{};
  std::optional<Instant> probe_at{};
  std::vector<OpenGap> gaps{};
  std::vector<load::Validator> validators{};
  Instant now{};  // the database's clock when it was read
};

// One for each of `partitions`, in their order.
Task<std::vector<PartitionCursor>> read_partition_cursors(pg::Database& database, TenantId tenant, ScriptId id,
                                                          std::vector<std::string> partitions);

}  // namespace weir::orchestrator

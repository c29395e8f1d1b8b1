// Cursors in the operator's hands: what they are, what they were, and setting them. A change first takes the right from
// whoever runs the script, so no run in flight can write over it.
#pragma once
#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include "base/asio.hpp"
#include "base/error.hpp"
#include "base/time.hpp"
#include "pg/database.hpp"
#include "tenancy/audit.hpp"
#include "tenancy/tenant.hpp"

namespace weir::orchestrator {

struct CursorFilter {
  std::optional<std::string> data_source{}, script{}, partition{};
};

Task<nlohmann::json> list_cursors(pg::Database& database, TenantId tenant, CursorFilter filter);

// The names of a cursor, in the order of lists; all empty: before the first.
struct CursorPlace {
  std::string data_source{}, script{}, partition{};
};
// At most `limit` after that place, without `state` and `resume`.
Task<nlohmann::json> list_cursor_page(pg::Database& database, TenantId tenant, CursorFilter filter, CursorPlace after,
                                      int limit);
// Newest first, at most 1,000.
Task<nlohmann::json> list_cursor_history(pg::Database& database, TenantId tenant, std::string data_source,
                                         std::string script, std::optional<std::string> partition);

struct CursorChange {
  std::string data_source;
  std::optional<std::string> script{};     // nullopt: every script of the source
  std::optional<std::string> partition{};  // nullopt: every partition
  std::optional<Instant> to{};             // nullopt: reset, collected anew from the beginning
};

// How many cursors were changed. not_found when there is none: nothing to set; invalid_input for the future. State and
// an open pass are dropped with the value they belong to; the history keeps it.
Task<Result<int>> change_cursors(pg::Database& database, tenancy::Actor actor, tenancy::Tenant tenant,
                                 CursorChange change);

}  // namespace weir::orchestrator

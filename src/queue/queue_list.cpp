#include "queue/queue_list.hpp"

#include "queue/sql.hpp"

namespace weir::queue {

Task<std::vector<nlohmann::json>> list_entries(pg::Database& database, EntryFilter filter) {
  const auto rows = co_await database.query(pg::Scope::control(), sql::list_entries,
                                            pg::Params(filter.tenant, filter.state, filter.after, filter.limit));
  std::vector<nlohmann::json> entries;
  for (const auto row : rows) entries.push_back(row.get<nlohmann::json>("document"));
  co_return entries;
}

}  // namespace weir::queue

#include "queue/queue_list.hpp"

#include "pg/documents.hpp"
#include "queue/sql.hpp"

namespace weir::queue {

Task<std::vector<nlohmann::json>> list_entries(pg::Database& database, EntryFilter filter) {
  const auto rows = co_await database.query(pg::Scope::control(), sql::list_entries,
                                            pg::Params(filter.tenant, filter.state, filter.after, filter.limit));
  std::vector<nlohmann::json> entries;
  for (const auto row : rows) {
    auto& entry = entries.emplace_back(pg::read_document(row));
    entry["class"] = name_of(static_cast<RunClass>(entry.at("class").get<int>()));
  }
  co_return entries;
}

}  // namespace weir::queue

#include "pg/server_facts.hpp"

#include "pg/sql.hpp"

namespace weir::pg {

ServerFacts read_server_facts(BlockingSession& session) {
  const auto rows = session.query(sql::read_server_facts);
  const auto row = rows.one();
  return {row.get<std::string>("version"),      row.get<Instant>("started_at"),      row.get<std::string>("database"),
          row.get<std::string>("login"),        row.get<std::int64_t>("size_bytes"), row.get<std::int64_t>("sessions"),
          row.get<std::int64_t>("sessions_max")};
}

}  // namespace weir::pg

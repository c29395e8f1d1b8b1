// What `weir db status` and `weir doctor` say about a server.
#pragma once
#include <cstdint>
#include <string>

#include "base/time.hpp"
#include "pg/blocking_session.hpp"

namespace weir::pg {

struct ServerFacts {
  std::string version;  // 15.18
  Instant started_at;
  std::string database;
  std::string login;
  std::int64_t size_bytes;  // of the database
  std::int64_t sessions;    // of this database, this one included
  std::int64_t sessions_max;
};

ServerFacts read_server_facts(BlockingSession& session);

}  // namespace weir::pg

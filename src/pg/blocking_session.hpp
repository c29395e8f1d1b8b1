// One blocking session, for what happens before the event loop runs: the bootstrap of the private server, migrations,
// checks of roles and schema. Everything else uses Connection.
#pragma once
#include <chrono>
#include <memory>
#include <string>

#include "base/error.hpp"
#include "pg/params.hpp"
#include "pg/rows.hpp"
#include "pg/statement.hpp"

extern "C" struct pg_conn;

namespace weir::pg {

class BlockingSession {
 public:
  // The error is database_unreachable, with libpq's reason and what to check.
  static Result<BlockingSession> open(const std::string& url,
                                      std::chrono::seconds connect_timeout = std::chrono::seconds(10));

  // One statement with parameters. Throws Failure: database_unreachable when the session is lost, the statement's
  // meaning otherwise.
  Rows query(Statement statement, const Params& params = {});
  // Any number of statements without parameters, in one implicit transaction unless they say otherwise; the rows of the
  // last one.
  Rows run_script(Statement script);

  int server_version() const;  // 150004 for 15.4
  // Whether a NOTIFY to ourselves arrives in time; not through a pooler that shares sessions.
  bool hears_itself(std::chrono::milliseconds timeout);

 private:
  struct Finish {
    void operator()(pg_conn* connection) const;
  };
  explicit BlockingSession(pg_conn* connection) : connection_(connection) {}
  Rows checked(pg_result* result, std::string_view name);
  std::unique_ptr<pg_conn, Finish> connection_;
};

}  // namespace weir::pg

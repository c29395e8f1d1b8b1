#include "pg/blocking_session.hpp"

#include <libpq-fe.h>
#include <poll.h>

#include "pg/libpq_error.hpp"
#include "pg/libpq_params.hpp"

namespace weir::pg {

void BlockingSession::Finish::operator()(pg_conn* connection) const { PQfinish(connection); }

Result<BlockingSession> BlockingSession::open(const std::string& url, std::chrono::seconds connect_timeout) {
  const auto timeout = std::to_string(connect_timeout.count());
  const char* keys[] = {"dbname", "application_name", "client_encoding", "connect_timeout", nullptr};
  const char* values[] = {url.c_str(), "weir", "UTF8", timeout.c_str(), nullptr};
  BlockingSession session(PQconnectdbParams(keys, values, 1));
  auto* connection = session.connection_.get();
  if (connection == nullptr || PQstatus(connection) != CONNECTION_OK) return std::unexpected(connect_error(connection));
  PQsetNoticeProcessor(connection, [](void*, const char*) {}, nullptr);
  session.run_script({"pg.session", "SET search_path = pg_catalog; SET TimeZone = 'UTC'; SET DateStyle = 'ISO'"});
  return session;
}

Rows BlockingSession::query(Statement statement, const Params& params) {
  const LibpqParams values(params);
  const std::string sql(statement.sql);
  return checked(PQexecParams(connection_.get(), sql.c_str(), values.count(), values.types.data(), values.data.data(),
                              values.lengths.data(), values.formats.data(), 0),
                 statement.name);
}

Rows BlockingSession::run_script(Statement script) {
  const std::string sql(script.sql);
  return checked(PQexec(connection_.get(), sql.c_str()), script.name);
}

int BlockingSession::server_version() const { return PQserverVersion(connection_.get()); }

bool BlockingSession::hears_itself(std::chrono::milliseconds timeout) {
  run_script({"pg.listen", "LISTEN weir_doctor"});
  run_script({"pg.notify", "NOTIFY weir_doctor"});
  const auto end = std::chrono::steady_clock::now() + timeout;
  for (;;) {
    const std::unique_ptr<PGnotify, void (*)(void*)> heard(PQnotifies(connection_.get()), PQfreemem);
    if (heard != nullptr) return true;
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now()).count();
    pollfd ready{PQsocket(connection_.get()), POLLIN, 0};
    if (left <= 0 || ::poll(&ready, 1, static_cast<int>(left)) <= 0) return false;
    if (PQconsumeInput(connection_.get()) == 0) return false;
  }
}

Rows BlockingSession::checked(pg_result* result, std::string_view name) {
  Rows rows(result);
  if (PQstatus(connection_.get()) != CONNECTION_OK) throw Failure(lost_error(connection_.get(), name));
  const auto status = PQresultStatus(result);
  if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) throw Failure(error_of(result, name));
  return rows;
}

}  // namespace weir::pg

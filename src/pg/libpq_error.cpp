#include "pg/libpq_error.hpp"

#include <fmt/format.h>
#include <libpq-fe.h>

#include "pg/sqlstate.hpp"

namespace weir::pg {

std::string first_line(std::string_view text) { return std::string(text.substr(0, text.find('\n'))); }

Error error_of(const PGresult* result, std::string_view name) {
  const char* state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  const char* message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
  const std::string_view sqlstate = state != nullptr ? state : "";
  return {meaning_of(sqlstate), message != nullptr ? message : first_line(PQresultErrorMessage(result)),
          fmt::format("statement {}, SQLSTATE {}", name, sqlstate.empty() ? "none" : sqlstate)};
}

Error connect_error(const PGconn* connection) {
  const auto reason = connection != nullptr ? first_line(PQerrorMessage(connection)) : "out of memory";
  return {ErrorCode::database_unreachable,
          fmt::format("the database cannot be reached: {}; check the database URL and that the server runs", reason)};
}

Error lost_error(const PGconn* connection, std::string_view name) {
  return {ErrorCode::database_unreachable,
          fmt::format("the connection to the database is lost: {}", first_line(PQerrorMessage(connection))),
          fmt::format("statement {}", name)};
}

}  // namespace weir::pg

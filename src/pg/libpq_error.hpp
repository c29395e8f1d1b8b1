// What libpq reports, as Weir's errors. Private to this module.
#pragma once
#include <string>
#include <string_view>

#include "base/error.hpp"

extern "C" {
struct pg_conn;
struct pg_result;
}

namespace weir::pg {

std::string first_line(std::string_view text);
// Of a statement that the server refused; `name` is the statement's.
Error error_of(const pg_result* result, std::string_view name);
// Of an attempt to connect; null means that libpq had no memory.
Error connect_error(const pg_conn* connection);
// Of a session that broke under a statement.
Error lost_error(const pg_conn* connection, std::string_view name);

}  // namespace weir::pg

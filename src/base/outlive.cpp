#include "base/outlive.hpp"

namespace weir {

void log_failure(std::string_view who, const Error& error, LogLevel level) {
  if (error.code == ErrorCode::internal) level = LogLevel::error;
  if (is_logged(level)) write_log(level, fmt::format("{}: {} {}", who, error.message, error.detail));
}

Error outlive(std::string_view who, LogLevel level) {
  auto error = current_error();
  if (error.code == ErrorCode::cancelled) throw;
  log_failure(who, error, level);
  return error;
}

}  // namespace weir

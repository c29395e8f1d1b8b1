// Weir's log: lines for the operator on standard error, as text or JSON. Tenants' own lines (the import log) go to the
// database instead. Never pass a secret: a Secret prints as ***.
#pragma once
#include <string>
#include <string_view>

#include <fmt/format.h>

namespace weir {

enum class LogLevel { debug, info, warning, error };
enum class LogFormat { text, json };

// Once, at the start of the process. `level` is the lowest that is written.
void configure_log(LogLevel level, LogFormat format);
bool is_logged(LogLevel level);
void write_log(LogLevel level, std::string_view message);

template <class... Args>
void log_debug(fmt::format_string<Args...> format, Args&&... args) {
  if (is_logged(LogLevel::debug)) write_log(LogLevel::debug, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void log_info(fmt::format_string<Args...> format, Args&&... args) {
  if (is_logged(LogLevel::info)) write_log(LogLevel::info, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void log_warning(fmt::format_string<Args...> format, Args&&... args) {
  if (is_logged(LogLevel::warning)) write_log(LogLevel::warning, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void log_error(fmt::format_string<Args...> format, Args&&... args) {
  if (is_logged(LogLevel::error)) write_log(LogLevel::error, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace weir

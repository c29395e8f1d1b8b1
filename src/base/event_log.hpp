// Lines of the log with fields that machines look for: what a collecting process did for whom. In the text format they
// follow the message as name=value; in JSON they are members. Never a secret.
//
//   log_event(LogLevel::info, "script completed", {{"tenant", key}, {"script", "git/commit"}});
#pragma once
#include <concepts>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/log.hpp"

namespace weir {

struct LogValue {
  LogValue(std::string value) : text(std::move(value)) {}
  LogValue(std::string_view value) : text(value) {}
  LogValue(const char* value) : text(value) {}
  template <std::integral Number>
  LogValue(Number number) : text(std::to_string(number)), is_number(true) {}

  std::string text;
  bool is_number = false;  // in JSON, too
};
using LogFields = std::vector<std::pair<std::string_view, LogValue>>;

void log_event(LogLevel level, std::string_view message, const LogFields& fields);

// Exposed for its test: how a line looks, without time and level.
std::string format_event(LogFormat format, std::string_view message, const LogFields& fields);

}  // namespace weir

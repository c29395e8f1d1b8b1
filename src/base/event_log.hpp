// Lines of the log with fields that machines look for: what a collecting process did for whom. In the text format they
// follow the message as name=value; in JSON they are members. Never a secret.
//
//   log_event(LogLevel::info, "script completed", {{"tenant", key}, {"script", "git/commit"}});
#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/log.hpp"

namespace weir {

using LogFields = std::vector<std::pair<std::string_view, std::string>>;

void log_event(LogLevel level, std::string_view message, const LogFields& fields);

// Exposed for its test: how a line looks, without time and level.
std::string format_event(LogFormat format, std::string_view message, const LogFields& fields);

}  // namespace weir

#include "base/event_log.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <nlohmann/json.hpp>

namespace weir {
namespace {

LogFormat g_format = LogFormat::text;

spdlog::logger& logger() {
  static spdlog::logger instance = [] {
    spdlog::logger made("weir", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made.set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc);
    made.set_level(spdlog::level::warn);
    return made;
  }();
  return instance;
}

spdlog::level::level_enum to_spdlog(LogLevel level) {
  switch (level) {
    case LogLevel::debug: return spdlog::level::debug;
    case LogLevel::info: return spdlog::level::info;
    case LogLevel::warning: return spdlog::level::warn;
    case LogLevel::error: return spdlog::level::err;
  }
  return spdlog::level::err;
}

std::string in_quotes(std::string_view text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

void configure_log(LogLevel level, LogFormat format) {
  g_format = format;
  logger().set_level(to_spdlog(level));
  if (format == LogFormat::json)
    logger().set_pattern(R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l","message":%v})",
                         spdlog::pattern_time_type::utc);
}

bool is_logged(LogLevel level) { return logger().should_log(to_spdlog(level)); }

std::string format_event(LogFormat format, std::string_view message, const LogFields& fields) {
  if (format == LogFormat::json) {
    auto line = in_quotes(message);
    for (const auto& [name, value] : fields)
      line.append(",").append(in_quotes(name)).append(":").append(value.is_number ? value.text : in_quotes(value.text));
    return line;
  }
  // A line break in foreign text must not forge a line of the log.
  std::string line(message);
  for (const auto& [name, value] : fields) {
    line.append(" ").append(name).append("=");
    const auto& text = value.text;
    line.append(text.empty() || text.find_first_of(" \"=") != std::string::npos ? in_quotes(text) : text);
  }
  for (auto& c : line)
    if (c == '\n' || c == '\r') c = ' ';
  return line;
}

void log_event(LogLevel level, std::string_view message, const LogFields& fields) {
  if (!is_logged(level)) return;
  const auto line = format_event(g_format, message, fields);
  logger().log(to_spdlog(level), spdlog::string_view_t(line.data(), line.size()));
}

void write_log(LogLevel level, std::string_view message) { log_event(level, message, {}); }

}  // namespace weir

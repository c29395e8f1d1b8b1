#include "weir/serve_settings.hpp"

#include <cstdlib>

#include <fmt/format.h>

#include "weir/environment_number.hpp"
#include "weir/table.hpp"

namespace weir::app {
namespace {

Result<> read_days(const char* name, int& value) {
  const auto days = read_number(name, value, 1, 36'500);
  if (!days) return std::unexpected(days.error());
  value = static_cast<int>(*days);
  return {};
}

}  // namespace

Result<Roles> parse_roles(std::string_view text) {
  Roles roles;
  for (std::size_t begin = 0; begin <= text.size();) {
    const auto end = std::min(text.find(',', begin), text.size());
    const auto word = text.substr(begin, end - begin);
    if (word == "api")
      roles.api = true;
    else if (word == "scheduler")
      roles.scheduler = true;
    else if (word == "worker")
      roles.worker = true;
    else
      return fail(ErrorCode::usage, fmt::format("--roles has '{}': api, scheduler and worker are known, separated by "
                                                "commas",
                                                printable(std::string(word))));
    begin = end + 1;
  }
  return roles;
}

Result<> read_serve_environment(ServeSettings& settings) {
  const auto poll_only = read_number("WEIR_QUEUE_POLL_ONLY", 0, 0, 1);
  if (!poll_only) return std::unexpected(poll_only.error());
  settings.is_poll_only = *poll_only == 1;
  if (auto read = read_days("WEIR_HISTORY_DAYS", settings.retention.run_days); !read) return read;
  if (auto read = read_days("WEIR_AUDIT_DAYS", settings.retention.audit_days); !read) return read;
  return read_days("WEIR_USAGE_DAYS", settings.retention.usage_days);
}

}  // namespace weir::app

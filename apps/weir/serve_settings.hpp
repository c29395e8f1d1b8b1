// What a serving process is told besides what every import is; each is described in docs/operations.md.
#pragma once
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "scheduler/history_retention.hpp"
#include "weir/listen_address.hpp"

namespace weir::app {

// What this process does; any number of processes may do the same.
struct Roles {
  bool api = false;
  bool scheduler = false;
  bool worker = false;
};
// api,scheduler,worker or some of them. usage error.
Result<Roles> parse_roles(std::string_view text);

struct ServeSettings {
  ListenAddress listen;
  Roles roles;
  int concurrent_runs = 4;
  bool is_poll_only = false;                // WEIR_QUEUE_POLL_ONLY: the database's notifications do not arrive here
  scheduler::HistoryRetention retention{};  // WEIR_HISTORY_DAYS, WEIR_AUDIT_DAYS, WEIR_USAGE_DAYS
};
// The part that comes from the environment. configuration error.
Result<> read_serve_environment(ServeSettings& settings);

}  // namespace weir::app

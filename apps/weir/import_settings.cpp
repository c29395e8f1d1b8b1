#include "weir/import_settings.hpp"

#include <cstdlib>

#include "weir/environment_number.hpp"

namespace weir::app {
namespace {

Result<> read_duration(const char* name, std::chrono::milliseconds& value, std::int64_t min, std::int64_t max) {
  const auto number = read_number(name, value.count(), min, max);
  if (!number) return std::unexpected(number.error());
  value = std::chrono::milliseconds(*number);
  return {};
}

}  // namespace

Result<orchestrator::NodeSettings> node_settings() {
  orchestrator::NodeSettings settings{.version = WEIR_VERSION};
  if (const char* url = std::getenv("WEIR_DATABASE_DIRECT_URL"); url != nullptr) settings.direct_url = url;
  constexpr std::int64_t k_hour_ms = 3'600'000;
  if (auto read = read_duration("WEIR_HEARTBEAT_MS", settings.heartbeat, 10, k_hour_ms); !read)
    return std::unexpected(read.error());
  if (auto read = read_duration("WEIR_LEASE_MS", settings.lease, 100, k_hour_ms); !read)
    return std::unexpected(read.error());
  if (auto read = read_duration("WEIR_LOCK_PROBE_MS", settings.lock_grace, 10, k_hour_ms); !read)
    return std::unexpected(read.error());
  settings.watch = std::min(settings.watch, settings.lock_grace);
  if (settings.lease < 2 * settings.heartbeat)
    return fail(ErrorCode::configuration, "WEIR_LEASE_MS must be at least twice WEIR_HEARTBEAT_MS");
  return settings;
}

Result<http::EgressPolicy> operator_egress() {
  const char* allowed = std::getenv("WEIR_EGRESS_ALLOW");
  return http::EgressPolicy::parse(allowed == nullptr ? "" : allowed);
}

Result<orchestrator::RunSettings> run_settings() {
  orchestrator::RunSettings settings;
  auto egress = operator_egress();
  if (!egress) return std::unexpected(egress.error());
  settings.egress = std::move(*egress);
  const auto rows =
      read_number("WEIR_CHECKPOINT_ROWS", static_cast<std::int64_t>(settings.load.batch_rows_max), 1, 1'000'000);
  if (!rows) return std::unexpected(rows.error());
  settings.load.batch_rows_max = static_cast<std::size_t>(*rows);
  if (auto read = read_duration("WEIR_CHECKPOINT_MS", settings.load.checkpoint_interval, 0, 3'600'000); !read)
    return std::unexpected(read.error());
  if (auto read = read_duration("WEIR_STOP_GRACE_MS", settings.stop_grace, 0, 3'600'000); !read)
    return std::unexpected(read.error());
  return settings;
}

}  // namespace weir::app

#include "api/route.hpp"

#include <algorithm>

#include "api/schema.hpp"

namespace weir::api {

std::string_view name_of(Access access) {
  switch (access) {
    case Access::open: return "open";
    case Access::tenant_read: return "tenant:read";
    case Access::tenant_write: return "tenant:write";
    case Access::admin: return "admin";
  }
  return "admin";
}

std::string Route::group() const {
  std::string_view rest = path;
  for (const auto& prefix :
       {std::string_view("/api/v1/tenants/{tenant_id}/"), std::string_view("/api/v1/"), std::string_view("/")})
    if (rest.starts_with(prefix)) {
      rest.remove_prefix(prefix.size());
      break;
    }
  return std::string(rest.substr(0, rest.find('/')));
}

const std::vector<Parameter>& path_parameters() {
  static const std::vector<Parameter> rows{
      {"tenant_id", "The tenant's id or key", schema::text(1, 100)},
      {"key_id", "The API key's id or prefix", schema::text(1, 100)},
      {"source", "The data source's name", schema::name()},
      {"run_id", "The run's or pipeline run's id", schema::uuid()},
      {"pipeline", "The pipeline's name or id", schema::text(1, 100)},
      {"config_id", "The pipeline's id or name", schema::text(1, 100)},
      {"plan", "The plan's name", schema::name()},
  };
  return rows;
}

std::vector<ErrorCode> errors_of(const Route& route) {
  using enum ErrorCode;
  auto errors = route.errors;
  errors.push_back(usage);
  if (route.access != Access::open) {
    errors.insert(errors.end(),
                  {unauthenticated, database_unreachable, transaction_conflict, timed_out, limited, stopping});
    if (route.access != Access::tenant_read) errors.push_back(forbidden);
  }
  if (route.path.contains('{')) errors.push_back(not_found);
  if (route.body) errors.insert(errors.end(), {unsupported_media_type, invalid_input, request_too_large});
  if (route.method == "POST" && route.access != Access::open)
    errors.insert(errors.end(), {idempotency_key_reused, conflict});
  std::ranges::sort(errors);
  const auto repeated = std::ranges::unique(errors);
  errors.erase(repeated.begin(), repeated.end());
  return errors;
}

}  // namespace weir::api

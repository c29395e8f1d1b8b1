#include "weir/tenant_lookup.hpp"

#include <fmt/format.h>

#include "base/nearest.hpp"

namespace weir::app {

Task<Result<tenancy::Tenant>> look_up_tenant(pg::Database& database, std::string key_or_id) {
  auto tenant = co_await tenancy::find_tenant(database, key_or_id);
  if (tenant || tenant.error().code != ErrorCode::not_found) co_return tenant;
  constexpr int k_keys_max = 10'000;
  std::vector<std::string> keys;
  const auto known = co_await tenancy::list_tenants(database, "", k_keys_max);
  keys.reserve(known.size());
  for (const auto& one : known) keys.push_back(one.key);
  const auto near = nearest_word(key_or_id, keys);
  if (!near.empty())
    co_return fail(ErrorCode::not_found, fmt::format("there is no tenant '{}'; did you mean {}?", key_or_id, near));
  if (known.empty())
    co_return fail(ErrorCode::not_found,
                   fmt::format("there is no tenant '{}', nor any other; add it: weir tenant add KEY", key_or_id));
  co_return tenant;
}

}  // namespace weir::app

// The tenant a command names.
#pragma once
#include <string>

#include "tenancy/tenant.hpp"

namespace weir::app {

// By key or id; not_found with the nearest key.
Task<Result<tenancy::Tenant>> look_up_tenant(pg::Database& database, std::string key_or_id);

}  // namespace weir::app

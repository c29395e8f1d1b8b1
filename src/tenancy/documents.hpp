// Tenants and data sources as JSON: the same for the command line and the API. A secret is ***.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "tenancy/data_source.hpp"
#include "tenancy/tenant.hpp"

namespace weir::tenancy {

nlohmann::json to_document(const Tenant& tenant);

// removing, disabled, unknown provider, needs credentials, incomplete, paused or enabled. `declared`: what its provider
// declares; null when no such provider is known here.
std::string_view state_of(const DataSource& source, const std::vector<ConfigKey>* declared);
nlohmann::json to_document(const DataSource& source, const std::vector<ConfigKey>* declared);

}  // namespace weir::tenancy

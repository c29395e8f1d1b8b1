// Tenants and data sources as JSON and as a person reads them.
#pragma once
#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include "tenancy/data_source.hpp"
#include "tenancy/tenant.hpp"
#include "weir/table.hpp"

namespace weir::app {

nlohmann::json to_document(const tenancy::Tenant& tenant);
// `declared`: what its provider declares; null when no such provider is known here.
nlohmann::json to_document(const tenancy::DataSource& source, const std::vector<tenancy::ConfigKey>* declared);

Cell state_cell(const tenancy::Tenant& tenant);
// enabled, disabled, paused, removing, needs credentials, lacks KEY, or unknown provider.
Cell state_cell(const tenancy::DataSource& source, const std::vector<tenancy::ConfigKey>* declared);
std::string short_time(const std::optional<Instant>& instant);  // without fractions; "never"

}  // namespace weir::app

// Tenants and data sources as a person reads them.
#pragma once
#include <optional>
#include <string>

#include "tenancy/documents.hpp"
#include "weir/table.hpp"

namespace weir::app {

Cell state_cell(const tenancy::Tenant& tenant);
// enabled, disabled, paused, removing, needs credentials, lacks KEY, or unknown provider.
Cell state_cell(const tenancy::DataSource& source, const std::vector<tenancy::ConfigKey>* declared);
std::string short_time(const std::optional<Instant>& instant);  // without fractions; "never"

}  // namespace weir::app

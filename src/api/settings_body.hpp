// Settings and secrets of a data source in the body of a request.
#pragma once
#include <vector>

#include "api/route.hpp"
#include "api/schema.hpp"
#include "tenancy/settings.hpp"

namespace weir::api {

std::vector<Property> setting_properties();
// Of {"settings": {…}, "secrets": {…}, "unset": […]}.
tenancy::SettingChanges setting_changes(const nlohmann::json& body);
// What a provider declares. invalid_input: there is none of this name, or the body has a secret among the settings or
// the other way round; declaration_invalid: its file is broken.
Result<std::vector<tenancy::ConfigKey>> declared_keys(const Services& services, const std::string& provider,
                                                      const nlohmann::json& body);

}  // namespace weir::api

#include "api/settings_body.hpp"

#include <span>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace weir::api {
namespace {

constexpr std::size_t k_value_max = 65'536, k_settings_max = 100;

nlohmann::json member(const nlohmann::json& body, const char* name) {
  return body.value(name, nlohmann::json::object());
}

// Said here in the words of the API.
Result<> check_places(std::span<const tenancy::ConfigKey> declared, const nlohmann::json& body) {
  for (const auto& [name, value] : member(body, "settings").items())
    if (const auto* key = tenancy::find_key(declared, name); key != nullptr && key->is_secret)
      return fail(ErrorCode::invalid_input, fmt::format("{} is a secret: send it in secrets, not in settings", name));
  for (const auto& [name, value] : member(body, "secrets").items())
    if (const auto* key = tenancy::find_key(declared, name); key != nullptr && !key->is_secret)
      return fail(ErrorCode::invalid_input, fmt::format("{} is no secret: send it in settings", name));
  return {};
}

}  // namespace

std::vector<Property> setting_properties() {
  const auto values = schema::map(schema::text(0, k_value_max), k_settings_max);
  return {
      {"settings", schema::with(values, "Plain settings by key"), Need::optional},
      {"secrets", schema::with(values, "Secrets by key; stored encrypted, never shown"), Need::optional},
      {"unset", schema::with(schema::list(schema::text(1, 100), k_settings_max), "Keys that go back to their default"),
       Need::optional}};
}

tenancy::SettingChanges setting_changes(const nlohmann::json& body) {
  tenancy::SettingChanges changes;
  for (const auto& [key, value] : member(body, "settings").items())
    changes.values.emplace(key, value.get<std::string>());
  for (const auto& [key, value] : member(body, "secrets").items())
    changes.secrets.emplace(key, Secret(value.get<std::string>()));
  for (const auto& key : body.value("unset", nlohmann::json::array())) changes.unset.insert(key.get<std::string>());
  return changes;
}

Result<std::vector<tenancy::ConfigKey>> declared_keys(const Services& services, const std::string& provider,
                                                      const nlohmann::json& body) {
  const auto plugins = services.plugins();
  if (const auto* declaration = plugins->provider(provider)) {
    if (const auto good = check_places(declaration->config, body); !good) return std::unexpected(good.error());
    return declaration->config;
  }
  if (plugins->problem_of(provider) != nullptr)
    return fail(
        ErrorCode::declaration_invalid,
        fmt::format("the plugin of provider {} is broken; the operator's `weir plugins check` says how", provider));
  std::vector<std::string> names;
  for (const auto* known : plugins->providers()) names.push_back(known->name);
  return fail(ErrorCode::invalid_input,
              fmt::format("there is no provider '{}'; known: {}", provider, fmt::join(names, ", ")));
}

}  // namespace weir::api

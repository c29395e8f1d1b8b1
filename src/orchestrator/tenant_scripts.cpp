#include "orchestrator/tenant_scripts.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace weir::orchestrator {

std::optional<std::string> obstacle_of(const tenancy::DataSource& source, const plugin::PluginCatalog& catalog) {
  const auto* provider = catalog.provider(source.provider);
  if (source.is_deleting) return "it is being removed";
  if (!source.is_enabled) return fmt::format("it is disabled; `weir source enable` switches it on");
  if (source.is_paused) return "its tenant is paused, or its subscription is not active: `weir tenant show`";
  if (source.needs_credentials) return fmt::format("it needs credentials: {}", *source.needs_credentials);
  if (provider == nullptr) {
    const auto* problem = catalog.problem_of(source.provider);
    return fmt::format("the plugin of provider {} is {}; see `weir plugins check`", source.provider,
                       problem == nullptr ? "not installed here" : "broken");
  }
  const auto missing = tenancy::missing_keys(source, provider->config);
  if (!missing.empty()) return fmt::format("it lacks {}; `weir source set` gives it", fmt::join(missing, ", "));
  return std::nullopt;
}

std::vector<GraphScript> scripts_of(const std::vector<tenancy::DataSource>& sources,
                                    const plugin::PluginCatalog& catalog) {
  std::vector<GraphScript> scripts;
  for (const auto& source : sources) {
    if (obstacle_of(source, catalog)) continue;
    for (const auto* script : catalog.scripts_of(source.provider)) {
      const auto& declared = script->declaration();
      scripts.push_back({{source.name, declared.full_name()}, declared.resources, declared.dependencies});
    }
  }
  return scripts;
}

KnownResources known_resources(const plugin::PluginCatalog& catalog) {
  KnownResources known;
  for (const auto& [name, resource] : catalog.resources().all()) known[name];
  for (const auto* script : catalog.scripts())
    for (const auto& resource : script->declaration().resources) {
      auto& providers = known[resource];
      if (std::ranges::find(providers, script->declaration().provider) == providers.end())
        providers.push_back(script->declaration().provider);
    }
  return known;
}

}  // namespace weir::orchestrator

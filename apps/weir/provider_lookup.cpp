#include "weir/provider_lookup.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/nearest.hpp"

namespace weir::app {

Result<const plugin::ProviderDeclaration*> look_up_provider(const plugin::PluginCatalog& catalog,
                                                            const std::string& name) {
  if (const auto* provider = catalog.provider(name)) return provider;
  if (const auto* problem = catalog.problem_of(name))
    return fail(ErrorCode::declaration_invalid,
                fmt::format("the plugin of provider {} is broken: {}", name, problem->place.to_string()));
  std::vector<std::string> names;
  for (const auto* one : catalog.providers()) names.push_back(one->name);
  const auto near = nearest_word(name, names);
  if (!near.empty())
    return fail(ErrorCode::not_found, fmt::format("there is no provider '{}'; did you mean {}?", name, near));
  return fail(ErrorCode::not_found, fmt::format("there is no provider '{}'; known: {}", name, fmt::join(names, ", ")));
}

}  // namespace weir::app

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

Result<const plugin::Script*> look_up_script(const plugin::PluginCatalog& catalog, const std::string& name) {
  if (const auto* script = catalog.find(name)) return script;
  if (const auto* problem = catalog.problem_of(name))
    return fail(ErrorCode::declaration_invalid,
                fmt::format("the script {} is broken: {}", name, problem->place.to_string()));
  std::vector<std::string> known;
  for (const auto* script : catalog.scripts()) known.push_back(script->declaration().full_name());
  const auto near = nearest_word(name, known);
  return fail(ErrorCode::not_found,
              near.empty() ? fmt::format("there is no script '{}'; known: {}", name, fmt::join(known, ", "))
                           : fmt::format("there is no script '{}'; did you mean {}?", name, near));
}

}  // namespace weir::app

#include "plugin/catalog.hpp"

#include "plugin/catalog_reader.hpp"

namespace weir::plugin {

PluginCatalog PluginCatalog::read(const std::vector<std::filesystem::path>& directories,
                                  const BuiltinRegistry& builtins) {
  PluginCatalog catalog;
  CatalogReader(catalog, builtins).read(directories);
  return catalog;
}

const Script* PluginCatalog::find(std::string_view full_name) const {
  const auto found = scripts_.find(full_name);
  return found == scripts_.end() ? nullptr : found->second.get();
}

const ProviderDeclaration* PluginCatalog::provider(std::string_view name) const {
  const auto found = providers_.find(name);
  return found == providers_.end() ? nullptr : &found->second;
}

std::vector<const ProviderDeclaration*> PluginCatalog::providers() const {
  std::vector<const ProviderDeclaration*> all;
  for (const auto& [name, provider] : providers_) all.push_back(&provider);
  return all;
}

std::vector<const Script*> PluginCatalog::scripts() const {
  std::vector<const Script*> all;
  for (const auto& [name, script] : scripts_) all.push_back(script.get());
  return all;
}

std::vector<const Script*> PluginCatalog::scripts_of(std::string_view provider) const {
  std::vector<const Script*> all;
  for (const auto& [name, script] : scripts_)
    if (script->declaration().provider == provider) all.push_back(script.get());
  return all;
}

const PluginProblem* PluginCatalog::problem_of(std::string_view full_name) const {
  const auto provider = full_name.substr(0, full_name.find('/'));
  for (const auto& problem : problems_) {
    if (!problem.is_disabling || problem.provider != provider) continue;
    if (problem.script.empty() || problem.provider + "/" + problem.script == full_name) return &problem;
  }
  return nullptr;
}

}  // namespace weir::plugin

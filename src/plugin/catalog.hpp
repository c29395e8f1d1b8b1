// All plugins that were found: providers, their scripts, the resources, and what is wrong with the files. Read anew at
// the start of every import and tick; nothing here changes afterwards, and addresses stay valid while the catalog
// lives.
//
//   const auto builtins = product_builtins();
//   const auto catalog = PluginCatalog::read(find_plugin_directories(cli.plugin_directories), builtins);
//   if (const Script* script = catalog.find("git/commit")) …
//
// A broken script file disables that script, a broken provider.yaml that provider; the rest works.
#pragma once
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/yaml.hpp"
#include "load/resource.hpp"
#include "plugin/builtin/registry.hpp"
#include "plugin/script.hpp"

namespace weir::plugin {

struct PluginProblem {
  FileProblem place;
  std::string provider{};  // what it is about; empty: a resource, or a directory as a whole
  std::string script{};
  bool is_disabling = true;  // false: everything works, but probably not as meant
};

class PluginCatalog {
 public:
  // Each directory has data-sources/<provider>/*.yaml and resources/*.yaml. A later one may add; a provider that an
  // earlier one has is refused.
  static PluginCatalog read(const std::vector<std::filesystem::path>& directories, const BuiltinRegistry& builtins);

  const Script* find(std::string_view full_name) const;  // "git/commit"; nullptr: unknown or broken
  const ProviderDeclaration* provider(std::string_view name) const;
  std::vector<const ProviderDeclaration*> providers() const;               // by name
  std::vector<const Script*> scripts() const;                              // by full name
  std::vector<const Script*> scripts_of(std::string_view provider) const;  // by name
  const load::ResourceCatalog& resources() const { return resources_; }
  const std::vector<PluginProblem>& problems() const { return problems_; }
  // Why a provider or script that is not here was refused; nullptr: nothing is known of it.
  const PluginProblem* problem_of(std::string_view full_name) const;

 private:
  friend class CatalogReader;
  load::ResourceCatalog resources_;
  std::map<std::string, ProviderDeclaration, std::less<>> providers_;
  std::map<std::string, std::unique_ptr<Script>, std::less<>> scripts_;
  std::vector<PluginProblem> problems_;
};

// The built-in plugins, found beside the binary (in the build tree or installed), then the given directories.
std::vector<std::filesystem::path> find_plugin_directories(const std::vector<std::filesystem::path>& more);
// For tests: `executable` is the path of the running binary.
std::vector<std::filesystem::path> find_plugin_directories(const std::filesystem::path& executable,
                                                           const std::vector<std::filesystem::path>& more);

}  // namespace weir::plugin

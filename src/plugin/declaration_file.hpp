// The two kinds of file in a provider's folder, read and checked: every problem with its place and remedy.
#pragma once
#include <expected>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "base/yaml_schema.hpp"
#include "load/resource.hpp"
#include "plugin/builtin/registry.hpp"
#include "plugin/declaration.hpp"

namespace weir::plugin {

// The keys of provider.yaml and of a script file; docs/plugins.md shows these tables.
std::span<const YamlKey> provider_file_keys();
std::span<const YamlKey> script_file_keys();

using Problems = std::vector<FileProblem>;

// `name` is the folder's name.
std::expected<ProviderDeclaration, Problems> read_provider_file(const std::filesystem::path& path,
                                                                const std::string& name);
std::expected<ProviderDeclaration, Problems> parse_provider(std::string_view yaml, const std::string& file,
                                                            const std::string& name);

// What a script file may refer to.
struct ScriptContext {
  std::string provider;
  std::string name;  // the file's, without .yaml
  const load::ResourceCatalog& resources;
  const BuiltinRegistry& builtins;
  const ProviderDeclaration* declared = nullptr;  // its settings and service; declarative scripts need both
};

std::expected<ScriptDeclaration, Problems> read_script_file(const std::filesystem::path& path,
                                                            const ScriptContext& context);
std::expected<ScriptDeclaration, Problems> parse_script(std::string_view yaml, const std::string& file,
                                                        const ScriptContext& context);

}  // namespace weir::plugin

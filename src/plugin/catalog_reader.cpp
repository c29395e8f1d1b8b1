#include "plugin/catalog_reader.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "plugin/declaration_file.hpp"
#include "plugin/declarative/script.hpp"

namespace weir::plugin {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t k_providers_max = 500;
constexpr std::size_t k_files_max = 300;

bool is_made_of(std::string_view text, std::string_view punctuation) {
  return std::ranges::all_of(
      text, [&](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || punctuation.contains(c); });
}

bool is_provider_name(std::string_view name) { return !name.empty() && name.size() <= 40 && is_made_of(name, "-"); }

bool is_script_name(std::string_view name) { return !name.empty() && name.size() <= 60 && is_made_of(name, "_-"); }

bool is_file(const fs::path& path) {
  std::error_code error;
  return fs::is_regular_file(path, error);
}

bool is_folder(const fs::path& path) {
  std::error_code error;
  return fs::is_directory(path, error);
}

}  // namespace

void CatalogReader::read(const std::vector<fs::path>& directories) {
  std::vector<fs::path> present;
  for (const auto& directory : directories) {
    if (is_folder(directory / "data-sources") || is_folder(directory / "resources"))
      present.push_back(directory);
    else
      report({directory.string(), 0, 0, "there are no plugins here",
              "give a directory that holds data-sources/ or resources/"},
             "", "");
  }
  read_resources(present);
  for (const auto& directory : present) read_data_sources(directory / "data-sources");
  check_dependencies();
}

void CatalogReader::read_resources(const std::vector<fs::path>& directories) {
  std::vector<fs::path> folders;
  for (const auto& directory : directories)
    if (is_folder(directory / "resources")) folders.push_back(directory / "resources");
  Problems problems;
  catalog_.resources_ = load::ResourceCatalog::read(folders, problems);
  for (auto& problem : problems) report(std::move(problem), "", "");
}

void CatalogReader::read_data_sources(const fs::path& directory) {
  for (const auto& folder : entries_of(directory, k_providers_max))
    if (is_folder(folder)) read_provider(folder);
}

void CatalogReader::read_provider(const fs::path& folder) {
  const auto name = folder.filename().string();
  if (!is_provider_name(name))
    return report({folder.string(), 0, 0, fmt::format("'{}' is not a provider's name", excerpt(name)),
                   "name the folder with small letters, digits and -, at most 40 of them"},
                  name, "");
  if (const auto* earlier = catalog_.provider(name))
    return report({folder.string(), 0, 0, fmt::format("the provider '{}' is already declared", name),
                   fmt::format("rename the folder, or remove {}", fs::path(earlier->file).parent_path().string())},
                  "", "");
  auto provider = read_provider_file(folder / "provider.yaml", name);
  if (!provider) {
    for (auto& problem : provider.error()) report(std::move(problem), name, "");
    return;
  }
  catalog_.providers_.emplace(name, std::move(*provider));
  for (const auto& file : entries_of(folder, k_files_max))
    if (file.filename() != "provider.yaml" && is_file(file)) read_script(file, name);
}

void CatalogReader::read_script(const fs::path& file, const std::string& provider) {
  const auto name = file.stem().string();
  if (file.extension() == ".yml")
    return report({file.string(), 0, 0, "a script's file ends in .yaml", "rename it"}, provider, name);
  if (file.extension() != ".yaml") return;
  if (!is_script_name(name))
    return report({file.string(), 0, 0, fmt::format("'{}' is not a script's name", excerpt(name)),
                   "name the file with small letters, digits, _ and -, at most 60 of them"},
                  provider, name);
  auto script = read_script_file(file, {provider, name, catalog_.resources_, builtins_, catalog_.provider(provider)});
  if (!script) {
    for (auto& problem : script.error()) report(std::move(problem), provider, name);
    return;
  }
  const auto full_name = script->full_name();
  if (script->plan) {
    catalog_.scripts_.emplace(full_name, declarative::make_script(std::move(*script)));
    return;
  }
  const auto builtin = *builtins_.find(script->builtin);
  catalog_.scripts_.emplace(full_name, make_builtin_script(std::move(*script), builtin));
}

// A resource that is declared but that no script provides: the tables may still have it, so it is only noted.
void CatalogReader::check_dependencies() {
  std::set<std::string_view> provided;
  for (const auto& [name, script] : catalog_.scripts_)
    for (const auto& resource : script->declaration().resources) provided.insert(resource);
  for (const auto& [name, script] : catalog_.scripts_) {
    const auto& declaration = script->declaration();
    for (const auto& resource : declaration.dependencies)
      if (!provided.contains(resource))
        catalog_.problems_.push_back(
            {{declaration.file, 0, 0, fmt::format("it depends on '{}', which no script provides", resource),
              "add a plugin that provides it, or correct the name"},
             declaration.provider,
             declaration.name,
             false});
  }
}

std::vector<fs::path> CatalogReader::entries_of(const fs::path& directory, std::size_t max) {
  std::vector<fs::path> entries;
  std::error_code error;
  if (!is_folder(directory)) return entries;
  for (fs::directory_iterator entry(directory, error), end; !error && entry != end; entry.increment(error)) {
    if (entry->path().filename().string().starts_with(".")) continue;
    if (entries.size() == max) {
      report({directory.string(), 0, 0, fmt::format("there are more than {} entries", max), "remove some"}, "", "");
      break;
    }
    entries.push_back(entry->path());
  }
  if (error)
    report({directory.string(), 0, 0, fmt::format("the directory cannot be read: {}", error.message()),
            "check its permissions"},
           "", "");
  std::ranges::sort(entries);
  return entries;
}

void CatalogReader::report(FileProblem place, std::string provider, std::string script) {
  catalog_.problems_.push_back({std::move(place), std::move(provider), std::move(script)});
}

}  // namespace weir::plugin

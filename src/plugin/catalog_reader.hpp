// Scans the directories into a catalog: the only code that knows how plugins lie on disk.
#pragma once
#include "plugin/catalog.hpp"

namespace weir::plugin {

class CatalogReader {
 public:
  CatalogReader(PluginCatalog& catalog, const BuiltinRegistry& builtins) : catalog_(catalog), builtins_(builtins) {}
  void read(const std::vector<std::filesystem::path>& directories);

 private:
  void read_resources(const std::vector<std::filesystem::path>& directories);
  void read_data_sources(const std::filesystem::path& directory);
  void read_provider(const std::filesystem::path& folder);
  void read_script(const std::filesystem::path& file, const std::string& provider);
  void check_dependencies();
  // The entries of a directory in order of their names, without hidden ones; at most `max`, more is a problem.
  std::vector<std::filesystem::path> entries_of(const std::filesystem::path& directory, std::size_t max);
  void report(FileProblem place, std::string provider, std::string script);

  PluginCatalog& catalog_;
  const BuiltinRegistry& builtins_;
};

}  // namespace weir::plugin

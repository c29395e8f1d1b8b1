// A resource: a provider-neutral entity and its table data.<name>. Declared in plugins/resources/<name>.yaml:
//
//   name: release
//   description: A published version of a repository
//   key: [repo_key, release_key]          # after tenant_id and data_source; always text
//   columns:
//     repo_key: text
//     release_key: text
//     tag: {type: text, description: The tag's name}
//     published_at: timestamptz
//   updated_at: source_updated_at         # optional: the column that says when the provider last changed the row
//
// Every table also has tenant_id, data_source, script, imported_at, run_id and deleted_at, which Weir fills.
#pragma once
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/yaml.hpp"

namespace weir::load {

enum class ColumnType { text, bigint, numeric, double_precision, boolean, timestamptz, date, jsonb, text_array };

std::string_view sql_name(ColumnType type);  // "timestamptz", "text[]", …
std::optional<ColumnType> parse_column_type(std::string_view name);

struct Column {
  std::string name;
  ColumnType type = ColumnType::text;
  std::string description{};
};

struct Resource {
  std::string name;
  std::string description{};
  std::vector<Column> columns{};  // the key's columns first, in the key's order
  std::size_t key_columns = 0;
  std::optional<std::size_t> updated_at{};  // index of the column with the provider's time of change

  // The index of a column; nullopt when there is none of this name.
  std::optional<std::size_t> find(std::string_view column) const;
};

// All declared resources, by name. Addresses of resources stay valid while the catalog lives.
class ResourceCatalog {
 public:
  // Reads <directory>/*.yaml of each directory; a later directory may add resources and columns, never change a type.
  // A broken file is left out and adds its problems.
  static ResourceCatalog read(const std::vector<std::filesystem::path>& directories,
                              std::vector<FileProblem>& problems);
  // The same, but the first problem is an error.
  static Result<ResourceCatalog> read(const std::vector<std::filesystem::path>& directories);

  const Resource* find(std::string_view name) const;
  const std::map<std::string, Resource, std::less<>>& all() const { return resources_; }

 private:
  std::map<std::string, Resource, std::less<>> resources_;
};

}  // namespace weir::load

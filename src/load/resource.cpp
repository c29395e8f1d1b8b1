#include "load/resource.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <set>
#include <sstream>

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

namespace weir::load {
namespace {

namespace fs = std::filesystem;

constexpr std::uintmax_t k_file_bytes_max = 64U * 1024U;
constexpr std::size_t k_columns_max = 200;
constexpr std::size_t k_key_columns_max = 5;  // of 512 bytes each: what fits a B-tree entry (2,704 bytes)
constexpr std::size_t k_name_length_max = 50;

constexpr std::array<std::pair<ColumnType, std::string_view>, 9> k_types{{
    {ColumnType::text, "text"},
    {ColumnType::bigint, "bigint"},
    {ColumnType::numeric, "numeric"},
    {ColumnType::double_precision, "double"},
    {ColumnType::boolean, "boolean"},
    {ColumnType::timestamptz, "timestamptz"},
    {ColumnType::date, "date"},
    {ColumnType::jsonb, "jsonb"},
    {ColumnType::text_array, "text[]"},
}};

// Filled by Weir, or PostgreSQL's own.
constexpr std::array<std::string_view, 12> k_reserved{"tenant_id", "data_source", "script", "imported_at",
                                                      "run_id",    "deleted_at",  "ctid",   "xmin",
                                                      "xmax",      "cmin",        "cmax",   "tableoid"};

bool is_name(std::string_view text) {
  if (text.empty() || text.size() > k_name_length_max || text[0] < 'a' || text[0] > 'z') return false;
  return std::ranges::all_of(text, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; });
}

bool is_reserved(std::string_view name) { return std::ranges::find(k_reserved, name) != k_reserved.end(); }

// One file; every refusal names it and the line.
class ResourceFile {
 public:
  explicit ResourceFile(fs::path path) : path_(std::move(path)) {}

  // `known`: the resource as earlier directories declared it, null when this is the first file of it.
  Resource read(const Resource* known) {
    const auto root = load();
    check_keys(root);
    Resource resource = known != nullptr ? *known : Resource{};
    read_name(root, resource);
    if (root["description"]) resource.description = text_of(root["description"], "description");
    const auto key = root["key"] ? names_of(root["key"]) : std::vector<std::string>{};
    if (known == nullptr) require(root, key);
    read_columns(root["columns"], resource);
    if (known == nullptr)
      order_by_key(root["key"], key, resource);
    else if (!key.empty())
      check_same_key(root["key"], key, resource);
    if (root["updated_at"]) read_updated_at(root["updated_at"], resource);
    return resource;
  }

 private:
  [[noreturn]] void refuse(int line, std::string message) const {
    throw Failure({ErrorCode::declaration_invalid, fmt::format("{}:{}: {}", path_.string(), line, std::move(message))});
  }
  [[noreturn]] void refuse(const YAML::Node& at, std::string message) const {
    refuse(at.Mark().line + 1, std::move(message));
  }

  YAML::Node load() const {
    std::error_code error;
    const auto size = fs::file_size(path_, error);
    if (error) refuse(1, fmt::format("cannot be read: {}; make it a readable file", error.message()));
    if (size > k_file_bytes_max)
      refuse(1, fmt::format("has {} bytes, over the limit of {}; a resource needs far less", size, k_file_bytes_max));
    std::ifstream in(path_);
    std::stringstream text;
    text << in.rdbuf();
    if (!in) refuse(1, "cannot be read; check its permissions");
    try {
      auto root = YAML::Load(text.str());
      if (!root.IsMap()) refuse(1, "is no mapping; begin with 'name: " + path_.stem().string() + "'");
      return root;
    } catch (const YAML::Exception& broken) {
      refuse(broken.mark.line + 1, fmt::format("is not valid YAML: {}", broken.msg));
    }
  }

  void check_keys(const YAML::Node& root) const {
    static constexpr std::array<std::string_view, 5> k_keys{"name", "description", "key", "columns", "updated_at"};
    std::set<std::string> seen;
    for (const auto& entry : root) {
      const auto key = text_of(entry.first, "a key");
      if (std::ranges::find(k_keys, key) == k_keys.end())
        refuse(entry.first, fmt::format("'{}' is not known here; use {}", key, fmt::join(k_keys, ", ")));
      if (!seen.insert(key).second) refuse(entry.first, fmt::format("'{}' stands twice; keep one", key));
    }
  }

  void require(const YAML::Node& root, const std::vector<std::string>& key) const {
    if (key.empty()) refuse(root, "has no key; name the columns that identify a row, as in 'key: [repo_key, sha]'");
    if (!root["columns"]) refuse(root, "has no columns; declare at least those of the key");
  }

  void read_name(const YAML::Node& root, Resource& resource) const {
    const auto stem = path_.stem().string();
    if (!root["name"]) refuse(root, fmt::format("has no name; add 'name: {}'", stem));
    resource.name = text_of(root["name"], "name");
    if (!is_name(resource.name))
      refuse(root["name"], fmt::format("the name '{}' is not usable; a lower-case letter, then letters, digits and _, "
                                       "at most {} in all",
                                       resource.name, k_name_length_max));
    if (resource.name != stem)
      refuse(root["name"],
             fmt::format("is named '{}' inside; rename the file or write 'name: {}'", resource.name, stem));
  }

  std::string text_of(const YAML::Node& node, std::string_view what) const {
    if (!node.IsScalar()) refuse(node, fmt::format("{} must be a text", what));
    return node.Scalar();
  }

  std::vector<std::string> names_of(const YAML::Node& node) const {
    if (!node.IsSequence()) refuse(node, "key must be a list of column names, as in [repo_key, sha]");
    std::vector<std::string> names;
    for (const auto& item : node) names.push_back(text_of(item, "a column of the key"));
    return names;
  }

  void read_columns(const YAML::Node& columns, Resource& resource) const {
    if (!columns) return;
    if (!columns.IsMap()) refuse(columns, "columns must map names to types, as in 'sha: text'");
    std::set<std::string> seen;
    for (const auto& entry : columns) {
      const auto column = read_column(entry.first, entry.second);
      if (!seen.insert(column.name).second)
        refuse(entry.first, fmt::format("the column '{}' stands twice; keep one", column.name));
      add_column(entry.first, column, resource);
    }
    if (resource.columns.size() > k_columns_max)
      refuse(columns, fmt::format("has {} columns, over the limit of {}; put rare values into one jsonb column",
                                  resource.columns.size(), k_columns_max));
  }

  Column read_column(const YAML::Node& name, const YAML::Node& value) const {
    Column column{.name = text_of(name, "the name of a column")};
    if (!is_name(column.name))
      refuse(name, fmt::format("the column name '{}' is not usable; a lower-case letter, then letters, digits and _, "
                               "at most {} in all",
                               column.name, k_name_length_max));
    if (is_reserved(column.name))
      refuse(name, fmt::format("the column '{}' is filled by Weir or PostgreSQL; choose another name", column.name));
    if (value.IsMap()) {
      for (const auto& entry : value) {
        const auto key = text_of(entry.first, "a key");
        if (key == "description")
          column.description = text_of(entry.second, key);
        else if (key != "type")
          refuse(entry.first, fmt::format("'{}' is not known here; use type, description", key));
      }
      column.type = read_type(value, value["type"]);
    } else {
      column.type = read_type(name, value);
    }
    return column;
  }

  ColumnType read_type(const YAML::Node& owner, const YAML::Node& node) const {
    if (!node || !node.IsScalar()) refuse(owner, "has no type; write it as in 'sha: text' or 'sha: {type: text}'");
    const auto type = parse_column_type(node.Scalar());
    if (type) return *type;
    std::vector<std::string_view> names;
    for (const auto& known : k_types) names.push_back(known.second);
    refuse(node, fmt::format("the type '{}' is not known; use one of {}", node.Scalar(), fmt::join(names, ", ")));
  }

  void add_column(const YAML::Node& at, const Column& column, Resource& resource) const {
    const auto known = resource.find(column.name);
    if (!known) {
      resource.columns.push_back(column);
      return;
    }
    const auto declared = resource.columns[*known].type;
    if (declared != column.type)
      refuse(at, fmt::format("the column '{}' is {} elsewhere and cannot become {}; use another name", column.name,
                             sql_name(declared), sql_name(column.type)));
  }

  void order_by_key(const YAML::Node& at, const std::vector<std::string>& key, Resource& resource) const {
    if (key.size() > k_key_columns_max)
      refuse(at, fmt::format("the key has {} columns, over the limit of {}", key.size(), k_key_columns_max));
    for (std::size_t i = 0; i < key.size(); ++i) {
      const auto found = resource.find(key[i]);
      if (!found) refuse(at, fmt::format("the key names '{}', which is no column; declare it", key[i]));
      if (*found < i) refuse(at, fmt::format("the key names '{}' twice", key[i]));
      if (resource.columns[*found].type != ColumnType::text)
        refuse(at, fmt::format("the key's column '{}' must be text; keys are the provider's ids as text", key[i]));
      std::rotate(resource.columns.begin() + static_cast<std::ptrdiff_t>(i),
                  resource.columns.begin() + static_cast<std::ptrdiff_t>(*found),
                  resource.columns.begin() + static_cast<std::ptrdiff_t>(*found) + 1);
    }
    resource.key_columns = key.size();
  }

  void check_same_key(const YAML::Node& at, const std::vector<std::string>& key, const Resource& resource) const {
    std::vector<std::string> declared;
    for (std::size_t i = 0; i < resource.key_columns; ++i) declared.push_back(resource.columns[i].name);
    if (key != declared)
      refuse(at, fmt::format("the key of '{}' is [{}] elsewhere and cannot change; remove this line", resource.name,
                             fmt::join(declared, ", ")));
  }

  void read_updated_at(const YAML::Node& node, Resource& resource) const {
    const auto name = text_of(node, "updated_at");
    const auto found = resource.find(name);
    if (!found || resource.columns[*found].type != ColumnType::timestamptz)
      refuse(node, fmt::format("updated_at names '{}', which is no timestamptz column; declare it", name));
    if (resource.updated_at && resource.updated_at != found)
      refuse(node, fmt::format("updated_at of '{}' is '{}' elsewhere and cannot change; remove this line",
                               resource.name, resource.columns[*resource.updated_at].name));
    resource.updated_at = found;
  }

  fs::path path_;
};

std::vector<fs::path> files_in(const fs::path& directory) {
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::directory_iterator entry(directory, error), end; !error && entry != end; entry.increment(error))
    if (entry->path().extension() == ".yaml") files.push_back(entry->path());
  if (error)
    throw Failure({ErrorCode::configuration, fmt::format("the directory of resources {} cannot be read: {}",
                                                         directory.string(), error.message())});
  std::ranges::sort(files);
  return files;
}

}  // namespace

std::string_view sql_name(ColumnType type) {
  if (type == ColumnType::double_precision) return "double precision";
  for (const auto& [known, name] : k_types)
    if (known == type) return name;
  return "text";
}

std::optional<ColumnType> parse_column_type(std::string_view name) {
  for (const auto& [type, known] : k_types)
    if (known == name) return type;
  return std::nullopt;
}

std::optional<std::size_t> Resource::find(std::string_view column) const {
  for (std::size_t i = 0; i < columns.size(); ++i)
    if (columns[i].name == column) return i;
  return std::nullopt;
}

Result<ResourceCatalog> ResourceCatalog::read(const std::vector<std::filesystem::path>& directories) {
  ResourceCatalog catalog;
  try {
    for (const auto& directory : directories) {
      for (const auto& path : files_in(directory)) {
        const auto* known = catalog.find(path.stem().string());
        auto resource = ResourceFile(path).read(known);
        catalog.resources_.insert_or_assign(resource.name, std::move(resource));
      }
    }
  } catch (const Failure& failure) {
    return std::unexpected(failure.error());
  }
  return catalog;
}

const Resource* ResourceCatalog::find(std::string_view name) const {
  const auto found = resources_.find(name);
  return found == resources_.end() ? nullptr : &found->second;
}

}  // namespace weir::load

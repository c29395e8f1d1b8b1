#include "load/resource.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/yaml_schema.hpp"

namespace weir::load {
namespace {

namespace fs = std::filesystem;

constexpr YamlLimits k_limits{.bytes_max = 64U << 10U, .nodes_max = 2'000, .depth_max = 4};
constexpr std::size_t k_files_max = 1000;
constexpr std::size_t k_columns_max = 200;
constexpr std::size_t k_name_bytes_max = 60;
constexpr std::int64_t k_key_columns_max = 5;  // of 512 bytes each: what fits a B-tree entry (2,704 bytes)

constexpr std::array<std::pair<std::string_view, ColumnType>, 9> k_types{{
    {"text", ColumnType::text},
    {"bigint", ColumnType::bigint},
    {"numeric", ColumnType::numeric},
    {"double", ColumnType::double_precision},
    {"boolean", ColumnType::boolean},
    {"timestamptz", ColumnType::timestamptz},
    {"date", ColumnType::date},
    {"jsonb", ColumnType::jsonb},
    {"text[]", ColumnType::text_array},
}};
constexpr auto k_type_names = [] {
  std::array<std::string_view, k_types.size()> names{};
  std::ranges::transform(k_types, names.begin(), [](const auto& type) { return type.first; });
  return names;
}();

// Filled by Weir, or PostgreSQL's own.
constexpr std::array<std::string_view, 12> k_reserved{"tenant_id", "data_source", "script", "imported_at",
                                                      "run_id",    "deleted_at",  "ctid",   "xmin",
                                                      "xmax",      "cmin",        "cmax",   "tableoid"};

constexpr std::array k_column_keys{
    YamlKey{.name = "type",
            .type = YamlType::word,
            .is_required = true,
            .meaning = "the column's type, as in 'sha: text'",
            .choices = k_type_names},
    YamlKey{.name = "description", .meaning = "what the column holds", .max = 500},
};
constexpr std::array k_resource_keys{
    YamlKey{.name = "name", .type = YamlType::name, .is_required = true, .meaning = "the file's name without .yaml"},
    YamlKey{.name = "description", .meaning = "what a row is", .max = 500},
    YamlKey{.name = "key",
            .type = YamlType::names,
            .meaning = "the columns that identify a row, as in [repo_key, sha]",
            .min = 1,
            .max = k_key_columns_max},
    YamlKey{.name = "updated_at",
            .type = YamlType::name,
            .meaning = "the column that says when the provider last changed the row"},
    YamlKey{.name = "columns", .type = YamlType::entries, .meaning = "columns by name", .keys = k_column_keys},
};

bool is_name(std::string_view text) {
  const auto is_inner = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; };
  return !text.empty() && text.size() <= k_name_bytes_max && text.front() >= 'a' && text.front() <= 'z' &&
         std::ranges::all_of(text, is_inner);
}

// 'sha: text' is short for 'sha: {type: text}', 'sha:' for 'sha: {}'.
void expand_columns(YamlNode& root) {
  for (auto& entry : root.entries) {
    if (entry.key.text != "columns") continue;
    for (auto& [name, value] : entry.value.entries) {
      if (value.kind != YamlNode::Kind::scalar && value.kind != YamlNode::Kind::null) continue;
      auto mapping = value.kind == YamlNode::Kind::null ? name : value;
      mapping.kind = YamlNode::Kind::mapping;
      auto key = name;
      key.text = "type";
      if (value.kind == YamlNode::Kind::scalar) mapping.entries.push_back({std::move(key), std::move(value)});
      value = std::move(mapping);
    }
  }
}

// One file; every refusal names it, the line and a remedy.
class ResourceFile {
 public:
  explicit ResourceFile(const fs::path& path) : file_(path.string()), stem_(path.stem().string()) {}

  // `known`: the resource as earlier directories declared it, null when this is the first file of it.
  std::expected<Resource, std::vector<FileProblem>> read(const Resource* known) {
    auto root = read_yaml_file(file_, k_limits);
    if (!root) return std::unexpected(std::vector{root.error()});
    expand_columns(*root);
    check_yaml(*root, k_resource_keys, file_, problems_);
    Resource resource = known != nullptr ? *known : Resource{.name = stem_};
    if (problems_.empty()) fill(*root, known, resource);
    if (!problems_.empty()) return std::unexpected(std::move(problems_));
    return resource;
  }

 private:
  void report(const YamlNode& at, std::string message, std::string remedy) {
    problems_.push_back({file_, at.line, at.column, std::move(message), std::move(remedy)});
  }

  void fill(const YamlNode& root, const Resource* known, Resource& resource) {
    const auto* name = root.find("name");
    if (name->text != stem_)
      report(*name, fmt::format("the name '{}' is not the file's", name->text),
             fmt::format("rename the file or write name: {}", stem_));
    resource.description = yaml_text(root, "description", resource.description);
    if (const auto* columns = root.find("columns")) add_columns(*columns, resource);
    if (const auto* key = root.find("key"))
      read_key(*key, yaml_names(root, "key"), known, resource);
    else if (known == nullptr)
      report(root, "the key 'key' is missing", "name the columns that identify a row, as in key: [repo_key, sha]");
    if (const auto* updated_at = root.find("updated_at")) read_updated_at(*updated_at, resource);
  }

  void add_columns(const YamlNode& columns, Resource& resource) {
    for (const auto& [name, value] : columns.entries) {
      if (!is_name(name.text))
        report(name, fmt::format("'{}' cannot be the name of a column", excerpt(name.text)),
               fmt::format("use small letters, digits and _, at most {} of them", k_name_bytes_max));
      if (std::ranges::find(k_reserved, name.text) != k_reserved.end())
        report(name, fmt::format("the column '{}' is filled by Weir or PostgreSQL", name.text), "choose another name");
      const auto type = parse_column_type(yaml_text(value, "type"));
      const auto found = resource.find(name.text);
      if (!found)
        resource.columns.push_back({name.text, *type, yaml_text(value, "description")});
      else if (const auto declared = resource.columns[*found].type; declared != type)
        report(value, fmt::format("the column '{}' is {} elsewhere", name.text, sql_name(declared)),
               "a type never changes: use another name");
    }
    if (resource.columns.size() > k_columns_max)
      report(columns, fmt::format("{} columns, over the limit of {}", resource.columns.size(), k_columns_max),
             "put rare values into one jsonb column");
  }

  void read_key(const YamlNode& at, const std::vector<std::string>& key, const Resource* known, Resource& resource) {
    if (known == nullptr) return order_by_key(at, key, resource);
    std::vector<std::string_view> declared;
    for (std::size_t i = 0; i < known->key_columns; ++i) declared.push_back(known->columns[i].name);
    if (!std::ranges::equal(key, declared))
      report(at, fmt::format("the key of '{}' is [{}] elsewhere", resource.name, fmt::join(declared, ", ")),
             "a key never changes: remove this line");
  }

  void order_by_key(const YamlNode& at, const std::vector<std::string>& key, Resource& resource) {
    for (std::size_t i = 0; i < key.size(); ++i) {
      const auto found = resource.find(key[i]);
      if (!found) return report(at, fmt::format("the key names '{}', which is no column", key[i]), "declare it");
      if (resource.columns[*found].type != ColumnType::text)
        return report(at, fmt::format("the key's column '{}' is not text", key[i]),
                      "keys are the provider's ids as text");
      const auto first = resource.columns.begin() + static_cast<std::ptrdiff_t>(i);
      const auto here = resource.columns.begin() + static_cast<std::ptrdiff_t>(*found);
      std::rotate(first, here, here + 1);
    }
    resource.key_columns = key.size();
  }

  void read_updated_at(const YamlNode& node, Resource& resource) {
    const auto found = resource.find(node.text);
    if (!found || resource.columns[*found].type != ColumnType::timestamptz)
      return report(node, fmt::format("updated_at names '{}', which is no timestamptz column", node.text),
                    "declare it");
    if (resource.updated_at && resource.updated_at != found)
      return report(node, fmt::format("updated_at is '{}' elsewhere", resource.columns[*resource.updated_at].name),
                    "it never changes: remove this line");
    resource.updated_at = found;
  }

  std::string file_;
  std::string stem_;
  std::vector<FileProblem> problems_;
};

std::vector<fs::path> files_in(const fs::path& directory, std::vector<FileProblem>& problems) {
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::directory_iterator entry(directory, error), end; !error && entry != end; entry.increment(error)) {
    std::error_code ignored;
    if (entry->path().extension() == ".yaml" && entry->is_regular_file(ignored)) files.push_back(entry->path());
  }
  if (error)
    problems.push_back({directory.string(), 0, 0, fmt::format("the directory cannot be read: {}", error.message()),
                        "check its permissions"});
  if (files.size() > k_files_max)
    problems.push_back(
        {directory.string(), 0, 0, fmt::format("there are more than {} resources", k_files_max), "remove some"});
  std::ranges::sort(files);
  files.resize(std::min(files.size(), k_files_max));
  return files;
}

}  // namespace

std::string_view sql_name(ColumnType type) {
  if (type == ColumnType::double_precision) return "double precision";
  return std::ranges::find(k_types, type, &std::pair<std::string_view, ColumnType>::second)->first;
}

std::optional<ColumnType> parse_column_type(std::string_view name) {
  const auto* found = std::ranges::find(k_types, name, &std::pair<std::string_view, ColumnType>::first);
  return found == k_types.end() ? std::nullopt : std::optional(found->second);
}

std::optional<std::size_t> Resource::find(std::string_view column) const {
  const auto found = std::ranges::find(columns, column, &Column::name);
  if (found == columns.end()) return std::nullopt;
  return static_cast<std::size_t>(found - columns.begin());
}

ResourceCatalog ResourceCatalog::read(const std::vector<fs::path>& directories, std::vector<FileProblem>& problems) {
  ResourceCatalog catalog;
  for (const auto& directory : directories) {
    for (const auto& path : files_in(directory, problems)) {
      auto resource = ResourceFile(path).read(catalog.find(path.stem().string()));
      if (!resource) {
        problems.insert(problems.end(), resource.error().begin(), resource.error().end());
        continue;
      }
      auto name = resource->name;
      catalog.resources_.insert_or_assign(std::move(name), std::move(*resource));
    }
  }
  return catalog;
}

Result<ResourceCatalog> ResourceCatalog::read(const std::vector<fs::path>& directories) {
  for (const auto& directory : directories)
    if (std::error_code error; !fs::is_directory(directory, error))
      return fail(ErrorCode::configuration, fmt::format("there is no directory of resources {}", directory.string()));
  std::vector<FileProblem> problems;
  auto catalog = read(directories, problems);
  if (!problems.empty()) return std::unexpected(problems.front().to_error());
  return catalog;
}

const Resource* ResourceCatalog::find(std::string_view name) const {
  const auto found = resources_.find(name);
  return found == resources_.end() ? nullptr : &found->second;
}

}  // namespace weir::load

#include "plugin/declarative/rows_reader.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/nearest.hpp"

namespace weir::plugin::declarative {
namespace {

constexpr std::array<std::string_view, 3> k_column_keys{"value", "values", "otherwise"};

// {value: …, values: {their word: ours}, otherwise: …}
void read_words(TemplateReader& reader, const YamlNode& node, Roots known, ColumnPlan& column) {
  for (const auto& [key, value] : node.entries)
    if (std::ranges::find(k_column_keys, key.text) == k_column_keys.end())
      reader.report(key, fmt::format("unknown key '{}'", excerpt(key.text)), "use value, values and otherwise");
  if (node.find("value") == nullptr) reader.report(node, "the column has no value", "add value: \"{{ … }}\"");
  column.value = reader.read(node, "value", known);
  column.otherwise = yaml_optional_text(node, "otherwise");
  const auto* values = node.find("values");
  if (values == nullptr) return;
  if (values->kind != YamlNode::Kind::mapping)
    return reader.report(*values, "'values' must be a mapping", "write the provider's word: yours");
  for (const auto& [theirs, ours] : values->entries) column.values.emplace_back(theirs.text, ours.text);
}

void read_column(TemplateReader& reader, const YamlEntry& entry, const load::Resource& resource, Roots known,
                 RowsPlan& rows) {
  const auto index = resource.find(entry.key.text);
  if (!index) {
    std::vector<std::string> names;
    for (const auto& column : resource.columns) names.push_back(column.name);
    const auto nearest = nearest_word(entry.key.text, names);
    return reader.report(entry.key, fmt::format("the resource '{}' has no column '{}'", resource.name, entry.key.text),
                         nearest.empty() ? fmt::format("it has: {}", fmt::join(names, ", "))
                                         : fmt::format("did you mean '{}'?", nearest));
  }
  ColumnPlan column{.name = entry.key.text,
                    .index = *index,
                    .type = resource.columns[*index].type,
                    .is_key = *index < resource.key_columns};
  if (entry.value.kind == YamlNode::Kind::mapping)
    read_words(reader, entry.value, known, column);
  else if (entry.value.kind == YamlNode::Kind::scalar)
    column.value = reader.read(entry.value, known);
  else
    reader.report(entry.value, fmt::format("'{}' must be an expression", entry.key.text), "write \"{{ record.… }}\"");
  rows.columns.push_back(std::move(column));
}

void read_columns(TemplateReader& reader, const YamlNode& map, const load::Resource& resource, Roots known,
                  RowsPlan& rows) {
  if (map.kind != YamlNode::Kind::mapping)
    return reader.report(map, "'map' must be a mapping", "write 'column: \"{{ record.… }}\"' for each column");
  for (const auto& entry : map.entries) read_column(reader, entry, resource, known, rows);
  for (std::size_t i = 0; i < resource.key_columns; ++i)
    if (map.find(resource.columns[i].name) == nullptr)
      reader.report(map,
                    fmt::format("the key column '{}' of '{}' has no value", resource.columns[i].name, resource.name),
                    "add it: every row needs its key");
}

// How many of the key's first columns name the parent, and when.
void read_whole(TemplateReader& reader, const YamlNode& node, const load::Resource& resource, Roots known,
                RowsPlan& rows) {
  const auto* whole = node.find("wholeOf");
  rows.whole_when = reader.read(node, "wholeWhen", known);
  if (whole == nullptr) {
    if (const auto* when = node.find("wholeWhen"))
      reader.report(*when, "'wholeWhen' goes with 'wholeOf'", "add wholeOf, or remove it");
    return;
  }
  if (node.find("each") == nullptr) reader.report(*whole, "'wholeOf' needs a list", "add each, or remove it");
  const auto columns = whole->items.size();
  bool is_prefix = columns > 0 && columns < resource.key_columns;
  for (std::size_t i = 0; is_prefix && i < columns; ++i) is_prefix = whole->items[i].text == resource.columns[i].name;
  if (!is_prefix) {
    std::vector<std::string> names;
    for (std::size_t i = 0; i + 1 < resource.key_columns; ++i) names.push_back(resource.columns[i].name);
    reader.report(*whole, fmt::format("'wholeOf' is not the first part of the key of '{}'", resource.name),
                  fmt::format("write the first columns of the key, for example [{}]", fmt::join(names, ", ")));
  }
  rows.parent_columns = columns;
}

// Which rows are all there are of a record must have one answer.
void check_wholes(TemplateReader& reader, const YamlNode& node, const std::vector<RowsPlan>& all,
                  const RowsPlan& rows) {
  const auto contradicts = [&](const RowsPlan& other) {
    return other.resource == rows.resource && other.parent_columns + rows.parent_columns > 0;
  };
  if (std::ranges::any_of(all, contradicts))
    reader.report(node, fmt::format("'wholeOf' and another entry that makes rows of '{}'", rows.resource),
                  "make one list of both, or remove wholeOf");
}

const load::Resource* find_resource(TemplateReader& reader, const YamlNode& at, const std::string& name,
                                    const ScriptDeclaration& script, const load::ResourceCatalog& resources) {
  const auto is_declared = std::ranges::find(script.resources, name) != script.resources.end();
  if (!is_declared)
    reader.report(at, fmt::format("'{}' is not among the script's resources", name), "add it to resources");
  return is_declared ? resources.find(name) : nullptr;
}

}  // namespace

std::vector<RowsPlan> read_rows(TemplateReader& reader, const YamlNode& root, const ScriptDeclaration& script,
                                const load::ResourceCatalog& resources, Roots known) {
  std::vector<RowsPlan> all;
  if (const auto* map = root.find("map")) {
    if (script.resources.size() != 1 && root.find("rows") == nullptr)
      reader.report(*map, "the script has several resources", "use rows: one entry with its map for each");
    else if (const auto* resource = script.resources.empty() ? nullptr : resources.find(script.resources.front()))
      read_columns(reader, *map, *resource, known, all.emplace_back(RowsPlan{.resource = resource->name}));
  }
  const auto add = [&](const YamlNode& node) {
    const auto* name = node.find("resource");
    const auto* resource = find_resource(reader, *name, name->text, script, resources);
    if (resource == nullptr) return;
    RowsPlan rows{.resource = resource->name};
    rows.each = reader.read(node, "each", known);
    const auto inner = rows.each.is_absent() ? known : known.with({Root::item, Root::index});
    rows.filter = reader.read(node, "filter", inner);
    rows.total = reader.read(node, "total", known);
    if (!rows.total.is_absent() && rows.each.is_absent())
      reader.report(*node.find("total"), "'total' has no meaning without a list", "add each, or remove it");
    read_columns(reader, *node.find("map"), *resource, inner, rows);
    read_whole(reader, node, *resource, known, rows);
    check_wholes(reader, node, all, rows);
    all.push_back(std::move(rows));
  };
  if (const auto* list = root.find("rows")) {
    if (list->kind == YamlNode::Kind::list)
      std::ranges::for_each(list->items, add);
    else
      add(*list);
  }
  for (const auto& name : script.resources)
    if (std::ranges::none_of(all, [&](const RowsPlan& rows) { return rows.resource == name; }))
      reader.report(root, fmt::format("nothing makes rows of '{}'", name), "add map, or an entry of rows for it");
  return all;
}

}  // namespace weir::plugin::declarative

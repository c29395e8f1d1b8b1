#include "plugin/declarative/template_reader.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/nearest.hpp"

namespace weir::plugin::declarative {
namespace {

// A plain scalar is a number, true, false or null where it looks like one, as YAML says; a quoted one is text.
nlohmann::json literal_of(const YamlNode& node) {
  if (node.kind == YamlNode::Kind::null || (node.is_plain && (node.text == "null" || node.text == "~"))) return nullptr;
  if (!node.is_plain) return node.text;
  if (node.text == "true" || node.text == "false") return node.text == "true";
  const bool may_be_number = !node.text.empty() && (node.text.front() == '-' || std::isdigit(node.text.front()) != 0);
  if (!may_be_number) return node.text;
  auto number = nlohmann::json::parse(node.text, nullptr, false);
  return number.is_number() ? number : nlohmann::json(node.text);
}

std::string nearest_or(std::string_view word, const std::vector<std::string>& known, std::string_view what) {
  const auto nearest = nearest_word(std::string(word), known);
  return nearest.empty() ? fmt::format("{}: {}", what, fmt::join(known, ", "))
                         : fmt::format("did you mean '{}'?", nearest);
}

}  // namespace

void TemplateReader::report(const YamlNode& at, std::string message, std::string remedy) {
  source_.problems.push_back({source_.file, at.line, at.column, std::move(message), std::move(remedy)});
}

void TemplateReader::report(const YamlNode& at, const ExpressionProblem& problem) {
  source_.problems.push_back(TemplatePlace(source_.file, source_.text, at).problem(problem));
}

Template TemplateReader::read(const YamlNode& mapping, std::string_view key, Roots known, Secrets secrets) {
  const auto* node = mapping.find(key);
  return node == nullptr ? Template() : read(*node, known, secrets);
}

Template TemplateReader::read(const YamlNode& node, Roots known, Secrets secrets) {
  auto compiled = Template::compile(node.text, known, TemplatePlace(source_.file, source_.text, node));
  if (!compiled) {
    report(node, compiled.error());
    return {};
  }
  check(*compiled, node, secrets);
  return std::move(*compiled);
}

Template TemplateReader::read_path(const YamlNode& mapping, std::string_view key, Root root, Roots known) {
  const auto* node = mapping.find(key);
  if (node == nullptr || node->text.contains("{{")) return read(mapping, key, known);
  auto compiled = Template::compile(fmt::format("{{{{ {}.{} }}}}", name_of(root), node->text), known, {});
  if (compiled) return std::move(*compiled);
  report(*node, fmt::format("'{}' is not the path of a field", excerpt(node->text)),
         "write for example updated_at, fields.updated or an expression in {{ }}");
  return {};
}

std::vector<NamedTemplate> TemplateReader::read_named(const YamlNode& mapping, std::string_view key, Roots known,
                                                      Secrets secrets) {
  std::vector<NamedTemplate> named;
  if (const auto* node = mapping.find(key))
    for (const auto& [name, value] : node->entries) named.push_back({name.text, read(value, known, secrets)});
  return named;
}

Structure TemplateReader::read_structure(const YamlNode& node, Roots known) {
  Structure structure;
  if (node.kind == YamlNode::Kind::list) {
    structure.kind = Structure::Kind::list;
    for (const auto& item : node.items) structure.items.push_back(read_structure(item, known));
  } else if (node.kind == YamlNode::Kind::mapping) {
    structure.kind = Structure::Kind::mapping;
    for (const auto& [name, value] : node.entries)
      structure.members.emplace_back(name.text, read_structure(value, known));
  } else if (node.text.contains("{{")) {
    structure.value = read(node, known);
  } else {
    structure.literal = literal_of(node);
  }
  return structure;
}

void TemplateReader::check(const Template& read, const YamlNode& node, Secrets secrets) {
  for (const auto& [key, offset] : read.keys_of(Root::env)) check_setting(read, node, key, offset, secrets);
  for (const auto& [key, offset] : read.keys_of(Root::partition)) check_partition(node, key, offset);
}

void TemplateReader::check_setting(const Template&, const YamlNode& node, std::string_view key, std::size_t offset,
                                   Secrets secrets) {
  if (key.empty()) return report(node, {offset, "env is not a value by itself", "name a setting: env.NAME"});
  const auto found = std::ranges::find(source_.settings, key, &tenancy::ConfigKey::name);
  if (found == source_.settings.end()) {
    std::vector<std::string> known;
    for (const auto& setting : source_.settings) known.push_back(setting.name);
    return report(node,
                  {offset, fmt::format("the provider has no setting '{}'", key), nearest_or(key, known, "known")});
  }
  if (found->is_secret && secrets == Secrets::refused)
    report(node, {offset, fmt::format("'{}' is a secret", key), "use it in provider.yaml under http.auth only"});
}

void TemplateReader::check_partition(const YamlNode& node, std::string_view key, std::size_t offset) {
  if (is_list_) {
    if (key != "value")
      report(node, {offset, fmt::format("the partition has no '{}'", key), "an item of a list is partition.value"});
    return;
  }
  if (partition_ == nullptr) {
    report(node, {offset, "this script has no partitions", "declare them: partition: {resource: …}"});
    return;
  }
  if (key.empty()) {
    report(node, {offset, "partition is not a value by itself", "name a column: partition.NAME"});
    return;
  }
  if (partition_->find(key)) {
    columns_.emplace(key);
    return;
  }
  std::vector<std::string> known;
  for (const auto& column : partition_->columns) known.push_back(column.name);
  report(node, {offset, fmt::format("the resource '{}' has no column '{}'", partition_->name, key),
                nearest_or(key, known, "it has")});
}

}  // namespace weir::plugin::declarative

#include "base/yaml_schema.hpp"

#include <algorithm>
#include <charconv>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/nearest.hpp"
#include "base/time.hpp"

namespace weir {
namespace {

constexpr std::size_t k_name_bytes_max = 60;

bool is_name(std::string_view text) {
  const auto is_inner = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; };
  return !text.empty() && text.size() <= k_name_bytes_max && text.front() >= 'a' && text.front() <= 'z' &&
         std::ranges::all_of(text, is_inner);
}

std::optional<std::int64_t> parse_integer(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string shown(const YamlNode& node) {
  switch (node.kind) {
    case YamlNode::Kind::null: return "nothing";
    case YamlNode::Kind::scalar: return fmt::format("'{}'", excerpt(node.text));
    case YamlNode::Kind::list: return "a list";
    case YamlNode::Kind::mapping: return "a mapping";
  }
  return "";
}

class Checker {
 public:
  Checker(const std::string& file, std::vector<FileProblem>& problems) : file_(file), problems_(problems) {}

  void check_mapping(const YamlNode& node, std::span<const YamlKey> keys, const std::string& what) {
    if (node.kind != YamlNode::Kind::mapping)
      return report(node, fmt::format("{} must be a mapping, but here is {}", what, shown(node)), "write 'key: value'");
    for (const auto& entry : node.entries) check_entry(entry, keys);
    for (const auto& key : keys)
      if (key.is_required && node.find(key.name) == nullptr)
        report(node, fmt::format("the key '{}' is missing", key.name), fmt::format("add it: {}", key.meaning));
  }

 private:
  void report(const YamlNode& at, std::string message, std::string remedy) {
    problems_.push_back({file_, at.line, at.column, std::move(message), std::move(remedy)});
  }

  void check_entry(const YamlEntry& entry, std::span<const YamlKey> keys) {
    const auto rule = std::ranges::find(keys, entry.key.text, &YamlKey::name);
    if (rule != keys.end()) return check_value(entry.value, *rule);
    std::vector<std::string> known;
    for (const auto& key : keys) known.emplace_back(key.name);
    const auto nearest = nearest_word(entry.key.text, known);
    report(entry.key, fmt::format("unknown key '{}'", excerpt(entry.key.text)),
           nearest.empty() ? fmt::format("known here: {}", fmt::join(known, ", "))
                           : fmt::format("did you mean '{}'?", nearest));
  }

  void check_value(const YamlNode& node, const YamlKey& rule) {
    switch (rule.type) {
      case YamlType::mapping:
        if (!rule.choices.empty() && node.kind == YamlNode::Kind::scalar) return check_word(node, rule);
        return check_mapping(node, rule.keys, fmt::format("'{}'", rule.name));
      case YamlType::entries: return check_entries(node, rule);
      case YamlType::mappings: return check_mappings(node, rule);
      case YamlType::texts: return check_texts(node, rule);
      case YamlType::anything: return;
      case YamlType::names: return check_names(node, rule);
      default: break;
    }
    if (node.kind != YamlNode::Kind::scalar)
      return report(node, fmt::format("'{}' must be a single value, but here is {}", rule.name, shown(node)), "");
    switch (rule.type) {
      case YamlType::text: return check_text(node, rule);
      case YamlType::word: return check_word(node, rule);
      case YamlType::name: return check_name(node, rule);
      case YamlType::boolean: return check_boolean(node, rule);
      case YamlType::integer: return check_integer(node, rule);
      case YamlType::duration: return check_duration(node, rule);
      default: return;
    }
  }

  void check_entries(const YamlNode& node, const YamlKey& rule) {
    if (node.kind != YamlNode::Kind::mapping)
      return report(node, fmt::format("'{}' must be a mapping, but here is {}", rule.name, shown(node)),
                    "write one 'NAME:' with its keys below it for each");
    for (const auto& entry : node.entries) check_mapping(entry.value, rule.keys, fmt::format("'{}'", entry.key.text));
  }

  void check_mappings(const YamlNode& node, const YamlKey& rule) {
    if (node.kind != YamlNode::Kind::list) return check_mapping(node, rule.keys, fmt::format("'{}'", rule.name));
    for (const auto& item : node.items) check_mapping(item, rule.keys, fmt::format("an item of '{}'", rule.name));
    check_count(node, rule, node.items.size());
  }

  void check_texts(const YamlNode& node, const YamlKey& rule) {
    if (node.kind != YamlNode::Kind::mapping)
      return report(node, fmt::format("'{}' must be a mapping, but here is {}", rule.name, shown(node)),
                    "write 'name: value' for each");
    for (const auto& entry : node.entries)
      if (entry.value.kind != YamlNode::Kind::scalar)
        report(entry.value,
               fmt::format("'{}' must be a single value, but here is {}", entry.key.text, shown(entry.value)), "");
    check_count(node, rule, node.entries.size());
  }

  void check_count(const YamlNode& node, const YamlKey& rule, std::size_t size) {
    const auto count = static_cast<std::int64_t>(size);
    if (count < rule.min || count > rule.max)
      report(node, fmt::format("'{}' has {} entries", rule.name, count), bounds_of(rule, [](auto v) { return v; }));
  }

  void check_names(const YamlNode& node, const YamlKey& rule) {
    if (node.kind != YamlNode::Kind::list)
      return report(node, fmt::format("'{}' must be a list, but here is {}", rule.name, shown(node)),
                    fmt::format("write {}: [name, …]", rule.name));
    std::set<std::string> seen;
    for (const auto& item : node.items) {
      if (item.kind != YamlNode::Kind::scalar || !is_name(item.text))
        report(item, fmt::format("{} is not a name", shown(item)), "use small letters, digits and _");
      else if (!seen.insert(item.text).second)
        report(item, fmt::format("'{}' is repeated", item.text), "remove one of them");
    }
    const auto count = static_cast<std::int64_t>(node.items.size());
    if (count < rule.min || count > rule.max)
      report(node, fmt::format("'{}' has {} names", rule.name, count), bounds_of(rule, [](auto v) { return v; }));
  }

  void check_text(const YamlNode& node, const YamlKey& rule) {
    if (node.text.size() > static_cast<std::size_t>(rule.max))
      report(node, fmt::format("'{}' has {} bytes", rule.name, node.text.size()),
             fmt::format("shorten it to {}", rule.max));
    if (node.text.empty() && rule.is_required)
      report(node, fmt::format("'{}' is empty", rule.name), std::string(rule.meaning));
  }

  void check_word(const YamlNode& node, const YamlKey& rule) {
    if (std::ranges::find(rule.choices, node.text) != rule.choices.end()) return;
    const std::vector<std::string> known(rule.choices.begin(), rule.choices.end());
    const auto nearest = nearest_word(node.text, known);
    report(node, fmt::format("'{}' cannot be {}", rule.name, shown(node)),
           nearest.empty() ? fmt::format("use one of: {}", fmt::join(known, ", "))
                           : fmt::format("did you mean '{}'?", nearest));
  }

  void check_name(const YamlNode& node, const YamlKey& rule) {
    if (!is_name(node.text))
      report(node, fmt::format("'{}' cannot be {}", rule.name, shown(node)),
             fmt::format("use small letters, digits and _, at most {} of them", k_name_bytes_max));
  }

  void check_boolean(const YamlNode& node, const YamlKey& rule) {
    if (!node.is_plain || (node.text != "true" && node.text != "false"))
      report(node, fmt::format("'{}' must be true or false, not {}", rule.name, shown(node)),
             "write true or false without quotes");
  }

  void check_integer(const YamlNode& node, const YamlKey& rule) {
    if (std::ranges::find(rule.choices, node.text) != rule.choices.end()) return;
    const auto value = node.is_plain ? parse_integer(node.text) : std::nullopt;
    if (!value || *value < rule.min || *value > rule.max)
      report(node, fmt::format("'{}' cannot be {}", rule.name, shown(node)), bounds_of(rule, [](auto v) { return v; }));
  }

  void check_duration(const YamlNode& node, const YamlKey& rule) {
    const auto value = parse_duration(node.text);
    if (!value)
      return report(node, fmt::format("'{}' cannot be {}: it is not a duration", rule.name, shown(node)),
                    "write for example 90s, 15m, 24h, 30d or 1h30m");
    if (value->count() < rule.min || value->count() > rule.max)
      report(node, fmt::format("'{}' cannot be {}", rule.name, shown(node)),
             bounds_of(rule, [](auto v) { return format_duration(std::chrono::seconds(v)); }));
  }

  template <class Show>
  static std::string bounds_of(const YamlKey& rule, Show show) {
    auto bounds = rule.max == std::numeric_limits<std::int64_t>::max()
                      ? fmt::format("at least {}", show(rule.min))
                      : fmt::format("between {} and {}", show(rule.min), show(rule.max));
    if (!rule.choices.empty()) bounds += fmt::format(", or {}", fmt::join(rule.choices, ", "));
    return "it must be " + bounds;
  }

  const std::string& file_;
  std::vector<FileProblem>& problems_;
};

std::string_view type_name(const YamlKey& key) {
  switch (key.type) {
    case YamlType::text: return "text";
    case YamlType::word: return "one word";
    case YamlType::name: return "name";
    case YamlType::boolean: return "true or false";
    case YamlType::integer: return "number";
    case YamlType::duration: return "duration";
    case YamlType::names: return "list of names";
    case YamlType::mapping: return "mapping";
    case YamlType::entries: return "mapping by name";
    case YamlType::mappings: return "list of mappings";
    case YamlType::texts: return "mapping of texts";
    case YamlType::anything: return "see below";
  }
  return "";
}

void describe(std::span<const YamlKey> keys, const std::string& prefix, std::string& out) {
  for (const auto& key : keys) {
    const auto name = prefix + std::string(key.name);
    const auto choices = key.choices.empty() ? "" : fmt::format(": `{}`", fmt::join(key.choices, "`, `"));
    const auto absent = key.is_required ? "required" : fmt::format("{}", key.default_text);
    out += fmt::format("| `{}` | {}{} | {} | {} |\n", name, type_name(key), choices, absent, key.meaning);
    describe(key.keys,
             name + (key.type == YamlType::entries    ? ".NAME."
                     : key.type == YamlType::mappings ? "[]."
                                                      : "."),
             out);
  }
}

}  // namespace

void check_yaml(const YamlNode& node, std::span<const YamlKey> keys, const std::string& file,
                std::vector<FileProblem>& problems) {
  Checker(file, problems).check_mapping(node, keys, "the file");
}

std::string describe_yaml_keys(std::span<const YamlKey> keys) {
  std::string out = "| key | value | default | meaning |\n|---|---|---|---|\n";
  describe(keys, "", out);
  return out;
}

std::string yaml_text(const YamlNode& mapping, std::string_view key, std::string_view absent) {
  const auto* node = mapping.find(key);
  return node == nullptr ? std::string(absent) : node->text;
}

std::optional<std::string> yaml_optional_text(const YamlNode& mapping, std::string_view key) {
  const auto* node = mapping.find(key);
  return node == nullptr ? std::nullopt : std::optional(node->text);
}

bool yaml_flag(const YamlNode& mapping, std::string_view key, bool absent) {
  const auto* node = mapping.find(key);
  return node == nullptr ? absent : node->text == "true";
}

std::int64_t yaml_integer(const YamlNode& mapping, std::string_view key, std::int64_t absent) {
  const auto* node = mapping.find(key);
  return node == nullptr ? absent : parse_integer(node->text).value_or(absent);
}

std::chrono::seconds yaml_duration(const YamlNode& mapping, std::string_view key, std::chrono::seconds absent) {
  const auto* node = mapping.find(key);
  return node == nullptr ? absent : parse_duration(node->text).value_or(absent);
}

std::vector<std::string> yaml_names(const YamlNode& mapping, std::string_view key) {
  std::vector<std::string> names;
  if (const auto* node = mapping.find(key))
    for (const auto& item : node->items) names.push_back(item.text);
  return names;
}

}  // namespace weir

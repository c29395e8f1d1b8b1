#include "plugin/declaration_file.hpp"

#include <algorithm>
#include <regex>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/nearest.hpp"
#include "plugin/declaration_hash.hpp"
#include "plugin/declarative/plan_reader.hpp"

namespace weir::plugin {
namespace {

constexpr std::size_t k_config_keys_max = 100;

// One file: its tree, and the problems found so far.
class Reader {
 public:
  Reader(const YamlNode& root, std::string_view text, const std::string& file, std::span<const YamlKey> keys)
      : root_(root), text_(text), file_(file) {
    check_yaml(root, keys, file, problems_);
  }

  void report(const YamlNode& at, std::string message, std::string remedy) {
    problems_.push_back({file_, at.line, at.column, std::move(message), std::move(remedy)});
  }
  const YamlNode& root() const { return root_; }
  const std::string& file() const { return file_; }
  bool is_sound() const { return problems_.empty(); }
  Problems take_problems() { return std::move(problems_); }
  declarative::PlanSource source(std::span<const ConfigKey> settings) { return {file_, text_, settings, problems_}; }

 private:
  const YamlNode& root_;
  std::string_view text_;
  const std::string& file_;
  Problems problems_;
};

bool is_config_name(std::string_view name) {
  const auto is_inner = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; };
  return !name.empty() && name.size() <= 100 && name.front() >= 'A' && name.front() <= 'Z' &&
         std::ranges::all_of(name, is_inner);
}

std::optional<std::regex> compile(const std::string& pattern) {
  try {
    return std::regex(pattern, std::regex::ECMAScript);
  } catch (const std::regex_error&) {
    return std::nullopt;
  }
}

void check_config_key(Reader& reader, const YamlNode& at, const YamlNode& value, const ConfigKey& key) {
  if (!is_config_name(key.name))
    reader.report(at, fmt::format("'{}' is not a name of a setting", excerpt(key.name)),
                  "use capital letters, digits and _, as in an environment variable");
  if (key.is_secret && key.default_value)
    reader.report(*value.find("default"), fmt::format("the secret '{}' has a default", key.name),
                  "remove the default: a secret is set for each data source");
  if (!key.pattern) return;
  const auto expression = compile(*key.pattern);
  if (!expression)
    reader.report(*value.find("pattern"), fmt::format("the pattern of '{}' is not a regular expression", key.name),
                  "correct it; ECMAScript's syntax is used");
  else if (key.default_value && !std::regex_match(*key.default_value, *expression))
    reader.report(*value.find("default"), fmt::format("the default of '{}' does not match its pattern", key.name),
                  "change one of them");
}

std::vector<ConfigKey> read_config(Reader& reader) {
  std::vector<ConfigKey> keys;
  const auto* config = reader.root().find("config");
  if (config == nullptr) return keys;
  if (config->entries.size() > k_config_keys_max)
    reader.report(*config, fmt::format("there are {} settings", config->entries.size()),
                  fmt::format("use at most {}", k_config_keys_max));
  for (const auto& [name, value] : config->entries) {
    ConfigKey key;
    key.name = name.text;
    key.description = yaml_text(value, "description");
    key.is_required = yaml_flag(value, "required", false);
    key.is_secret = yaml_flag(value, "secret", false);
    key.is_identity = yaml_flag(value, "identity", false);
    key.default_value = yaml_optional_text(value, "default");
    key.pattern = yaml_optional_text(value, "pattern");
    check_config_key(reader, name, value, key);
    keys.push_back(std::move(key));
  }
  return keys;
}

std::expected<ProviderDeclaration, Problems> read_provider(const YamlNode& root, std::string_view text,
                                                           const std::string& file, const std::string& folder) {
  Reader reader(root, text, file, provider_file_keys());
  if (!reader.is_sound()) return std::unexpected(reader.take_problems());
  if (const auto* name = root.find("name"); name != nullptr && name->text != folder)
    reader.report(*name, fmt::format("the name '{}' is not the folder's, '{}'", name->text, folder),
                  "rename one of them, or leave the name out");
  ProviderDeclaration provider{.name = folder,
                               .title = yaml_text(root, "title"),
                               .description = yaml_text(root, "description"),
                               .config = read_config(reader),
                               .file = file};
  if (const auto* http = root.find("http"))
    provider.service = declarative::read_service(*http, reader.source(provider.config));
  if (!reader.is_sound()) return std::unexpected(reader.take_problems());
  return provider;
}

void check_resources(Reader& reader, std::string_view key, const ScriptContext& context) {
  const auto* list = reader.root().find(key);
  if (list == nullptr) return;
  std::vector<std::string> known;
  for (const auto& [name, resource] : context.resources.all()) known.push_back(name);
  for (const auto& item : list->items) {
    if (context.resources.find(item.text) != nullptr) continue;
    const auto nearest = nearest_word(item.text, known);
    reader.report(item, fmt::format("the resource '{}' is not declared", item.text),
                  nearest.empty() ? fmt::format("declare it in plugins/resources/{}.yaml", item.text)
                                  : fmt::format("did you mean '{}'?", nearest));
  }
}

void check_no_self_dependency(Reader& reader, const ScriptDeclaration& script) {
  const auto* list = reader.root().find("dependencies");
  if (list == nullptr) return;
  for (const auto& item : list->items)
    if (std::ranges::find(script.resources, item.text) != script.resources.end())
      reader.report(item, fmt::format("it depends on '{}', which it provides itself", item.text),
                    "remove it from one of the lists");
}

const Builtin* check_builtin(Reader& reader, const ScriptContext& context) {
  const auto* node = reader.root().find("builtin");
  if (node == nullptr) return nullptr;
  for (const auto key : declarative::declarative_keys())
    if (const auto* other = reader.root().find(key))
      reader.report(*other, fmt::format("'{}' has no meaning for a built-in", key), "remove it, or 'builtin'");
  if (const auto* builtin = context.builtins.find(node->text)) return builtin;
  const auto names = context.builtins.names();
  const auto nearest = nearest_word(node->text, names);
  reader.report(
      *node, fmt::format("there is no built-in '{}' in this version", node->text),
      nearest.empty() ? fmt::format("known: {}", fmt::join(names, ", ")) : fmt::format("did you mean '{}'?", nearest));
  return nullptr;
}

// A script without `builtin` says itself what it asks for.
void read_plan(Reader& reader, const ScriptContext& context, ScriptDeclaration& script) {
  const auto settings = context.declared == nullptr ? std::span<const ConfigKey>() : context.declared->config;
  script.plan = declarative::read_script_plan(
      reader.root(), reader.source(settings),
      {script, context.resources, context.declared == nullptr ? nullptr : context.declared->service});
}

CursorKind parse_kind(std::string_view text) {
  for (const auto kind : {CursorKind::window, CursorKind::ascending, CursorKind::descending, CursorKind::heads})
    if (to_string(kind) == text) return kind;
  return CursorKind::full;
}

PageOrder parse_order(std::string_view text) {
  if (text == "ascending") return PageOrder::ascending;
  if (text == "descending") return PageOrder::descending;
  if (text == "immutable") return PageOrder::immutable;
  return PageOrder::unspecified;
}

// `kind` says it; without it the order does (ascending and descending are kinds as well).
void read_cursor(Reader& reader, ScriptDeclaration& script) {
  const auto* cursor = reader.root().find("cursor");
  if (cursor == nullptr) return;
  const auto order = yaml_text(*cursor, "order");
  const auto kind = yaml_text(*cursor, "kind", order);
  if (kind.empty() || kind == "immutable")
    return reader.report(*cursor, "the cursor has no kind", "add kind: window, ascending, descending, heads or full");
  script.cursor = parse_kind(kind);
  script.order = parse_order(order);
  script.cursor_field = yaml_text(*cursor, "field");
  script.lookback = yaml_duration(*cursor, "lookback", script.lookback);
  script.settle = yaml_duration(*cursor, "settle", script.settle);
  const bool is_sorted = script.cursor == CursorKind::ascending || script.cursor == CursorKind::descending;
  if (is_sorted && !order.empty() && order != kind)
    reader.report(*cursor->find("order"), fmt::format("a cursor of kind {} cannot be in {} order", kind, order),
                  "remove one of the two");
  if (script.cursor == CursorKind::full && order == "descending")
    reader.report(*cursor->find("order"),
                  "a full listing cannot be read newest first: what changes would move out of it",
                  "sort by something that never changes: order: immutable");
}

std::expected<ScriptDeclaration, Problems> read_script(const YamlNode& root, std::string_view text,
                                                       const std::string& file, const ScriptContext& context) {
  Reader reader(root, text, file, script_file_keys());
  if (!reader.is_sound()) return std::unexpected(reader.take_problems());
  ScriptDeclaration script{.provider = context.provider, .name = context.name, .file = file};
  script.description = yaml_text(root, "description");
  script.builtin = yaml_text(root, "builtin");
  script.resources = yaml_names(root, "resources");
  script.dependencies = yaml_names(root, "dependencies");
  script.import_window_duration = yaml_duration(root, "importWindowDuration", script.import_window_duration);
  script.partitions_in_parallel = static_cast<int>(yaml_integer(root, "partitionsInParallel", 1));
  script.attempts_max = static_cast<int>(yaml_integer(root, "attempts", script.attempts_max));
  if (yaml_text(root, "importWindowDays") == "everything")
    script.import_window_days.reset();
  else
    script.import_window_days = static_cast<int>(yaml_integer(root, "importWindowDays", *script.import_window_days));
  read_cursor(reader, script);
  check_resources(reader, "resources", context);
  check_resources(reader, "dependencies", context);
  check_no_self_dependency(reader, script);
  const auto* builtin = check_builtin(reader, context);
  if (script.builtin.empty() && reader.is_sound()) read_plan(reader, context, script);
  if (!reader.is_sound()) return std::unexpected(reader.take_problems());
  script.hash = hash_declaration(script, context.resources, builtin);
  return script;
}

}  // namespace

std::expected<ProviderDeclaration, Problems> parse_provider(std::string_view yaml, const std::string& file,
                                                            const std::string& name) {
  const auto root = parse_yaml(yaml, file);
  return root ? read_provider(*root, yaml, file, name) : std::unexpected(Problems{root.error()});
}

std::expected<ProviderDeclaration, Problems> read_provider_file(const std::filesystem::path& path,
                                                                const std::string& name) {
  const auto text = read_yaml_text(path);
  return text ? parse_provider(*text, path.string(), name) : std::unexpected(Problems{text.error()});
}

std::expected<ScriptDeclaration, Problems> parse_script(std::string_view yaml, const std::string& file,
                                                        const ScriptContext& context) {
  const auto root = parse_yaml(yaml, file);
  return root ? read_script(*root, yaml, file, context) : std::unexpected(Problems{root.error()});
}

std::expected<ScriptDeclaration, Problems> read_script_file(const std::filesystem::path& path,
                                                            const ScriptContext& context) {
  const auto text = read_yaml_text(path);
  return text ? parse_script(*text, path.string(), context) : std::unexpected(Problems{text.error()});
}

}  // namespace weir::plugin

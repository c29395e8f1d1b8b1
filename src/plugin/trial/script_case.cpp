#include "plugin/trial/script_case.hpp"

#include <array>

#include <fmt/format.h>

#include "base/yaml_schema.hpp"
#include "plugin/trial/replay.hpp"

namespace weir::plugin {
namespace {

using nlohmann::json;

constexpr YamlLimits k_limits{.bytes_max = 4U << 20U, .nodes_max = 200'000, .depth_max = 40};

constexpr YamlKey k_free(std::string_view name) { return {.name = name, .type = YamlType::anything}; }
constexpr YamlKey k_text(std::string_view name) { return {.name = name, .type = YamlType::text}; }
constexpr std::array k_keys{
    YamlKey{.name = "case", .type = YamlType::text, .is_required = true, .meaning = "what is tested"},
    YamlKey{.name = "env", .type = YamlType::texts},
    k_free("parents"),
    k_text("now"),
    k_text("start"),
    k_text("partition"),
    k_free("state"),
    k_free("exchanges"),
    k_free("rows"),
    k_free("sets"),
    k_free("newState"),
    k_free("partitions"),
    k_free("rejected"),
    k_text("error"),
};

json scalar_of(const YamlNode& node) {
  if (!node.is_plain) return node.text;
  if (node.text == "true" || node.text == "false") return node.text == "true";
  if (node.text == "null" || node.text == "~" || node.text.empty()) return nullptr;
  const char first = node.text.front();
  if (first != '-' && (first < '0' || first > '9')) return node.text;
  auto number = json::parse(node.text, nullptr, false);
  return number.is_number() ? number : json(node.text);
}

json to_json(const YamlNode& node) {
  switch (node.kind) {
    case YamlNode::Kind::null: return nullptr;
    case YamlNode::Kind::scalar: return scalar_of(node);
    default: break;
  }
  auto document = node.kind == YamlNode::Kind::list ? json::array() : json::object();
  for (const auto& item : node.items) document.push_back(to_json(item));
  for (const auto& [key, value] : node.entries) document[key.text] = to_json(value);
  return document;
}

json to_json(const YamlNode& mapping, std::string_view key) {
  const auto* node = mapping.find(key);
  return node == nullptr ? json() : to_json(*node);
}

// Reads one case; the first thing that is wrong is the error.
class CaseReader {
 public:
  CaseReader(const YamlNode& node, const std::string& file) : node_(node), file_(file) {}

  Result<ScriptCase> read() {
    std::vector<FileProblem> problems;
    check_yaml(node_, k_keys, file_, problems);
    if (!problems.empty()) return std::unexpected(problems.front().to_error());
    ScriptCase result{.name = yaml_text(node_, "case"), .place = fmt::format("{}:{}", file_, node_.line)};
    if (const auto* env = node_.find("env"))
      for (const auto& [name, value] : env->entries) result.env[name.text] = value.text;
    if (const auto* parents = node_.find("parents"))
      for (const auto& [name, rows] : parents->entries)
        for (const auto& row : rows.items) result.parents[name.text].push_back(to_json(row));
    result.now = instant("now").value_or(Instant(std::chrono::sys_days(std::chrono::year(2026) / 1 / 1)));
    result.start = instant("start");
    result.partition = yaml_optional_text(node_, "partition");
    result.state = to_json(node_, "state");
    result.new_state = to_json(node_, "newState");
    if (node_.find("rows") != nullptr) result.rows = to_json(node_, "rows");
    if (node_.find("sets") != nullptr) result.sets = to_json(node_, "sets");
    if (node_.find("partitions") != nullptr) result.partitions = texts("partitions");
    result.rejected = texts("rejected");
    result.error = yaml_text(node_, "error");
    read_exchanges(result);
    if (problem_) return std::unexpected(*problem_);
    return result;
  }

 private:
  void refuse(const YamlNode& at, std::string message, std::string remedy) {
    if (!problem_) problem_ = FileProblem{file_, at.line, at.column, std::move(message), std::move(remedy)}.to_error();
  }

  std::optional<Instant> instant(std::string_view key) {
    const auto* node = node_.find(key);
    if (node == nullptr) return std::nullopt;
    const auto at = parse_rfc3339(node->text);
    if (!at) refuse(*node, fmt::format("'{}' is not an instant", excerpt(node->text)), "write 2026-01-01T00:00:00Z");
    return at;
  }

  std::vector<std::string> texts(std::string_view key) {
    std::vector<std::string> texts;
    if (const auto* node = node_.find(key))
      for (const auto& item : node->items) texts.push_back(item.text);
    return texts;
  }

  void read_exchanges(ScriptCase& result) {
    const auto* list = node_.find("exchanges");
    if (list == nullptr) return;
    for (const auto& item : list->items) {
      auto exchange = parse_exchange(to_json(item));
      if (!exchange) return refuse(item, exchange.error().message, "write request: {url: …}, response: {body: …}");
      result.exchanges.push_back(std::move(*exchange));
    }
  }

  const YamlNode& node_;
  const std::string& file_;
  std::optional<Error> problem_;
};

class CaseClock final : public Clock {
 public:
  explicit CaseClock(Instant now) : now_(now) {}
  Instant now() const override { return now_; }
  std::chrono::nanoseconds boottime() const override { return {}; }

 private:
  Instant now_;
};

class CaseParents final : public ParentTables {
 public:
  explicit CaseParents(const ScriptCase& expected) : case_(expected) {}
  Task<ParentRows> read(std::string resource, std::vector<std::string> columns) override {
    ParentRows rows{.rows = {}, .read_at = case_.now};
    const auto found = case_.parents.find(resource);
    if (found == case_.parents.end()) co_return rows;
    for (const auto& given : found->second) {
      auto& row = rows.rows.emplace_back(json::object());
      for (const auto& column : columns) row[column] = given.value(column, json());
    }
    co_return rows;
  }

 private:
  const ScriptCase& case_;
};

tenancy::Environment environment_of(const PluginCatalog& catalog, const Script& script, const ScriptCase& expected) {
  tenancy::Environment environment;
  const auto* provider = catalog.provider(script.declaration().provider);
  for (const auto& key : provider->config)
    if (key.default_value) environment.set(key.name, *key.default_value);
  for (const auto& [name, value] : expected.env) {
    const auto* key = provider->find(name);
    if (key != nullptr && key->is_secret)
      environment.set_secret(name, Secret(std::string(value)));
    else
      environment.set(name, value);
  }
  return environment;
}

// Only the columns that the expectation names: {title: x} holds for any row with that title.
bool holds(const json& expected, const json& row) {
  for (const auto& [column, value] : expected.items())
    if (row.value(column, json()) != value) return false;
  return true;
}

void compare_rows(const json& expected, const std::map<std::string, json>& rows,
                  std::vector<std::string>& differences) {
  for (const auto& [resource, wanted] : expected.items()) {
    const auto found = rows.find(resource);
    const auto actual = found == rows.end() ? json::array() : found->second;
    if (actual.size() != wanted.size())
      differences.push_back(
          fmt::format("{}: {} rows instead of {}: {}", resource, actual.size(), wanted.size(), actual.dump()));
    for (std::size_t i = 0; i < std::min(actual.size(), wanted.size()); ++i)
      if (!holds(wanted[i], actual[i]))
        differences.push_back(
            fmt::format("{}[{}]: expected {}, made {}", resource, i, wanted[i].dump(), actual[i].dump()));
  }
  for (const auto& [resource, made] : rows)
    if (!made.empty() && !expected.contains(resource))
      differences.push_back(fmt::format("{}: unexpected rows {}", resource, made.dump()));
}

void compare_sets(const json& expected, const std::map<std::string, json>& sets,
                  std::vector<std::string>& differences) {
  for (const auto& [resource, wanted] : expected.items()) {
    const auto found = sets.find(resource);
    const auto actual = found == sets.end() ? json::array() : found->second;
    if (actual != wanted) differences.push_back(fmt::format("the sets of {} are {}", resource, actual.dump()));
  }
}

const Partition* choose(const std::vector<Partition>& partitions, const std::optional<std::string>& wanted) {
  for (const auto& partition : partitions)
    if (!wanted || partition.key == *wanted) return &partition;
  return nullptr;
}

void compare_rejected(const ScriptCase& expected, const TrialOutcome& outcome, std::vector<std::string>& differences) {
  if (outcome.rejected.size() != expected.rejected.size())
    differences.push_back(
        fmt::format("{} records were rejected instead of {}", outcome.rejected.size(), expected.rejected.size()));
  for (std::size_t i = 0; i < std::min(outcome.rejected.size(), expected.rejected.size()); ++i)
    if (!outcome.rejected[i].contains(expected.rejected[i]))
      differences.push_back(fmt::format("rejected '{}' instead of '{}'", outcome.rejected[i], expected.rejected[i]));
}

Task<Result<>> collect(ScriptRun& run, TrialPass& pass) {
  try {
    co_return co_await run.run_pass(pass);
  } catch (const Failure& failure) {
    co_return std::unexpected(failure.error());
  }
}

}  // namespace

Result<std::vector<ScriptCase>> read_script_cases(const std::filesystem::path& file) {
  const auto root = read_yaml_file(file, k_limits);
  if (!root) return std::unexpected(root.error().to_error());
  if (root->kind != YamlNode::Kind::list || root->items.empty())
    return fail(ErrorCode::declaration_invalid, fmt::format("{}: a test file is a list of cases", file.string()));
  std::vector<ScriptCase> cases;
  const auto name = file.string();
  for (const auto& item : root->items) {
    auto one = CaseReader(item, name).read();
    if (!one) return std::unexpected(one.error());
    cases.push_back(std::move(*one));
  }
  return cases;
}

Task<std::vector<std::string>> run_script_case(const PluginCatalog& catalog, const Script& script,
                                               ScriptCase expected) {
  std::vector<std::string> differences;
  CaseClock clock(expected.now);
  CaseParents parents(expected);
  ReplayAccess provider(expected.exchanges, clock);
  const auto environment = environment_of(catalog, script, expected);
  BlockingPool blocking(1);
  auto run = script.start({.tenant = {},
                           .tenant_key = "case",
                           .data_source = "case",
                           .environment = environment,
                           .blocking = blocking,
                           .clock = clock,
                           .cache_directory = {},
                           .provider = &provider,
                           .parents = &parents});
  if (!run) co_return std::vector{run.error().message};
  const auto partitions = co_await (*run)->partitions();
  if (!partitions) co_return std::vector{partitions.error().message};
  if (expected.partitions) {
    std::vector<std::string> keys;
    for (const auto& partition : *partitions) keys.push_back(partition.key);
    if (keys != *expected.partitions) differences.push_back(fmt::format("the partitions are {}", json(keys).dump()));
  }
  const auto* partition = choose(*partitions, expected.partition);
  if (partition == nullptr) co_return differences;
  TrialPass pass(catalog.resources(), *partition,
                 {.start = expected.start, .end = expected.now, .state = expected.state});
  const auto result = co_await collect(**run, pass);
  pass.finish();
  const auto code = result ? std::string() : std::string(result.error().name());
  if (code != expected.error)
    differences.push_back(result ? fmt::format("it ended well instead of with {}", expected.error)
                                 : fmt::format("it ended with {}: {}", code, result.error().message));
  compare_rows(expected.rows, pass.outcome().rows, differences);
  compare_sets(expected.sets, pass.outcome().sets, differences);
  compare_rejected(expected, pass.outcome(), differences);
  if (!expected.new_state.is_null() && pass.outcome().state != expected.new_state)
    differences.push_back(fmt::format("the state is {}", pass.outcome().state.dump()));
  for (const auto& url : provider.unused()) differences.push_back("not asked: " + url);
  co_return differences;
}

}  // namespace weir::plugin

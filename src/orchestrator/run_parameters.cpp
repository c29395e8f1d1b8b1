#include "orchestrator/run_parameters.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "orchestrator/backfill_range.hpp"
#include "tenancy/settings.hpp"
#include "tenancy/text.hpp"

namespace weir::orchestrator {
namespace {

using nlohmann::json;

constexpr std::size_t k_names_max = 1000;
constexpr std::size_t k_name_bytes_max = 200;
constexpr std::array k_selection_keys{"sources", "scripts", "with_deps"};
constexpr std::array k_backfill_keys{"source", "script", "from", "to"};

bool is_one_of(const auto& keys, const std::string& key) { return std::ranges::find(keys, key) != keys.end(); }

std::unexpected<Error> refused(std::string message) { return fail(ErrorCode::invalid_input, std::move(message)); }

bool is_script_name(const std::string& name) {
  const auto slash = name.find('/');
  const auto is_good = [](char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9') || letter == '_' || letter == '-' ||
           letter == '/';
  };
  return slash != std::string::npos && slash > 0 && slash + 1 < name.size() && name.size() <= k_name_bytes_max &&
         std::ranges::count(name, '/') == 1 && std::ranges::all_of(name, is_good);
}

Result<std::vector<std::string>> read_names(const json& value, const std::string& key) {
  const bool is_list = value.is_array() && value.size() <= k_names_max &&
                       std::ranges::all_of(value, [](const json& one) { return one.is_string(); });
  if (!is_list) return refused(fmt::format("{} is a list of at most {} names", key, k_names_max));
  auto names = value.get<std::vector<std::string>>();
  for (const auto& name : names) {
    if (key == "scripts" && !is_script_name(name))
      return refused("scripts holds something that is no name: PROVIDER/SCRIPT such as github/issue is wanted");
    if (key == "sources")
      if (const auto good = tenancy::check_data_source_name(name); !good) return std::unexpected(good.error());
  }
  return names;
}

Result<RunParameters> read_selection(const json& parameters) {
  RunParameters read;
  for (const std::string key : {"sources", "scripts"}) {
    if (!parameters.contains(key)) continue;
    auto names = read_names(parameters.at(key), key);
    if (!names) return std::unexpected(names.error());
    (key == "sources" ? read.sources : read.scripts) = std::move(*names);
  }
  if (const auto found = parameters.find("with_deps"); found != parameters.end()) {
    if (!found->is_boolean()) return refused("with_deps is true or false");
    read.with_dependencies = found->get<bool>();
  }
  return read;
}

Result<RunParameters> read_backfill(const json& parameters, Instant now) {
  for (const std::string key : k_backfill_keys) {
    const auto found = parameters.find(key);
    if (found == parameters.end())
      return refused(fmt::format("a backfill needs source, script, from and to; {} is missing", key));
    if (!found->is_string() || found->get_ref<const std::string&>().size() > k_name_bytes_max)
      return refused(fmt::format("{} is a text of at most {} bytes", key, k_name_bytes_max));
  }
  const auto text = [&](const char* key) { return parameters.at(key).get<std::string>(); };
  const auto range = parse_range(text("from"), text("to"), now);
  if (!range) return refused(range.error().message);
  return RunParameters{.backfill = BackfillOrder{text("source"), text("script"), *range}};
}

ScriptReport refusal(std::string source, std::string script, std::string reason) {
  return {.id = {std::move(source), std::move(script)}, .status = "FAILED", .reason = std::move(reason)};
}

}  // namespace

Result<RunParameters> read_run_parameters(const json& parameters, Instant now) {
  if (!parameters.is_object()) return refused("the parameters of a run are an object");
  bool is_backfill = false;
  bool is_selection = false;
  for (const auto& [key, value] : parameters.items()) {
    if (!is_one_of(k_selection_keys, key) && !is_one_of(k_backfill_keys, key))
      return refused(
          fmt::format("there is no parameter '{}': sources, scripts and with_deps choose what runs; source, "
                      "script, from and to collect a range of time again",
                      tenancy::is_plain_text(key, tenancy::LineBreaks::refused) ? key : "?"));
    (is_one_of(k_backfill_keys, key) ? is_backfill : is_selection) = true;
  }
  if (is_backfill && is_selection)
    return refused("sources, scripts and with_deps do not go with a backfill (source, script, from, to)");
  return is_backfill ? read_backfill(parameters, now) : read_selection(parameters);
}

json without_notes(json parameters) {
  for (const auto* note : {"done_to", "window", "yield"}) parameters.erase(note);
  return parameters;
}

std::vector<ScriptReport> refuse_unknown(const Selection& selection, const std::vector<tenancy::DataSource>& sources,
                                         const plugin::PluginCatalog& catalog) {
  std::vector<ScriptReport> refused;
  for (const auto& name : selection.sources)
    if (std::ranges::find(sources, name, &tenancy::DataSource::name) == sources.end())
      refused.push_back(refusal(name, "*", "the tenant has no such data source"));
  for (const auto& name : selection.scripts) {
    const auto provider = name.substr(0, name.find('/'));
    const auto has_it = [&](const tenancy::DataSource& source) {
      return source.provider == provider && selection.takes_source(source.name);
    };
    if (catalog.find(name) == nullptr && catalog.problem_of(name) == nullptr)
      refused.push_back(refusal("*", name, "there is no such script here"));
    else if (std::ranges::none_of(sources, has_it))
      refused.push_back(refusal("*", name, fmt::format("none of the data sources asked for is one of {}", provider)));
  }
  return refused;
}

Result<const plugin::Script*> script_to_backfill(const BackfillOrder& order, const tenancy::DataSource& source,
                                                 const plugin::PluginCatalog& catalog) {
  const auto name = order.script.contains('/') ? order.script : fmt::format("{}/{}", source.provider, order.script);
  const auto* script = catalog.find(name);
  if (script == nullptr) return fail(ErrorCode::not_found, fmt::format("there is no script {} here", name));
  if (script->declaration().provider != source.provider)
    return fail(ErrorCode::usage,
                fmt::format("{} is no script of {}, which is a source of {}", name, source.name, source.provider));
  if (const auto possible = check_backfill(script->declaration()); !possible) return std::unexpected(possible.error());
  return script;
}

}  // namespace weir::orchestrator

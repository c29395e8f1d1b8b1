#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/nearest.hpp"
#include "weir/plugins.hpp"
#include "weir/table.hpp"
#include "weir/verbs.hpp"

namespace weir::app {
namespace {

using nlohmann::json;
using plugin::PluginCatalog;

json to_document(const plugin::PluginProblem& problem) {
  json document{{"file", problem.place.file},
                {"message", problem.place.message},
                {"remedy", problem.place.remedy},
                {"disables", problem.is_disabling}};
  if (problem.place.line > 0) document["line"] = problem.place.line;
  if (problem.place.line > 0) document["column"] = problem.place.column;
  if (!problem.provider.empty()) document["provider"] = problem.provider;
  if (!problem.script.empty()) document["script"] = problem.script;
  return document;
}

json to_document(const plugin::ConfigKey& key) {
  json document{{"name", key.name},
                {"description", key.description},
                {"required", key.is_required},
                {"secret", key.is_secret},
                {"identity", key.is_identity}};
  if (key.default_value) document["default"] = *key.default_value;
  if (key.pattern) document["pattern"] = *key.pattern;
  return document;
}

json to_document(const plugin::ScriptDeclaration& script) {
  return {{"script", script.full_name()},
          {"description", script.description},
          {"resources", script.resources},
          {"dependencies", script.dependencies},
          {"builtin", script.builtin},
          {"cursor", to_string(script.cursor)},
          {"import_window_seconds", script.import_window_duration.count()},
          {"import_window_days", script.import_window_days ? json(*script.import_window_days) : json("everything")},
          {"lookback_seconds", script.lookback.count()},
          {"settle_seconds", script.settle.count()},
          {"partitions_in_parallel", script.partitions_in_parallel},
          {"attempts", script.attempts_max},
          {"declaration_hash", script.hash},
          {"file", script.file}};
}

json to_document(const PluginCatalog& catalog, const plugin::ProviderDeclaration& provider) {
  json document{{"provider", provider.name}, {"title", provider.title}, {"description", provider.description},
                {"file", provider.file},     {"config", json::array()}, {"scripts", json::array()}};
  for (const auto& key : provider.config) document["config"].push_back(to_document(key));
  for (const auto* script : catalog.scripts_of(provider.name))
    document["scripts"].push_back(to_document(script->declaration()));
  return document;
}

void print_providers(const Cli& cli, const PluginCatalog& catalog) {
  Table table({{"PROVIDER"}, {"SCRIPT"}, {"PROVIDES"}, {"NEEDS"}, {"CURSOR"}, {"FIRST IMPORT"}});
  for (const auto* script : catalog.scripts()) {
    const auto& declaration = script->declaration();
    const auto days = declaration.import_window_days ? fmt::format("{} days", *declaration.import_window_days)
                                                     : std::string("everything");
    table.add_row({declaration.provider, declaration.name, fmt::format("{}", fmt::join(declaration.resources, ", ")),
                   fmt::format("{}", fmt::join(declaration.dependencies, ", ")),
                   std::string(to_string(declaration.cursor)), days});
  }
  table.print(cli);
}

int list_plugins(const Cli& cli) {
  const auto catalog = read_plugins(cli);
  if (cli.json) {
    json document = json::array();
    for (const auto* provider : catalog.providers()) document.push_back(to_document(catalog, *provider));
    print_json(document);
    return 0;
  }
  print_providers(cli, catalog);
  if (!catalog.problems().empty())
    print_notice(cli,
                 fmt::format("{} problems in the plugins' files; see: weir plugins check", catalog.problems().size()));
  return 0;
}

std::string marks_of(const plugin::ConfigKey& key) {
  std::vector<std::string> marks;
  if (key.is_required) marks.emplace_back("required");
  if (key.is_secret) marks.emplace_back("secret");
  if (key.is_identity) marks.emplace_back("identity");
  if (key.default_value) marks.push_back("default " + *key.default_value);
  return fmt::format("{}", fmt::join(marks, ", "));
}

void print_provider(const Cli& cli, const PluginCatalog& catalog, const plugin::ProviderDeclaration& provider) {
  print(fmt::format("{}  {}\n{}\n{}\n\n", paint(cli, Colour::bold, provider.name), printable(provider.title),
                    printable(provider.description), provider.file));
  Table settings({{"SETTING"}, {""}, {"MEANING"}});
  for (const auto& key : provider.config) settings.add_row({key.name, marks_of(key), key.description});
  if (!settings.empty()) settings.print(cli);
  Table scripts({{"SCRIPT"}, {"PROVIDES"}, {"NEEDS"}, {"DESCRIPTION"}});
  for (const auto* script : catalog.scripts_of(provider.name)) {
    const auto& declaration = script->declaration();
    scripts.add_row({declaration.name, fmt::format("{}", fmt::join(declaration.resources, ", ")),
                     fmt::format("{}", fmt::join(declaration.dependencies, ", ")), declaration.description});
  }
  print("\n");
  scripts.print(cli);
}

void print_script(const Cli& cli, const plugin::ScriptDeclaration& script) {
  print(fmt::format("{}\n{}\n{}\n\n", paint(cli, Colour::bold, script.full_name()), printable(script.description),
                    script.file));
  Table table({{"KEY"}, {"VALUE"}});
  for (const auto& [key, value] : to_document(script).items())
    if (key != "script" && key != "description" && key != "file")
      table.add_row({key, value.is_string() ? value.get<std::string>() : value.dump()});
  table.print(cli);
}

int show_plugin(const Cli& cli, const std::string& name) {
  const auto catalog = read_plugins(cli);
  const auto* provider = catalog.provider(name);
  const auto* script = catalog.find(name);
  if (provider == nullptr && script == nullptr) return print_error(cli, unknown_plugin(catalog, name));
  if (cli.json)
    print_json(provider != nullptr ? to_document(catalog, *provider) : to_document(script->declaration()));
  else if (provider != nullptr)
    print_provider(cli, catalog, *provider);
  else
    print_script(cli, script->declaration());
  return 0;
}

// A problem that disables nothing is a notice: exit 0.
int check_plugins(const Cli& cli) {
  const auto catalog = read_plugins(cli);
  const auto& problems = catalog.problems();
  const bool is_broken = std::ranges::any_of(problems, &plugin::PluginProblem::is_disabling);
  if (cli.json) {
    json document{{"providers", catalog.providers().size()},
                  {"scripts", catalog.scripts().size()},
                  {"resources", catalog.resources().all().size()},
                  {"problems", json::array()}};
    for (const auto& problem : problems) document["problems"].push_back(to_document(problem));
    print_json(document);
  } else {
    for (const auto& problem : problems)
      print(fmt::format(
          "{} {}\n",
          paint(cli, problem.is_disabling ? Colour::red : Colour::yellow, problem.is_disabling ? "error:" : "notice:"),
          printable(problem.place.to_string())));
    print(fmt::format("{} providers, {} scripts, {} resources, {} problems\n", catalog.providers().size(),
                      catalog.scripts().size(), catalog.resources().all().size(), problems.size()));
  }
  return is_broken ? traits(ErrorCode::declaration_invalid).exit_code : 0;
}

}  // namespace

Error unknown_plugin(const PluginCatalog& catalog, const std::string& name) {
  if (const auto* problem = catalog.problem_of(name))
    return {ErrorCode::declaration_invalid,
            fmt::format("'{}' is disabled: {}", name, printable(problem->place.to_string()))};
  std::vector<std::string> known;
  for (const auto* provider : catalog.providers()) known.push_back(provider->name);
  for (const auto* script : catalog.scripts()) known.push_back(script->declaration().full_name());
  const auto nearest = nearest_word(name, known);
  return {ErrorCode::not_found,
          fmt::format("there is no provider or script '{}'; {}", printable(name),
                      nearest.empty() ? "see: weir plugins ls" : fmt::format("did you mean '{}'?", nearest))};
}

void add_plugins(CLI::App& root, Cli& cli) {
  auto& plugins = add_group(root, "plugins", "Plugins: the providers that Weir knows, and their scripts");
  auto& ls = add_command(plugins, "ls", "List the scripts", {"weir plugins ls", "weir plugins ls --json"});
  ls.callback([&cli] { cli.action = [&cli] { return list_plugins(cli); }; });

  const auto name = std::make_shared<std::string>();
  auto& show = add_command(plugins, "show", "Show a provider or one of its scripts",
                           {"weir plugins show git", "weir plugins show git/commit"});
  show.add_option("name", *name, "PROVIDER or PROVIDER/SCRIPT")->required();
  show.callback([&cli, name] { cli.action = [&cli, name] { return show_plugin(cli, *name); }; });

  auto& check = add_command(plugins, "check", "Check every file; exit 3 when something is disabled",
                            {"weir plugins check", "weir plugins check --plugins ./my-plugins"});
  check.callback([&cli] { cli.action = [&cli] { return check_plugins(cli); }; });
  add_plugins_try(plugins, cli);
}

}  // namespace weir::app

#include "weir/usage.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/nearest.hpp"

namespace weir::app {
namespace {

std::vector<std::string> verbs_of(const CLI::App& command) {
  std::vector<std::string> names;
  for (const auto* verb : command.get_subcommands([](const CLI::App* app) { return !app->get_group().empty(); }))
    names.push_back(verb->get_name());
  return names;
}

std::vector<std::string> options_of(const CLI::App& command) {
  std::vector<std::string> names;
  for (const auto* app = &command; app != nullptr; app = app->get_parent())
    for (const auto* option : app->get_options())
      for (const auto& name : option->get_lnames()) names.push_back("--" + name);
  return names;
}

std::string did_you_mean(std::string_view word, const std::vector<std::string>& known) {
  const auto best = nearest_word(word, known);
  return best.empty() ? "" : fmt::format("; did you mean {}?", best);
}

// The first word that nothing in the tree took.
std::string first_unknown(const CLI::App& root) {
  const auto words = root.remaining(true);
  return words.empty() ? "" : words.front();
}

std::string describe(const CLI::App& command, const CLI::ParseError& error, const std::string& unknown) {
  const auto verbs = verbs_of(command);
  const auto path = command_path(command);
  if (unknown.starts_with("-"))
    return fmt::format("'{}' has no option {}{}", path, unknown,
                       did_you_mean(unknown.substr(0, unknown.find('=')), options_of(command)));
  if (!unknown.empty() && !verbs.empty())
    return fmt::format("there is no command '{} {}'{}", path, unknown, did_you_mean(unknown, verbs));
  if (!unknown.empty()) return fmt::format("'{}' does not take '{}'", path, unknown);
  if (!verbs.empty() && command.get_subcommands().empty())
    return fmt::format("'{}' needs a command: {}", path, fmt::join(verbs, ", "));
  return fmt::format("'{}': {}", path, error.what());
}

}  // namespace

const CLI::App& deepest_command(const CLI::App& root) {
  const auto chosen = root.get_subcommands();
  return chosen.empty() ? root : deepest_command(*chosen.front());
}

std::string command_path(const CLI::App& command) {
  const auto* parent = command.get_parent();
  return parent == nullptr ? command.get_name() : fmt::format("{} {}", command_path(*parent), command.get_name());
}

Error explain_usage(const CLI::App& root, const CLI::ParseError& error) {
  const auto& command = deepest_command(root);
  return {ErrorCode::usage,
          fmt::format("{}\nSee: {} --help", describe(command, error, first_unknown(root)), command_path(command))};
}

}  // namespace weir::app

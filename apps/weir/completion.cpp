#include "weir/completion.hpp"

#include <ranges>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "weir/usage.hpp"

namespace weir::app {
namespace {

std::vector<std::string> parts_of(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (const auto part : std::views::split(text, separator)) parts.emplace_back(std::string_view(part));
  return parts;
}

constexpr std::string_view k_list = ",...";  // the end of a type of which several may be given between commas

// The words between the braces of a validator's description, LEVEL:{debug,info}, or those of a type after|skip.
std::vector<std::string> choices_of(std::string_view type) {
  if (type.ends_with(k_list)) type.remove_suffix(k_list.size());
  const auto open = type.find('{');
  const auto close = type.find('}', open);
  if (open != std::string_view::npos && close != std::string_view::npos)
    return parts_of(type.substr(open + 1, close - open - 1), ',');
  return type.contains('|') ? parts_of(type, '|') : std::vector<std::string>();
}

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

void add_options(const CLI::App& command, std::vector<CompletionOption>& options) {
  for (const auto* option : command.get_options()) {
    const auto type = option->get_type_name();
    for (const auto& name : option->get_lnames())
      options.push_back({"--" + name, first_line(option->get_description()), choices_of(type), type.ends_with(k_list),
                         option->get_items_expected_max() > 0, type.starts_with("DIR") || type.starts_with("FILE")});
  }
}

void add_nodes(const CLI::App& command, std::vector<CompletionNode>& nodes) {
  CompletionNode node{command_path(command), {}, {}};
  for (const auto* app = &command; app != nullptr; app = app->get_parent()) add_options(*app, node.options);
  const auto shown = command.get_subcommands([](const CLI::App* app) { return !app->get_group().empty(); });
  for (const auto* verb : shown) node.commands.push_back({verb->get_name(), first_line(verb->get_description())});
  // Every level has its own --help.
  std::set<std::string> seen;
  std::erase_if(node.options, [&](const CompletionOption& option) { return !seen.insert(option.name).second; });
  nodes.push_back(std::move(node));
  for (const auto* verb : shown) add_nodes(*verb, nodes);
}

// In single quotes, as all three shells read it.
std::string shell_quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text)
    if (c == '\'') {
      out += "'\\''";
    } else {
      out += c;
    }
  return out + "'";
}

std::string words_of(const CompletionNode& node) {
  std::vector<std::string> words;
  words.reserve(node.commands.size() + node.options.size());
  for (const auto& command : node.commands) words.push_back(command.name);
  for (const auto& option : node.options) words.push_back(option.name);
  return fmt::format("{}", fmt::join(words, " "));
}

// `"weir db"|"weir db url"`: the patterns of a shell's case.
std::string known_paths(const std::vector<CompletionNode>& nodes) {
  std::vector<std::string> paths;
  paths.reserve(nodes.size());
  for (const auto& node : nodes) paths.push_back(shell_quoted(node.path));
  return fmt::format("{}", fmt::join(paths, "|"));
}

std::string joined(const std::vector<std::string>& words) { return fmt::format("{}", fmt::join(words, " ")); }

// One case per option that takes a value, with what the shell does to complete it.
template <class Action>
std::string value_cases(const std::vector<CompletionNode>& nodes, Action action) {
  std::string cases;
  std::set<std::string> seen;
  for (const auto& node : nodes)
    for (const auto& option : node.options)
      if (option.takes_value && seen.insert(option.name).second)
        cases += fmt::format("    {}) {}; return ;;\n", option.name, action(option));
  return cases;
}

std::string bash_action(const CompletionOption& option) {
  if (option.takes_list)
    return fmt::format(R"(COMPREPLY=($(compgen -P "${{current%"${{current##*,}}"}}" -W {} -- "${{current##*,}}")))",
                       shell_quoted(joined(option.choices)));
  const auto candidates = !option.choices.empty()  ? "-W " + shell_quoted(joined(option.choices))
                          : option.takes_directory ? std::string("-f")
                                                   : std::string("-W ''");
  return fmt::format("COMPREPLY=($(compgen {} -- \"$current\"))", candidates);
}

std::string zsh_action(const CompletionOption& option) {
  if (option.takes_list) return "compset -P '*,'; compadd " + joined(option.choices);
  if (!option.choices.empty()) return "compadd " + joined(option.choices);
  return option.takes_directory ? "_files" : "_message value";
}

std::string fish_value(const CompletionOption& option) {
  if (option.takes_list) return " -x -a " + shell_quoted(fmt::format("(__fish_append , {})", joined(option.choices)));
  if (!option.choices.empty()) return " -x -a " + shell_quoted(joined(option.choices));
  if (option.takes_directory) return " -r -F";
  return option.takes_value ? " -x" : "";
}

std::string bash_script(const std::vector<CompletionNode>& nodes) {
  std::string words;
  for (const auto& node : nodes)
    words += fmt::format("    {}) words={} ;;\n", shell_quoted(node.path), shell_quoted(words_of(node)));
  return fmt::format(R"(# bash completion for weir: source <(weir completion bash)
_weir() {{
  local current=${{COMP_WORDS[COMP_CWORD]}} previous=${{COMP_WORDS[COMP_CWORD-1]}} path=weir words= i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$path ${{COMP_WORDS[i]}}" in
      {}) path="$path ${{COMP_WORDS[i]}}" ;;
    esac
  done
  case $previous in
{}  esac
  case $path in
{}  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}}
complete -F _weir weir
)",
                     known_paths(nodes), value_cases(nodes, bash_action), words);
}

// _describe wants name:description, with colons of the name escaped.
std::string zsh_script(const std::vector<CompletionNode>& nodes) {
  std::string cases;
  for (const auto& node : nodes) {
    cases += fmt::format("    {})\n      words_of=(", shell_quoted(node.path));
    for (const auto& command : node.commands) cases += shell_quoted(command.name + ":" + command.description) + " ";
    for (const auto& option : node.options) cases += shell_quoted(option.name + ":" + option.description) + " ";
    cases += ") ;;\n";
  }
  return fmt::format(R"(#compdef weir
# zsh completion for weir: weir completion zsh >"${{fpath[1]}}/_weir"
_weir() {{
  local path_of=weir i
  local -a words_of
  for ((i = 2; i < CURRENT; i++)); do
    case "$path_of ${{words[i]}}" in
      {}) path_of="$path_of ${{words[i]}}" ;;
    esac
  done
  case ${{words[CURRENT-1]}} in
{}  esac
  case $path_of in
{}  esac
  _describe weir words_of
}}
if [[ ${{funcstack[1]}} = _weir ]]; then _weir "$@"; else compdef _weir weir; fi
)",
                     known_paths(nodes), value_cases(nodes, zsh_action), cases);
}

std::string fish_script(const std::vector<CompletionNode>& nodes) {
  std::string paths;
  for (const auto& node : nodes) paths += " " + shell_quoted(node.path);
  std::string lines;
  for (const auto& node : nodes) {
    const auto here = shell_quoted(fmt::format("test (__weir_path) = \"{}\"", node.path));
    for (const auto& command : node.commands)
      lines +=
          fmt::format("complete -c weir -n {} -f -a {} -d {}\n", here, command.name, shell_quoted(command.description));
    for (const auto& option : node.options)
      lines += fmt::format("complete -c weir -n {} -l {}{} -d {}\n", here, option.name.substr(2), fish_value(option),
                           shell_quoted(option.description));
  }
  return fmt::format(R"(# fish completion for weir: weir completion fish >~/.config/fish/completions/weir.fish
function __weir_path
  set -l path weir
  for word in (commandline -opc)[2..-1]
    contains -- "$path $word"{}; and set path "$path $word"
  end
  echo $path
end
complete -c weir -f
{})",
                     paths, lines);
}

}  // namespace

std::vector<CompletionNode> completion_nodes(const CLI::App& root) {
  std::vector<CompletionNode> nodes;
  add_nodes(root, nodes);
  return nodes;
}

std::optional<std::string> completion_script(const CLI::App& root, std::string_view shell) {
  const auto nodes = completion_nodes(root);
  if (shell == "bash") return bash_script(nodes);
  if (shell == "zsh") return zsh_script(nodes);
  if (shell == "fish") return fish_script(nodes);
  return std::nullopt;
}

}  // namespace weir::app

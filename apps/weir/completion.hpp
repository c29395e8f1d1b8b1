// Shell completion made from the tree of commands, so that it cannot fall behind it.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>

namespace weir::app {

struct CompletionOption {
  std::string name;  // --json
  std::string description;
  std::vector<std::string> choices;  // the values it may have, when they are few
  bool takes_list = false;           // of them, between commas
  bool takes_value = false;
  bool takes_directory = false;
};

struct CompletionWord {
  std::string name;
  std::string description;
};

// One command: `weir db` with what may follow it.
struct CompletionNode {
  std::string path;
  std::vector<CompletionWord> commands;
  std::vector<CompletionOption> options;  // its own and its parents'
};

// Every command that help shows, parents first.
std::vector<CompletionNode> completion_nodes(const CLI::App& root);

// The script for `bash`, `zsh` or `fish`; nullopt for another shell.
std::optional<std::string> completion_script(const CLI::App& root, std::string_view shell);

}  // namespace weir::app

// The frame of the command line: what every verb shares. A verb is one file in verbs/, which adds itself to the tree
// and, when it is chosen, puts what to do into Cli::action:
//
//   void add_tenant(CLI::App& root, Cli& cli) {
//     auto& tenant = add_group(root, "tenant", "Tenants: the customers whose tools are imported");
//     auto& ls = add_command(tenant, "ls", "List the tenants", {"weir tenant ls --json"});
//     ls.callback([&cli] { cli.action = [&cli] { return list_tenants(cli); }; });
//   }
//
// Options of a verb that outlive the parse live in a std::shared_ptr captured by its callback. Results go to standard
// output; errors, notices and the log to standard error.
#pragma once
#include <filesystem>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/log.hpp"

namespace weir::app {

enum class Colour { plain, bold, dim, red, green, yellow, blue };

struct Cli {
  // The global options; accepted before and after the verb.
  std::string database_url;    // empty: the private database under `home`
  std::filesystem::path home;  // empty: the default of pg/embedded
  std::vector<std::filesystem::path> plugin_directories;
  bool json = false;
  std::optional<LogLevel> log_level;  // unset: the verb's own default, `warning` for all but `serve`
  LogFormat log_format = LogFormat::text;
  bool is_plain = false;     // --no-color
  bool is_coloured = false;  // standard output is a terminal and nobody asked for no colours

  // What the chosen verb does; its value is the exit code: 0 done, 1 a script FAILED, 2 wrong usage, 3 wrong
  // configuration or key, 4 database not reachable. A Failure that leaves it is reported by the caller.
  std::function<int()> action;
};

// `weir: message` on standard error, or an object with --json; returns the exit code of the error.
int print_error(const Cli& cli, const Error& error);
// `weir: message` on standard error, for what the person should know but did not ask for; nothing with --json.
void print_notice(const Cli& cli, std::string_view message);
// Standard output. Control characters in foreign text (names, messages) must have gone through printable() before.
void print(std::string_view text);
// The whole result as one document; lists are arrays.
void print_json(const nlohmann::json& value);
// One compact document per line, for what comes bit by bit (`logs -f`).
void print_json_line(const nlohmann::json& value);
// `text` in that colour when the output is coloured.
std::string paint(const Cli& cli, Colour colour, std::string_view text);

// A verb that only groups others; one of them must follow.
CLI::App& add_group(CLI::App& parent, std::string name, std::string description);
// A verb that does something; `examples` are whole command lines shown in its help.
CLI::App& add_command(CLI::App& parent, std::string name, std::string description,
                      std::initializer_list<std::string_view> examples);
// An option that may be given several times, one value each: it never swallows the positional after it.
CLI::Option& add_repeated(CLI::App& command, std::string name, std::vector<std::string>& values,
                          std::string description);

void add_global_options(CLI::App& root, Cli& cli);
// Parses, configures the log and runs the chosen action; returns the exit code of the process.
int run_cli(CLI::App& root, Cli& cli, int argc, const char* const* argv);

}  // namespace weir::app

#include "weir/cli.hpp"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "weir/usage.hpp"

namespace weir::app {
namespace {

constexpr std::string_view k_global_note =
    "Options of every command (--json, --home, --database-url, ...): weir --help";

std::string_view escape_of(Colour colour) {
  switch (colour) {
    case Colour::plain: return "";
    case Colour::bold: return "\033[1m";
    case Colour::dim: return "\033[2m";
    case Colour::red: return "\033[31m";
    case Colour::green: return "\033[32m";
    case Colour::yellow: return "\033[33m";
    case Colour::blue: return "\033[34m";
  }
  return "";
}

std::string dump(const nlohmann::json& value, int indent) {
  return value.dump(indent, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

// A result that did not arrive (a full disk behind the redirection) is not a success.
int flush_output(const Cli& cli, int exit_code) {
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return exit_code;
  return print_error(cli, {ErrorCode::internal, "the output could not be written: is the disk full?"});
}

bool is_flag_given(int argc, const char* const* argv, std::string_view flag) {
  return std::any_of(argv + 1, argv + argc, [&](const char* argument) { return argument == flag; });
}

}  // namespace

int print_error(const Cli& cli, const Error& error) {
  std::fflush(stdout);
  if (cli.json) {
    fmt::print(stderr, "{}", dump(error, -1));
  } else {
    fmt::print(stderr, "weir: {}\n", error.message);
    if (!error.detail.empty() && cli.log_level == LogLevel::debug) fmt::print(stderr, "  {}\n", error.detail);
  }
  return error.exit_code();
}

void print_notice(const Cli& cli, std::string_view message) {
  if (!cli.json) fmt::print(stderr, "weir: {}\n", message);
}

void print(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stdout); }
void print_json(const nlohmann::json& value) { print(dump(value, 2)); }
void print_json_line(const nlohmann::json& value) {
  print(dump(value, -1));
  std::fflush(stdout);
}

std::string paint(const Cli& cli, Colour colour, std::string_view text) {
  if (!cli.is_coloured || colour == Colour::plain || text.empty()) return std::string(text);
  return fmt::format("{}{}\033[0m", escape_of(colour), text);
}

CLI::App& add_group(CLI::App& parent, std::string name, std::string description) {
  auto& group = *parent.add_subcommand(std::move(name), std::move(description));
  group.group("Commands");
  group.require_subcommand(1);
  group.footer(std::string(k_global_note));
  return group;
}

CLI::App& add_command(CLI::App& parent, std::string name, std::string description,
                      std::initializer_list<std::string_view> examples) {
  auto& command = *parent.add_subcommand(std::move(name), std::move(description));
  command.group("Commands");
  command.require_subcommand(0);
  std::string footer = examples.size() > 0 ? "Examples:\n" : "";
  for (const auto example : examples) footer += fmt::format("  {}\n", example);
  command.footer(fmt::format("{}{}{}", footer, footer.empty() ? "" : "\n", k_global_note));
  return command;
}

CLI::Option& add_repeated(CLI::App& command, std::string name, std::vector<std::string>& values,
                          std::string description) {
  return *command.add_option(std::move(name), values, std::move(description))
              ->allow_extra_args(false)
              ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

void add_global_options(CLI::App& root, Cli& cli) {
  root.name("weir");
  root.description("Weir collects data for a multi-tenant product: each tenant's tools, imported into PostgreSQL.");
  root.get_formatter()->label("SUBCOMMAND", "COMMAND");
  root.fallthrough();
  root.require_subcommand(1);
  root.set_version_flag("--version", "weir " WEIR_VERSION, "Print the version and exit");
  root.add_option("--database-url", cli.database_url,
                  "PostgreSQL 15+ to use; without it a private one under --home. Give a password in the variable or in "
                  "~/.pgpass, not here")
      ->envname("WEIR_DATABASE_URL")
      ->type_name("URL");
  root.add_option("--home", cli.home, "Directory of the private database and its key")
      ->envname("WEIR_HOME")
      ->type_name("DIR");
  root.add_option("--plugins", cli.plugin_directories, "Directory with more plugins (repeatable)")
      ->type_name("DIR")
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  root.add_flag("--json", cli.json, "Print results, and errors, as JSON");
  const std::map<std::string, LogLevel> levels{
      {"debug", LogLevel::debug}, {"info", LogLevel::info}, {"warning", LogLevel::warning}, {"error", LogLevel::error}};
  root.add_option("--log-level", cli.log_level, "Lowest level of the log on standard error")
      ->envname("WEIR_LOG_LEVEL")
      ->type_name("LEVEL")
      ->transform(CLI::Transformer(levels).description(""))
      ->transform(CLI::IsMember({"debug", "info", "warning", "error"}));
  const std::map<std::string, LogFormat> formats{{"text", LogFormat::text}, {"json", LogFormat::json}};
  root.add_option("--log-format", cli.log_format, "Format of the log")
      ->envname("WEIR_LOG_FORMAT")
      ->type_name("FORMAT")
      ->transform(CLI::Transformer(formats).description(""))
      ->transform(CLI::IsMember({"text", "json"}));
  root.add_flag("--no-color", cli.is_plain,
                "Print no colours (as does the variable NO_COLOR); only terminals get them anyway");
  root.footer(
      "Examples:\n"
      "  weir tenant add acme\n"
      "  weir source add acme git --set GIT_URL=https://github.com/example/project.git\n"
      "  weir import\n"
      "  weir db psql\n\n"
      "Exit codes: 0 done, 1 a script failed, 2 wrong usage, 3 wrong configuration or key, 4 database not "
      "reachable.\nHelp of one command: weir COMMAND --help");
}

int run_cli(CLI::App& root, Cli& cli, int argc, const char* const* argv) {
  try {
    root.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    const auto& command = deepest_command(root);
    print(command.help(command.get_parent() == nullptr ? "" : command_path(*command.get_parent())));
    return flush_output(cli, 0);
  } catch (const CLI::CallForVersion& version) {
    print(fmt::format("{}\n", version.what()));
    return flush_output(cli, 0);
  } catch (const CLI::ParseError& error) {
    cli.json = is_flag_given(argc, argv, "--json");
    return print_error(cli, explain_usage(root, error));
  }
  const char* no_color = std::getenv("NO_COLOR");
  cli.is_coloured = isatty(STDOUT_FILENO) == 1 && !cli.is_plain && (no_color == nullptr || *no_color == '\0');
  configure_log(cli.log_level.value_or(LogLevel::warning), cli.log_format);
  try {
    return flush_output(cli, cli.action());
  } catch (...) {
    return print_error(cli, current_error());
  }
}

}  // namespace weir::app

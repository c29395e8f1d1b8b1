#include <unistd.h>

#include <iostream>

#include <fmt/format.h>

#include "orchestrator/cursors.hpp"
#include "tenancy/data_source.hpp"
#include "weir/documents.hpp"
#include "weir/session.hpp"
#include "weir/tenant_lookup.hpp"
#include "weir/verbs.hpp"

namespace weir::app {
namespace {

using nlohmann::json;

struct CursorOptions {
  std::string tenant, source, script, partition, to;
  bool has_partition = false;
  bool is_confirmed = false;
};

std::optional<std::string> given(const std::string& text) { return text.empty() ? std::nullopt : std::optional(text); }

std::optional<std::string> partition_of(const CursorOptions& options) {
  return options.has_partition ? std::optional(options.partition) : std::nullopt;
}

void print_cursors(const Cli& cli, const json& cursors, const char* when) {
  Table table({{"SOURCE"},
               {"SCRIPT"},
               {"PARTITION"},
               {"COMPLETE UP TO"},
               {"OPEN PASS TO"},
               {"VERSION", Align::right},
               {when == std::string_view("changed_at") ? "CHANGED" : "CHECKED"},
               {"NOTE"}});
  for (const auto& cursor : cursors) {
    const auto title = text_of(cursor, "title");
    const auto note = text_of(cursor, cursor.contains("reason") ? "reason" : "unreachable");
    table.add_row({text_of(cursor, "data_source"), text_of(cursor, "script"),
                   title == "-" ? text_of(cursor, "partition") : title, text_of(cursor, "cursor_at"),
                   text_of(cursor, "pass_end"), text_of(cursor, "version"), text_of(cursor, when), note});
  }
  table.print(cli);
}

// The tenant, and that it has the source, where one is named.
Task<Result<tenancy::Tenant>> look_up(Session& session, CursorOptions options) {
  auto tenant = co_await look_up_tenant(session.database, options.tenant);
  if (!tenant || options.source.empty()) co_return tenant;
  const auto source = co_await tenancy::find_data_source(session.database, tenant->id, options.source);
  if (!source) co_return std::unexpected(source.error());
  co_return tenant;
}

Task<int> list_cursors(Session& session, CursorOptions options) {
  const auto tenant = co_await look_up(session, options);
  if (!tenant) co_return print_error(session.cli, tenant.error());
  const auto cursors = co_await orchestrator::list_cursors(
      session.database, tenant->id, {given(options.source), given(options.script), partition_of(options)});
  if (session.cli.json)
    print_json(cursors);
  else if (cursors.empty())
    print_notice(session.cli, fmt::format("nothing of {} was collected yet", tenant->key));
  else
    print_cursors(session.cli, cursors, "checked_at");
  co_return 0;
}

Task<int> list_history(Session& session, CursorOptions options) {
  const auto tenant = co_await look_up(session, options);
  if (!tenant) co_return print_error(session.cli, tenant.error());
  const auto history = co_await orchestrator::list_cursor_history(session.database, tenant->id, options.source,
                                                                  options.script, partition_of(options));
  if (session.cli.json)
    print_json(history);
  else if (history.empty())
    print_notice(session.cli, "this cursor has never moved");
  else
    print_cursors(session.cli, history, "changed_at");
  co_return 0;
}

// A reset collects everything anew: a person at a terminal is asked, a script says --yes.
Result<> confirm_reset(const CursorOptions& options) {
  if (options.is_confirmed) return {};
  if (::isatty(STDIN_FILENO) == 0)
    return fail(ErrorCode::usage, "a reset collects everything anew: add --yes to say that this is meant");
  std::cerr << fmt::format("Everything of {} {} {} will be collected anew. Go on? [y/N] ", options.tenant,
                           options.source, options.script);
  std::string answer;
  std::getline(std::cin, answer);
  if (answer != "y" && answer != "Y" && answer != "yes") return fail(ErrorCode::cancelled, "nothing was changed");
  return {};
}

Task<int> change(Session& session, CursorOptions options) {
  const auto tenant = co_await look_up(session, options);
  if (!tenant) co_return print_error(session.cli, tenant.error());
  orchestrator::CursorChange wanted{options.source, given(options.script), partition_of(options)};
  if (!options.to.empty()) {
    wanted.to = parse_rfc3339(options.to);
    if (!wanted.to)
      co_return print_error(
          session.cli,
          {ErrorCode::usage, fmt::format("'{}' is no instant: write 2026-01-31T00:00:00Z", printable(options.to))});
  }
  const auto changed =
      co_await orchestrator::change_cursors(session.database, command_line_actor(), *tenant, std::move(wanted));
  if (!changed) co_return print_error(session.cli, changed.error());
  if (session.cli.json)
    print_json({{"changed", *changed}});
  else
    print(fmt::format("{} cursor{} {}; `weir cursor history` keeps what was before\n", *changed,
                      *changed == 1 ? "" : "s", options.to.empty() ? "reset" : "set"));
  co_return 0;
}

using Work = Task<int> (*)(Session&, CursorOptions);

CLI::App& add_cursor_verb(CLI::App& group, Cli& cli, const std::shared_ptr<CursorOptions>& options, Work work,
                          std::string name, std::string description, std::initializer_list<std::string_view> examples) {
  auto& verb = add_command(group, std::move(name), std::move(description), examples);
  verb.add_option("tenant", options->tenant, "The tenant's key or id")->required();
  auto* partition = verb.add_option("--partition", options->partition, "Only this partition, by its key");
  verb.callback([&cli, options, work, partition] {
    options->has_partition = partition->count() > 0;
    cli.action = [&cli, options, work] {
      return run_session(cli, [options, work](Session& session) { return work(session, *options); });
    };
  });
  return verb;
}

}  // namespace

void add_cursor(CLI::App& root, Cli& cli) {
  auto& group = add_group(root, "cursor", "Cursors: up to where each part is collected");
  auto options = std::make_shared<CursorOptions>();
  auto& ls = add_cursor_verb(group, cli, options, list_cursors, "ls", "List cursors",
                             {"weir cursor ls acme", "weir cursor ls acme git git/commit"});
  ls.add_option("source", options->source, "Only this data source");
  ls.add_option("script", options->script, "Only this script, as provider/script");

  options = std::make_shared<CursorOptions>();
  auto& set = add_cursor_verb(group, cli, options, change, "set", "Set cursors back, or forward, to an instant",
                              {"weir cursor set acme github github/issue --to 2026-01-01T00:00:00Z"});
  set.add_option("source", options->source, "The data source")->required();
  set.add_option("script", options->script, "The script, as provider/script")->required();
  set.add_option("--to", options->to, "Collected up to here, as 2026-01-31T00:00:00Z")->required();

  options = std::make_shared<CursorOptions>();
  auto& reset = add_cursor_verb(group, cli, options, change, "reset", "Forget cursors: collect everything anew",
                                {"weir cursor reset acme git git/commit", "weir cursor reset acme git --yes"});
  reset.add_option("source", options->source, "The data source")->required();
  reset.add_option("script", options->script, "The script, as provider/script (default: all)");
  reset.add_flag("-y,--yes", options->is_confirmed, "Do not ask");
  reset.callback([&cli, options, partition = reset.get_option("--partition")] {
    options->has_partition = partition->count() > 0;
    cli.action = [&cli, options] {
      if (const auto confirmed = confirm_reset(*options); !confirmed) return print_error(cli, confirmed.error());
      return run_session(cli, [options](Session& session) { return change(session, *options); });
    };
  });

  options = std::make_shared<CursorOptions>();
  auto& history = add_cursor_verb(group, cli, options, list_history, "history", "Show what cursors were",
                                  {"weir cursor history acme git git/commit"});
  history.add_option("source", options->source, "The data source")->required();
  history.add_option("script", options->script, "The script, as provider/script")->required();
}

}  // namespace weir::app

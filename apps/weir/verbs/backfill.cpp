#include "orchestrator/backfill.hpp"
#include "orchestrator/time_range.hpp"

#include <unistd.h>

#include <fmt/format.h>

#include "tenancy/data_source.hpp"
#include "weir/plugins.hpp"
#include "weir/provider_lookup.hpp"
#include "weir/run_scope.hpp"
#include "weir/table.hpp"
#include "weir/tenant_lookup.hpp"
#include "weir/verbs.hpp"

namespace weir::app {
namespace {

using orchestrator::BackfillReport;
using orchestrator::BackfillRequest;

struct BackfillOptions {
  std::string tenant, source, script, from, to, window, wait_limits, user;
};
using Options = std::shared_ptr<BackfillOptions>;

Result<std::optional<std::chrono::seconds>> window_of(const BackfillOptions& options,
                                                      const plugin::ScriptDeclaration& script) {
  const auto usual = orchestrator::backfill_window(script);
  if (options.window.empty()) return usual;
  const auto wanted = parse_duration(options.window);
  if (!wanted || *wanted <= 0s)
    return fail(ErrorCode::usage,
                fmt::format("--window is '{}': a duration such as 7d or 12h is wanted", printable(options.window)));
  if (!usual)
    return fail(ErrorCode::usage,
                fmt::format("--window does not go with {}: it is listed from the newest on, so all of "
                            "the range is one window",
                            script.full_name()));
  return wanted;
}

// Everything that can be wrong is, before anything runs.
Task<Result<BackfillRequest>> read_request(Session& session, const plugin::PluginCatalog& catalog, Options options) {
  const auto range = orchestrator::parse_range(options->from, options->to, system_clock().now(), {"--from", "--to"});
  if (!range) co_return std::unexpected(range.error());
  const auto wait_limits = parse_wait_limits(options->wait_limits);
  if (!wait_limits) co_return std::unexpected(wait_limits.error());
  const auto tenant = co_await look_up_tenant(session.database, options->tenant);
  if (!tenant) co_return std::unexpected(tenant.error());
  const auto source = co_await tenancy::find_data_source(session.database, tenant->id, options->source);
  if (!source) co_return std::unexpected(source.error());
  const bool is_short = !options->script.contains('/');
  const auto name = is_short ? fmt::format("{}/{}", source->provider, options->script) : options->script;
  const auto script = look_up_script(catalog, name);
  if (!script) co_return std::unexpected(script.error());
  const auto& declaration = (*script)->declaration();
  if (declaration.provider != source->provider)
    co_return fail(ErrorCode::usage,
                   fmt::format("{} is no script of {}, which is a source of {}", name, source->name, source->provider));
  if (const auto possible = orchestrator::check_backfill(declaration); !possible)
    co_return std::unexpected(possible.error());
  const auto window = window_of(*options, declaration);
  if (!window) co_return std::unexpected(window.error());
  co_return BackfillRequest{.tenant = *tenant,
                            .id = {source->name, name},
                            .range = {range->from, range->to},
                            .to_named = range->to_named,
                            .window = *window,
                            .user = options->user.empty() ? command_line_actor() : options->user,
                            .wait_limits = *wait_limits};
}

void print_report(const Cli& cli, const BackfillReport& report) {
  const auto& counts = report.script.counts;
  if (report.resumed_at)
    print_notice(cli, fmt::format("went on at {}, where the last one had stopped", format_rfc3339(*report.resumed_at)));
  print(fmt::format("{} {} {}: {} of {} windows up to {}: {} rows imported, {} unchanged, {} requests in {}\n",
                    report.tenant_key, orchestrator::label(report.script.id), report.script.status, report.windows_done,
                    report.windows, format_rfc3339(report.done_to), with_separators(counts.imported),
                    with_separators(counts.unchanged), with_separators(counts.requests),
                    format_duration(report.script.duration)));
  if (!report.script.reason.empty()) print_notice(cli, printable(report.script.reason));
  if (report.script.status == "COMPLETED_WITH_GAPS")
    print_notice(cli, "there are gaps: `weir run show RUN` says what is missing and why");
  if (report.script.wake_at)
    print_notice(cli, fmt::format("parked by the provider's limits until {}: the same command goes on then",
                                  format_rfc3339(*report.script.wake_at)));
}

int show_report(const Cli& cli, const BackfillReport& report) {
  if (cli.json)
    print_json(report);
  else if (report.windows + report.windows_done > 0 || !report.error)
    print_report(cli, report);
  if (report.error) return cli.json ? report.error->exit_code() : print_error(cli, *report.error);
  return report.script.status == "FAILED" ? 1 : 0;
}

Task<int> fill(Session& session, orchestrator::RunServices& services, const plugin::PluginCatalog& catalog,
               BackfillRequest request) {
  ImportDisplay display(session.cli, isatty(STDERR_FILENO) == 1);
  orchestrator::Backfill backfill(services, catalog, std::move(request), &display);
  const auto report = co_await watch(session, display, [&backfill] { backfill.stop(); }, backfill.run());
  co_return show_report(session.cli, report);
}

Task<int> run_backfill(Session& session, Options options) {
  const auto settings = read_run_settings(session.cli);
  if (!settings) co_return print_error(session.cli, settings.error());
  const auto catalog = read_plugins(session.cli);
  auto request = co_await read_request(session, catalog, options);
  if (!request) co_return print_error(session.cli, request.error());
  co_return co_await with_run_services(session, catalog, *settings, [&](orchestrator::RunServices& services) {
    return fill(session, services, catalog, std::move(*request));
  });
}

}  // namespace

void add_backfill(CLI::App& root, Cli& cli) {
  const auto options = std::make_shared<BackfillOptions>();
  auto& verb = add_command(root, "backfill",
                           "Collect a range of time of one script again; cursors stay where they are. The same command "
                           "goes on where it was stopped",
                           {"weir backfill acme github issue --from 2026-01-01 --to 2026-01-31",
                            "weir backfill acme github github/pull_request --from 2026-01-01T12:00:00Z --to 2026-01-02",
                            "weir backfill acme jira issue --from 2025-01-01 --to 2025-12-31 --window 30d --json"});
  verb.add_option("tenant", options->tenant, "Its key or id")->required();
  verb.add_option("source", options->source, "The name of its data source")->required();
  verb.add_option("script", options->script, "SCRIPT or PROVIDER/SCRIPT; one that goes by time")->required();
  verb.add_option("--from", options->from, "The first day (UTC), or an instant")->type_name("D")->required();
  verb.add_option("--to", options->to, "The last day, which is included, or an instant")->type_name("D")->required();
  verb.add_option("--window", options->window,
                  "How much time is collected before others may run the script (default: its importWindowDuration, at "
                  "least 7d)")
      ->type_name("DURATION");
  verb.add_option("--wait-limits", options->wait_limits,
                  "Wait for the provider's limits, together up to this long (10m); default: stop there")
      ->type_name("DURATION");
  verb.add_option("--user", options->user, "Who asked for it, for the history (default: your account)")->type_name("U");
  verb.callback([&cli, options] {
    cli.action = [&cli, options] {
      return run_session(cli, [options](Session& session) { return run_backfill(session, options); });
    };
  });
}

}  // namespace weir::app

#include "orchestrator/import.hpp"

#include <unistd.h>

#include <csignal>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/signal_set.hpp>

#include "base/nearest.hpp"
#include "load/resource_tables.hpp"
#include "tenancy/data_source.hpp"
#include "weir/cache_root.hpp"
#include "weir/import_display.hpp"
#include "weir/import_settings.hpp"
#include "weir/master_key.hpp"
#include "weir/outbound.hpp"
#include "weir/provider_lookup.hpp"
#include "weir/session.hpp"
#include "weir/table.hpp"
#include "weir/tenant_lookup.hpp"
#include "weir/verbs.hpp"

namespace weir::app {
namespace {

using orchestrator::PipelineReport;

struct ImportOptions {
  std::vector<std::string> tenants;
  orchestrator::Selection selection;
  std::string user;
  std::string wait_limits;
};
using Options = std::shared_ptr<ImportOptions>;
using Tenants = std::vector<tenancy::Tenant>;

Result<std::chrono::milliseconds> wait_limits_of(const ImportOptions& options) {
  if (options.wait_limits.empty()) return 0ms;
  const auto duration = parse_duration(options.wait_limits);
  if (duration) return std::chrono::milliseconds(*duration);
  return fail(ErrorCode::usage,
              fmt::format("--wait-limits is '{}': a duration such as 30s, 10m or 1h is wanted", options.wait_limits));
}

Result<> check_scripts(const plugin::PluginCatalog& catalog, const orchestrator::Selection& selection) {
  if (selection.with_dependencies && selection.scripts.empty())
    return fail(ErrorCode::usage, "--with-deps goes with --script: it adds what those scripts need");
  std::vector<std::string> known;
  for (const auto* script : catalog.scripts()) known.push_back(script->declaration().full_name());
  for (const auto& name : selection.scripts) {
    if (catalog.find(name) != nullptr) continue;
    if (const auto* problem = catalog.problem_of(name))
      return fail(ErrorCode::declaration_invalid,
                  fmt::format("the script {} is broken: {}", name, problem->place.to_string()));
    const auto near = nearest_word(name, known);
    return fail(ErrorCode::not_found,
                near.empty() ? fmt::format("there is no script '{}'; known: {}", name, fmt::join(known, ", "))
                             : fmt::format("there is no script '{}'; did you mean {}?", name, near));
  }
  return {};
}

// The named ones, or all that are active.
Task<Result<Tenants>> choose_tenants(Session& session, std::vector<std::string> names) {
  Tenants chosen;
  for (const auto& name : names) {
    const auto tenant = co_await look_up_tenant(session.database, name);
    if (!tenant) co_return std::unexpected(tenant.error());
    const bool is_new = std::ranges::none_of(chosen, [&](const tenancy::Tenant& one) { return one.id == tenant->id; });
    if (is_new) chosen.push_back(*tenant);
  }
  if (!names.empty()) co_return chosen;
  for (auto& tenant : co_await tenancy::list_tenants(session.database)) {
    if (tenant.state == tenancy::TenantState::paused)
      print_notice(session.cli, fmt::format("tenant {} is paused and left out", tenant.key));
    if (tenant.state == tenancy::TenantState::active) chosen.push_back(std::move(tenant));
  }
  co_return chosen;
}

// Each named source must be one of some tenant; tenants that have none of them are left out.
Task<Result<Tenants>> with_named_sources(Session& session, Tenants tenants, std::vector<std::string> names) {
  if (names.empty()) co_return tenants;
  Tenants having;
  std::set<std::string> missing(names.begin(), names.end());
  for (const auto& tenant : tenants) {
    bool has_one = false;
    for (const auto& source : co_await tenancy::list_data_sources(session.database, tenant.id)) {
      if (std::ranges::find(names, source.name) == names.end()) continue;
      has_one = true;
      missing.erase(source.name);
    }
    if (has_one) having.push_back(tenant);
  }
  if (!missing.empty())
    co_return fail(ErrorCode::not_found,
                   fmt::format("no tenant that was asked for has a data source '{}'; `weir source ls` lists them",
                               *missing.begin()));
  co_return having;
}

Task<> obey_signals(orchestrator::Import& import, const Cli& cli) {
  asio::signal_set signals(co_await asio::this_coro::executor, SIGINT, SIGTERM);
  co_await signals.async_wait(asio::use_awaitable);
  print_notice(cli, "stopping: what is in flight is finished and kept; once more stops at once");
  import.stop();
  co_await signals.async_wait(asio::use_awaitable);
  import.stop();
}

Colour colour_of(const std::string& status) {
  if (status == "COMPLETED") return Colour::green;
  return status == "FAILED" ? Colour::red : Colour::yellow;
}

void print_reports(const Cli& cli, const std::vector<PipelineReport>& reports) {
  Table table({{"TENANT"},
               {"SCRIPT"},
               {"STATUS"},
               {"IMPORTED", Align::right},
               {"UNCHANGED", Align::right},
               {"DELETED", Align::right},
               {"FAILED", Align::right},
               {"REQUESTS", Align::right},
               {"TIME", Align::right},
               {"NOTE"}});
  for (const auto& report : reports)
    for (const auto& script : report.scripts)
      table.add_row({report.tenant_key,
                     orchestrator::label(script.id),
                     {script.status, colour_of(script.status)},
                     with_separators(script.counts.imported),
                     with_separators(script.counts.unchanged),
                     with_separators(script.counts.deleted),
                     with_separators(script.counts.failed),
                     with_separators(script.counts.requests),
                     script.run ? format_duration(script.duration) : "-",
                     script.reason.empty() ? "-" : script.reason});
  if (!table.empty()) table.print(cli);
}

void print_notices(const Cli& cli, const std::vector<PipelineReport>& reports) {
  std::size_t gaps = 0;
  std::size_t parked = 0;
  for (const auto& report : reports) {
    if (report.error) print_notice(cli, fmt::format("{}: {}", report.tenant_key, printable(report.error->message)));
    for (const auto& script : report.scripts) {
      gaps += script.status == "COMPLETED_WITH_GAPS" ? 1 : 0;
      parked += script.status == "PARKED" ? 1 : 0;
    }
  }
  if (gaps > 0)
    print_notice(cli, fmt::format("{} scripts have gaps: `weir run show RUN` says what is missing and why", gaps));
  if (parked > 0)
    print_notice(
        cli, fmt::format("{} scripts are parked by their provider's limits; a later import goes on with them", parked));
}

Task<std::vector<PipelineReport>> import_all(Session& session, orchestrator::RunServices& services,
                                             const plugin::PluginCatalog& catalog,
                                             orchestrator::ImportRequest request) {
  const bool is_live = isatty(STDERR_FILENO) == 1;
  ImportDisplay display(session.cli, is_live);
  orchestrator::Import import(services, catalog, std::move(request), &display);
  TaskGroup beside(session.executor);
  beside.spawn("signals", obey_signals(import, session.cli));
  beside.spawn("display", display.paint_on());
  std::vector<PipelineReport> reports;
  std::exception_ptr failure;
  try {
    reports = co_await import.run();
  } catch (...) {
    failure = std::current_exception();
  }
  co_await beside.stop(Deadline::in(1s));
  co_await beside.wait();
  display.clear();
  if (failure) std::rethrow_exception(failure);
  co_return reports;
}

Task<int> run_import(Session& session, const plugin::PluginCatalog& catalog, orchestrator::ImportRequest request,
                     orchestrator::NodeSettings node_options, orchestrator::RunSettings run_options) {
  tenancy::KeyFile keys(session.blocking, key_file_settings(session.opened));
  tenancy::Vault vault(session.database, keys);
  const auto key_state = co_await vault.check();
  if (!key_state) co_return print_error(session.cli, key_state.error());
  const auto tables = co_await load::ensure_resource_tables(session.database, catalog.resources());
  if (!tables) co_return print_error(session.cli, tables.error());

  auto& pool = session.database.pool();
  orchestrator::Node node(session.executor, session.blocking, pool.settings().connect, session.database.roles(),
                          std::move(node_options));
  node.name_pool(pool);
  co_await node.start();
  const auto outbound = co_await OutboundAccess::open(session, node);
  if (!outbound) {
    co_await node.stop();
    co_return print_error(session.cli, outbound.error());
  }
  orchestrator::RunServices services{
      session.executor,       session.blocking, system_clock(), session.database, vault, catalog.resources(), node,
      std::move(run_options), outbound->get()};
  std::vector<PipelineReport> reports;
  std::exception_ptr failure;
  try {
    reports = co_await import_all(session, services, catalog, std::move(request));
  } catch (...) {
    failure = std::current_exception();
  }
  co_await (*outbound)->stop();
  co_await node.stop();
  if (failure) std::rethrow_exception(failure);

  const auto exit_code = exit_code_of(reports);
  if (session.cli.json) {
    auto errors = nlohmann::json::array();
    for (const auto& report : reports)
      if (report.error) errors.push_back(*report.error);
    print_json({{"pipeline_runs", reports}, {"errors", errors}});
  } else {
    print_reports(session.cli, reports);
    print_notices(session.cli, reports);
  }
  co_return exit_code;
}

Task<int> import_tenants(Session& session, Options options) {
  const auto node_options = node_settings();
  if (!node_options) co_return print_error(session.cli, node_options.error());
  auto run_options = run_settings();
  if (!run_options) co_return print_error(session.cli, run_options.error());
  run_options->cache_root = cache_root(session.cli);
  const auto wait_limits = wait_limits_of(*options);
  if (!wait_limits) co_return print_error(session.cli, wait_limits.error());
  const auto catalog = read_plugins(session.cli);
  for (const auto& problem : catalog.problems()) print_notice(session.cli, printable(problem.place.to_string()));
  if (const auto known = check_scripts(catalog, options->selection); !known)
    co_return print_error(session.cli, known.error());

  auto tenants = co_await choose_tenants(session, options->tenants);
  if (!tenants) co_return print_error(session.cli, tenants.error());
  if (tenants->empty()) print_notice(session.cli, "there is no tenant to import: `weir tenant add KEY` makes one");
  tenants = co_await with_named_sources(session, std::move(*tenants), options->selection.sources);
  if (!tenants) co_return print_error(session.cli, tenants.error());

  orchestrator::ImportRequest request;
  for (const auto& tenant : *tenants)
    request.tenants.push_back({.tenant = tenant,
                               .selection = options->selection,
                               .user = options->user.empty() ? command_line_actor() : options->user,
                               .wait_limits = *wait_limits});
  co_return co_await run_import(session, catalog, std::move(request), *node_options, std::move(*run_options));
}

}  // namespace

void add_import(CLI::App& root, Cli& cli) {
  const auto options = std::make_shared<ImportOptions>();
  auto& verb = add_command(root, "import", "Import what is new, once, now: every script in dependency order",
                           {"weir import", "weir import --tenant acme --tenant globex",
                            "weir import --tenant acme --script git/commit --with-deps", "weir import --json"});
  add_repeated(verb, "--tenant", options->tenants, "Only this tenant, by key or id (repeatable)").type_name("T");
  add_repeated(verb, "--source", options->selection.sources, "Only this data source (repeatable)").type_name("S");
  add_repeated(verb, "--script", options->selection.scripts, "Only this script, PROVIDER/SCRIPT (repeatable)")
      .type_name("P/S");
  verb.add_flag("--with-deps", options->selection.with_dependencies, "Also what the scripts given need");
  verb.add_option(
          "--wait-limits", options->wait_limits,
          "Wait for scripts that their provider's limits parked, each up to this long (10m); default: report them")
      ->type_name("DURATION");
  verb.add_option("--user", options->user, "Who asked for it, for the history (default: your account)")->type_name("U");
  verb.callback([&cli, options] {
    cli.action = [&cli, options] {
      return run_session(cli, [options](Session& session) { return import_tenants(session, options); });
    };
  });
}

}  // namespace weir::app

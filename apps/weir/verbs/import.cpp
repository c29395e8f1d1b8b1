#include <csignal>

#include <fmt/format.h>
#include <boost/asio/signal_set.hpp>

#include "load/resource_tables.hpp"
#include "orchestrator/pipeline_run.hpp"
#include "weir/cache_root.hpp"
#include "weir/documents.hpp"
#include "weir/import_progress.hpp"
#include "weir/import_settings.hpp"
#include "weir/master_key.hpp"
#include "weir/session.hpp"
#include "weir/verbs.hpp"

namespace weir::app {
namespace {

using orchestrator::PipelineResult;

// Tenants imported at the same time; each has its own limit of scripts besides.
constexpr std::size_t k_tenants_in_parallel = 8;

struct ImportOptions {
  std::vector<std::string> tenants, sources, scripts;
  bool with_dependencies = false;
  std::string wait_limits = "0s";
  std::string user;
};

// Everything one import works with, and what it found.
struct Import {
  Session& session;
  const plugin::PluginCatalog& catalog;
  orchestrator::RunServices& services;
  ImportProgress& progress;
  orchestrator::PipelineRequest request;
  std::vector<tenancy::Tenant> tenants{};
  std::size_t next = 0;
  std::vector<orchestrator::PipelineRun*> running{};
  std::vector<PipelineResult> results{};
  std::vector<Error> errors{};
  std::optional<std::string> stopped{};
};

Task<Result<std::vector<tenancy::Tenant>>> select_tenants(pg::Database& database, std::vector<std::string> names) {
  if (names.empty()) {
    auto all = co_await tenancy::list_tenants(database);
    std::erase_if(all, [](const tenancy::Tenant& tenant) { return tenant.state != tenancy::TenantState::active; });
    co_return all;
  }
  std::vector<tenancy::Tenant> tenants;
  for (const auto& name : names) {
    const auto tenant = co_await tenancy::find_tenant(database, name);
    if (!tenant) co_return std::unexpected(tenant.error());
    if (std::ranges::none_of(tenants, [&](const auto& other) { return other.id == tenant->id; }))
      tenants.push_back(*tenant);
  }
  co_return tenants;
}

// One tenant; whatever goes wrong with it stays with it.
Task<> import_tenant(Import& import, tenancy::Tenant tenant) {
  orchestrator::PipelineRun run(import.services, import.catalog, tenant, import.request, &import.progress);
  import.running.push_back(&run);
  try {
    auto result = co_await run.run();
    if (result)
      import.results.push_back(std::move(*result));
    else
      import.errors.push_back(result.error());
  } catch (const Failure& failure) {
    import.errors.push_back(failure.error());
  }
  std::erase(import.running, &run);
}

Task<> work_through(Import& import) {
  while (import.next < import.tenants.size() && !import.stopped) {
    auto tenant = import.tenants[import.next++];
    co_await import_tenant(import, std::move(tenant));
  }
}

// The first signal stops gracefully, the second at once (the default action comes back).
Task<> heed_signals(Import& import) {
  asio::signal_set signals(import.session.executor, SIGINT, SIGTERM);
  co_await signals.async_wait(asio::use_awaitable);
  signals.clear();
  import.stopped = "stopped on request";
  print_notice(import.session.cli, "stopping: pages in flight are finished; once more ends at once");
  for (auto* run : import.running) run->stop(*import.stopped);
}

Cell outcome_cell(const std::string& status) { return status_cell(nlohmann::json{{"status", status}}); }

void print_results(const Cli& cli, const Import& import) {
  Table table({{"TENANT"},
               {"SOURCE"},
               {"SCRIPT"},
               {"STATUS"},
               {"IMPORTED", Align::right},
               {"UNCHANGED", Align::right},
               {"DELETED", Align::right},
               {"FAILED", Align::right},
               {"NOTE"}});
  for (const auto& result : import.results)
    for (const auto& script : result.scripts)
      table.add_row({printable(result.tenant_key), script.id.data_source, script.id.script, outcome_cell(script.status),
                     std::to_string(script.counts.imported), std::to_string(script.counts.unchanged),
                     std::to_string(script.counts.deleted), std::to_string(script.counts.failed),
                     script.reason.empty() ? Cell("-") : Cell(printable(script.reason))});
  if (!table.empty()) table.print(cli);
}

void print_notices(const Cli& cli, const Import& import) {
  for (const auto& result : import.results)
    for (const auto& notice : result.notices) print_notice(cli, fmt::format("{}: {}", result.tenant_key, notice));
  for (const auto& problem : import.catalog.problems())
    if (problem.is_disabling && !problem.provider.empty())
      print_notice(cli, fmt::format("plugin {}{} is broken: `weir plugins check` says how", problem.provider,
                                    problem.script.empty() ? "" : "/" + problem.script));
}

int report(Import& import) {
  const auto& cli = import.session.cli;
  std::ranges::sort(import.results, {}, &PipelineResult::tenant_key);
  int code = 0;
  for (const auto& result : import.results)
    for (const auto& script : result.scripts)
      if (script.status == "FAILED") code = 1;
  if (cli.json) {
    print_json({{"pipeline_runs", import.results}, {"errors", import.errors}});
  } else {
    print_results(cli, import);
    print_notices(cli, import);
    if (import.results.empty() && import.errors.empty())
      print_notice(cli, "there is no tenant yet: `weir tenant add acme`");
  }
  for (const auto& error : import.errors) {
    const int own = cli.json ? error.exit_code() : print_error(cli, error);
    code = std::max(code, own);
  }
  return code;
}

Task<int> work_all(Import& import) {
  auto tables = co_await load::ensure_resource_tables(import.session.database, import.catalog.resources());
  if (!tables) co_return print_error(import.session.cli, tables.error());
  const auto keys = co_await import.services.vault.check();
  if (!keys) co_return print_error(import.session.cli, keys.error());
  co_await import.services.node.start();
  co_await import.services.node.reaper().sweep(import.services.node.epoch());
  {
    TaskGroup attendants(import.session.executor);
    attendants.spawn("signals", heed_signals(import));
    attendants.spawn("progress", import.progress.show());
    TaskGroup workers(import.session.executor);
    for (std::size_t i = 0; i < std::min(k_tenants_in_parallel, import.tenants.size()); ++i)
      workers.spawn("tenant", work_through(import));
    co_await workers.wait();
    co_await attendants.stop(Deadline::in(1s));
    co_await attendants.wait();
  }
  import.progress.clear();
  co_await import.services.node.stop();
  co_return report(import);
}

Task<int> run_import(Session& session, ImportOptions options) {
  const auto wait_limits = parse_duration(options.wait_limits);
  if (!wait_limits)
    co_return print_error(session.cli, {ErrorCode::usage, fmt::format("--wait-limits: '{}' is no duration, such as 15m",
                                                                      printable(options.wait_limits))});
  auto node_options = node_settings();
  if (!node_options) co_return print_error(session.cli, node_options.error());
  auto run_options = run_settings();
  if (!run_options) co_return print_error(session.cli, run_options.error());
  run_options->cache_root = cache_root(session.cli);
  auto tenants = co_await select_tenants(session.database, options.tenants);
  if (!tenants) co_return print_error(session.cli, tenants.error());

  const auto builtins = plugin::product_builtins();
  const auto catalog =
      plugin::PluginCatalog::read(plugin::find_plugin_directories(session.cli.plugin_directories), builtins);
  tenancy::KeyFile keys(session.blocking, key_file_settings(session.opened));
  tenancy::Vault vault(session.database, keys);
  orchestrator::Node node(session.executor, session.blocking, session.database.pool().settings().connect,
                          session.database.roles(), *node_options);
  node.name_pool(session.database.pool());
  orchestrator::RunServices services{
      session.executor, session.blocking, system_clock(), session.database, vault, catalog.resources(), node,
      *run_options};
  ImportProgress progress(session.cli);
  Import import{session,
                catalog,
                services,
                progress,
                {.sources = options.sources,
                 .scripts = options.scripts,
                 .with_dependencies = options.with_dependencies,
                 .wait_limits = *wait_limits,
                 .user = options.user.empty() ? command_line_actor() : options.user},
                std::move(*tenants)};
  co_return co_await work_all(import);
}

}  // namespace

void add_import(CLI::App& root, Cli& cli) {
  const auto options = std::make_shared<ImportOptions>();
  auto& verb = add_command(root, "import", "Import what is new, once, now: every script in dependency order",
                           {"weir import", "weir import --tenant acme --tenant globex",
                            "weir import --tenant acme --script git/commit --with-deps", "weir import --json"});
  add_repeated(verb, "--tenant", options->tenants, "Only this tenant (key or id); may be repeated");
  add_repeated(verb, "--source", options->sources, "Only this data source; may be repeated");
  add_repeated(verb, "--script", options->scripts, "Only this script, as provider/script; may be repeated");
  verb.add_flag("--with-deps", options->with_dependencies, "With --script: also the scripts that those need");
  verb.add_option("--wait-limits", options->wait_limits,
                  "Stay this long for scripts that a provider's limit has parked, such as 15m")
      ->capture_default_str();
  verb.add_option("--user", options->user, "Who asks for it, as recorded (default: cli:<account>)");
  verb.callback([&cli, options] {
    cli.action = [&cli, options] {
      return run_session(cli, [options](Session& session) { return run_import(session, *options); });
    };
  });
}

}  // namespace weir::app

#include "orchestrator/import.hpp"

#include <unistd.h>

#include <set>

#include <fmt/format.h>

#include "tenancy/data_source.hpp"
#include "weir/import_display.hpp"
#include "weir/provider_lookup.hpp"
#include "weir/run_scope.hpp"
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

Result<> check_scripts(const plugin::PluginCatalog& catalog, const orchestrator::Selection& selection) {
  if (selection.with_dependencies && selection.scripts.empty())
    return fail(ErrorCode::usage, "--with-deps goes with --script: it adds what those scripts need");
  for (const auto& name : selection.scripts)
    if (const auto script = look_up_script(catalog, name); !script) return std::unexpected(script.error());
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

int show_reports(const Cli& cli, const std::vector<PipelineReport>& reports) {
  if (cli.json) {
    auto errors = nlohmann::json::array();
    for (const auto& report : reports)
      if (report.error) errors.push_back(*report.error);
    print_json({{"pipeline_runs", reports}, {"errors", errors}});
  } else {
    print_reports(cli, reports);
    print_notices(cli, reports);
  }
  return exit_code_of(reports);
}

Task<std::vector<PipelineReport>> import_all(Session& session, orchestrator::RunServices& services,
                                             const plugin::PluginCatalog& catalog,
                                             orchestrator::ImportRequest request) {
  ImportDisplay display(session.cli, isatty(STDERR_FILENO) == 1);
  orchestrator::Import import(services, catalog, std::move(request), &display);
  co_return co_await watch(session, display, [&import] { import.stop(); }, import.run());
}

Task<int> import_chosen(Session& session, orchestrator::RunServices& services, const plugin::PluginCatalog& catalog,
                        orchestrator::ImportRequest request) {
  const auto reports = co_await import_all(session, services, catalog, std::move(request));
  co_return show_reports(session.cli, reports);
}

Task<int> import_tenants(Session& session, Options options) {
  const auto settings = read_run_settings(session.cli);
  if (!settings) co_return print_error(session.cli, settings.error());
  const auto wait_limits = parse_wait_limits(options->wait_limits);
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
  co_return co_await with_run_services(session, catalog, *settings, [&](orchestrator::RunServices& services) {
    return import_chosen(session, services, catalog, std::move(request));
  });
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

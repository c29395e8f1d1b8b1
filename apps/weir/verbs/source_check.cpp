#include "weir/verbs/source_check.hpp"

#include <fmt/format.h>

#include "orchestrator/parent_tables.hpp"
#include "tenancy/data_source.hpp"
#include "tenancy/environment.hpp"
#include "tenancy/removal.hpp"
#include "weir/cache_root.hpp"
#include "weir/findings.hpp"
#include "weir/import_settings.hpp"
#include "weir/master_key.hpp"
#include "weir/outbound.hpp"
#include "weir/provider_lookup.hpp"
#include "weir/session.hpp"
#include "weir/tenant_lookup.hpp"

namespace weir::app {
namespace {

struct CheckOptions {
  std::string tenant;
  std::string source;
};
using Options = std::shared_ptr<CheckOptions>;

std::string named(const tenancy::Tenant& tenant, const tenancy::DataSource& source) {
  return fmt::format("{} {}", tenant.key, source.name);
}

// Why nothing would be imported although everything is there.
Findings judge_state(const tenancy::Tenant& tenant, const tenancy::DataSource& source) {
  if (source.is_paused || tenant.state == tenancy::TenantState::paused)
    return {{"state", Verdict::warning, "the tenant is paused, or its subscription is not active",
             fmt::format("weir tenant show {}", tenant.key)}};
  if (!source.is_enabled)
    return {{"state", Verdict::warning, "it is disabled", fmt::format("weir source enable {}", named(tenant, source))}};
  if (source.needs_credentials)
    return {{"state", Verdict::warning, fmt::format("it stopped: {}", *source.needs_credentials),
             fmt::format("new secrets with weir source set, or, when they are right, weir source enable {}",
                         named(tenant, source))}};
  return {{"state", Verdict::ok, "it is enabled"}};
}

Findings judge_settings(const tenancy::Tenant& tenant, const tenancy::DataSource& source,
                        const std::vector<tenancy::ConfigKey>& declared) {
  Findings findings;
  for (const auto& key : tenancy::missing_keys(source, declared)) {
    const auto declaration = std::ranges::find(declared, key, &tenancy::ConfigKey::name);
    const bool is_secret = declaration != declared.end() && declaration->is_secret;
    findings.push_back({"settings", Verdict::problem, fmt::format("{} is missing", key),
                        fmt::format("weir source set {} {} {}{}", named(tenant, source),
                                    is_secret ? "--secret-env" : "--set", key, is_secret ? "" : "=…")});
  }
  if (findings.empty()) findings.push_back({"settings", Verdict::ok, "what is required is there"});
  return findings;
}

Task<Findings> ask_script(const plugin::Script& script, plugin::ScriptServices services) {
  auto run = script.start(std::move(services));
  if (!run) co_return Findings{problem_of("settings", run.error())};
  try {
    co_return co_await (*run)->check();
  } catch (const Failure& failure) {
    co_return Findings{problem_of(script.declaration().full_name(), failure.error())};
  }
}

// What the provider itself says; a fault that several scripts share is said once.
Task<Findings> ask_scripts(Session& session, const plugin::PluginCatalog& catalog, tenancy::Tenant tenant,
                           tenancy::DataSource source, const tenancy::Environment& environment,
                           plugin::ProviderAccess* provider) {
  const auto operators = operator_egress();
  if (!operators) co_return Findings{problem_of("egress", operators.error())};
  const auto egress = http::tenant_egress(*operators, tenant.egress_allow);
  if (!egress) co_return Findings{problem_of("egress", egress.error())};
  orchestrator::ParentTables parents(session.database, catalog.resources(), tenant.id, source.name);
  Findings findings;
  for (const auto* script : catalog.scripts_of(source.provider)) {
    plugin::ScriptServices services{
        .tenant = tenant.id,
        .tenant_key = tenant.key,
        .data_source = source.name,
        .environment = environment,
        .blocking = session.blocking,
        .clock = system_clock(),
        .cache_directory = tenancy::cache_directory(cache_root(session.cli), tenant.id, source.name),
        .provider = provider,
        .parents = source.first_import_at ? &parents : nullptr,
        .is_manual = true,
        .egress = *egress};
    auto found = co_await ask_script(*script, std::move(services));
    std::erase_if(found, [&](const Finding& finding) {
      return std::ranges::find(findings, finding.reason, &Finding::reason) != findings.end();
    });
    add_findings(findings, std::move(found));
  }
  co_return findings;
}

Task<Result<>> ask_through(Findings& findings, Task<Findings> asking) {
  findings = co_await std::move(asking);
  co_return Result<>();
}

bool is_declarative(const plugin::Script* script) { return script->declaration().plan != nullptr; }

// Only declarative scripts need a way to the provider besides their own.
Task<Findings> ask_provider(Session& session, const plugin::PluginCatalog& catalog, tenancy::Tenant tenant,
                            tenancy::DataSource source, const tenancy::Environment& environment) {
  if (std::ranges::none_of(catalog.scripts_of(source.provider), is_declarative))
    co_return co_await ask_scripts(session, catalog, tenant, source, environment, nullptr);
  Findings findings;
  const auto ask = [&](plugin::ProviderAccess& provider) -> Task<Result<>> {
    return ask_through(findings, ask_scripts(session, catalog, tenant, source, environment, &provider));
  };
  const auto asked = co_await with_outbound(session, ask);
  if (!asked) findings.push_back(problem_of("provider", asked.error()));
  co_return findings;
}

Task<Findings> examine(Session& session, tenancy::Tenant tenant, tenancy::DataSource source) {
  const auto catalog = read_plugins(session.cli);
  const auto provider = look_up_provider(catalog, source.provider);
  if (!provider) co_return Findings{problem_of("provider", provider.error())};
  auto findings = judge_state(tenant, source);
  add_findings(findings, judge_settings(tenant, source, (*provider)->config));
  if (worst_of(findings) == Verdict::problem) co_return findings;
  tenancy::KeyFile keys(session.blocking, key_file_settings(session.opened));
  tenancy::Vault vault(session.database, keys);
  const auto environment = co_await tenancy::load_environment(vault, tenant.id, source.name, (*provider)->config);
  if (!environment) {
    findings.push_back(problem_of("secrets", environment.error()));
    co_return findings;
  }
  auto more = co_await ask_provider(session, catalog, tenant, source, *environment);
  add_findings(findings, std::move(more));
  co_return findings;
}

Task<int> check(Session& session, Options options) {
  const auto tenant = co_await look_up_tenant(session.database, options->tenant);
  if (!tenant) co_return print_error(session.cli, tenant.error());
  const auto source = co_await tenancy::find_data_source(session.database, tenant->id, options->source);
  if (!source) co_return print_error(session.cli, source.error());
  const auto findings = co_await examine(session, *tenant, *source);
  if (session.cli.json) {
    auto document = to_document(findings);
    document["tenant"] = tenant->key;
    document["data_source"] = source->name;
    print_json(document);
  } else {
    print_findings(session.cli, findings);
  }
  co_return exit_code_of(findings);
}

}  // namespace

void add_source_check(CLI::App& source, Cli& cli) {
  auto& checking =
      add_command(source, "check", "See whether it could be imported, without importing; exit 3 when it could not",
                  {"weir source check acme git", "weir source check acme github --json"});
  const auto options = std::make_shared<CheckOptions>();
  checking.add_option("tenant", options->tenant, "Its key or id")->required();
  checking.add_option("source", options->source, "The data source's name")->required();
  checking.callback([&cli, options] {
    cli.action = [&cli, options] {
      return run_session(cli, [options](Session& session) { return check(session, options); });
    };
  });
}

}  // namespace weir::app

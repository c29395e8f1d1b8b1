#include "scheduler/source_pipeline.hpp"
#include "tenancy/plan.hpp"
#include "tenancy/removal.hpp"
#include "weir/cache_root.hpp"
#include "weir/confirm.hpp"
#include "weir/master_key.hpp"
#include "weir/provider_lookup.hpp"
#include "weir/schedule_options.hpp"
#include "weir/setting_options.hpp"
#include "weir/tenant_lookup.hpp"
#include "weir/verbs.hpp"
#include "weir/verbs/source_check.hpp"
#include "weir/verbs/tenant.hpp"
#include "weir/verbs/tenant_documents.hpp"

namespace weir::app {
namespace {

struct SourceOptions : ActorOption {
  std::string tenant;
  std::string provider;
  std::string source;
  SettingOptions settings;
  ScheduleOptions schedule;
  bool is_confirmed = false;
};
using Options = std::shared_ptr<SourceOptions>;
using Declared = std::vector<tenancy::ConfigKey>;

const Declared* declared_by(const plugin::PluginCatalog& catalog, const std::string& provider) {
  const auto* declaration = catalog.provider(provider);
  return declaration == nullptr ? nullptr : &declaration->config;
}

int print_source(const Cli& cli, const tenancy::DataSource& source, const Declared* declared,
                 const tenancy::Changed& changed, std::string_view tenant, std::string_view done) {
  const bool is_changed = changed.outcome == tenancy::Outcome::changed;
  if (cli.json) {
    auto document = to_document(source, declared);
    document["changed"] = is_changed;
    document["runs_ended"] = changed.interrupted;
    print_json(document);
    return 0;
  }
  print(fmt::format("data source {}/{} {}\n", tenant, source.name, is_changed ? done : "is so already"));
  if (changed.interrupted > 0)
    print(
        fmt::format("{} of its scripts ran and lost the right to; the next import goes on from their last checkpoint\n",
                    changed.interrupted));
  return 0;
}

// Reads the source again and prints it.
Task<int> print_changed(Session& session, tenancy::Tenant tenant, std::string name, Result<tenancy::Changed> changed,
                        std::string done) {
  if (!changed) co_return print_error(session.cli, changed.error());
  const auto source = co_await tenancy::find_data_source(session.database, tenant.id, name);
  if (!source) co_return print_error(session.cli, source.error());
  const auto catalog = read_plugins(session.cli);
  co_return print_source(session.cli, *source, declared_by(catalog, source->provider), *changed, tenant.key, done);
}

// A pipeline that is there already stays as it is: somebody may have changed it.
void print_schedule(const Cli& cli, const tenancy::Tenant& tenant, const scheduler::SourcePipeline& made,
                    const SourceOptions& options) {
  const auto& data = made.pipeline.data;
  const auto label = fmt::format("{} {}", tenant.key, data.name);
  if (!made.is_new && options.schedule.is_given())
    return print_notice(cli, fmt::format("its pipeline stays as it is, {}; to change it: weir pipeline set {}",
                                         describe_schedule(data.schedule), label));
  if (made.is_new && !cli.json)
    print(fmt::format("it is imported {} by `weir serve`; weir pipeline show {}\n", describe_schedule(data.schedule),
                      label));
}

Task<int> add(Session& session, Options options) {
  const auto catalog = read_plugins(session.cli);
  const auto provider = look_up_provider(catalog, options->provider);
  if (!provider) co_return print_error(session.cli, provider.error());
  const auto tenant = co_await look_up_tenant(session.database, options->tenant);
  if (!tenant) co_return print_error(session.cli, tenant.error());
  const auto active = co_await tenancy::require_active_subscription(session.database, *tenant);
  if (!active) co_return print_error(session.cli, active.error());
  auto schedule = read_schedule(options->schedule, scheduler::default_schedule());
  if (!schedule) co_return print_error(session.cli, schedule.error());
  if (const auto plan = scheduler::plan_of(*schedule, tenant->id); !plan)
    co_return print_error(session.cli, plan.error());
  auto settings = read_settings(options->settings);
  if (!settings) co_return print_error(session.cli, settings.error());
  const auto name = options->source.empty() ? options->provider : options->source;
  tenancy::KeyFile keys(session.blocking, key_file_settings(session.opened));
  tenancy::Vault vault(session.database, keys);
  tenancy::NewDataSource source{options->provider, name, std::move(*settings)};
  auto added =
      co_await tenancy::add_data_source(vault, options->actor(), tenant->id, std::move(source), (*provider)->config);
  if (!added) co_return print_error(session.cli, added.error());
  // Also of a source that is there already: whoever was interrupted asks again.
  const auto pipeline = co_await scheduler::add_source_pipeline(session.database, options->actor(), tenant->id, name,
                                                                std::move(*schedule));
  if (!pipeline) co_return print_error(session.cli, pipeline.error());
  const auto code = co_await print_changed(session, *tenant, name, std::move(added), "added");
  print_schedule(session.cli, *tenant, *pipeline, *options);
  co_return code;
}

Task<int> set(Session& session, Options options) {
  const auto tenant = co_await look_up_tenant(session.database, options->tenant);
  if (!tenant) co_return print_error(session.cli, tenant.error());
  const auto source = co_await tenancy::find_data_source(session.database, tenant->id, options->source);
  if (!source) co_return print_error(session.cli, source.error());
  const auto catalog = read_plugins(session.cli);
  const auto provider = look_up_provider(catalog, source->provider);
  if (!provider) co_return print_error(session.cli, provider.error());
  auto changes = read_settings(options->settings);
  if (!changes) co_return print_error(session.cli, changes.error());
  if (changes->empty())
    co_return print_error(session.cli, {ErrorCode::usage,
                                        "nothing to set: give --set, --unset or one of --secret-env, "
                                        "--secret-file, --secret-prompt"});
  if (!changes->secrets.empty()) {
    const auto active = co_await tenancy::require_active_subscription(session.database, *tenant);
    if (!active) co_return print_error(session.cli, active.error());
  }
  tenancy::KeyFile keys(session.blocking, key_file_settings(session.opened));
  tenancy::Vault vault(session.database, keys);
  auto changed = co_await tenancy::change_data_source(vault, options->actor(), tenant->id, options->source,
                                                      std::move(*changes), (*provider)->config);
  co_return co_await print_changed(session, *tenant, options->source, std::move(changed), "changed");
}

enum class Gate { enable, disable };

Task<int> move(Session& session, Options options, Gate gate) {
  const auto tenant = co_await look_up_tenant(session.database, options->tenant);
  if (!tenant) co_return print_error(session.cli, tenant.error());
  const bool is_enabling = gate == Gate::enable;
  auto changed =
      is_enabling
          ? co_await tenancy::enable_data_source(session.database, options->actor(), tenant->id, options->source)
          : co_await tenancy::disable_data_source(session.database, options->actor(), tenant->id, options->source);
  co_return co_await print_changed(session, *tenant, options->source, std::move(changed),
                                   is_enabling ? "enabled" : "disabled");
}

Task<int> list(Session& session, Options options) {
  const auto tenant = co_await look_up_tenant(session.database, options->tenant);
  if (!tenant) co_return print_error(session.cli, tenant.error());
  const auto sources = co_await tenancy::list_data_sources(session.database, tenant->id);
  const auto catalog = read_plugins(session.cli);
  auto documents = nlohmann::json::array();
  Table table({{"NAME"}, {"PROVIDER"}, {"STATE"}, {"LAST SYNC"}});
  for (const auto& source : sources) {
    const auto* declared = declared_by(catalog, source.provider);
    documents.push_back(to_document(source, declared));
    table.add_row({source.name, source.provider, state_cell(source, declared), short_time(source.last_sync_at)});
  }
  if (session.cli.json)
    print_json(documents);
  else if (sources.empty())
    print_notice(session.cli, fmt::format("tenant {} has no data source yet; add one: weir source add {} PROVIDER",
                                          tenant->key, tenant->key));
  else
    table.print(session.cli);
  co_return 0;
}

void print_details(const Cli& cli, const tenancy::DataSource& source, const Declared* declared) {
  Table table({{"DATA SOURCE"}, {source.name}});
  table.add_row({"provider", source.provider});
  table.add_row({"state", state_cell(source, declared)});
  if (source.needs_credentials) table.add_row({"why", *source.needs_credentials});
  table.add_row({"first import", short_time(source.first_import_at)});
  table.add_row({"last sync", short_time(source.last_sync_at)});
  table.print(cli);

  Table settings({{"SETTING"}, {"VALUE"}, {"SET AT"}});
  for (const auto& setting : source.settings)
    settings.add_row({setting.key, setting.is_secret ? "***" : setting.value.value_or(""), short_time(setting.set_at)});
  const auto stored = tenancy::stored_settings(source);
  for (const auto& key : declared != nullptr ? *declared : Declared()) {
    if (stored.values.contains(key.name) || stored.secrets.contains(key.name)) continue;
    if (key.default_value)
      settings.add_row({key.name, *key.default_value, "default"});
    else if (key.is_required)
      settings.add_row({key.name, "", Cell("missing", Colour::yellow)});
  }
  print("\n");
  settings.print(cli);
}

Task<int> show(Session& session, Options options) {
  const auto tenant = co_await look_up_tenant(session.database, options->tenant);
  if (!tenant) co_return print_error(session.cli, tenant.error());
  const auto source = co_await tenancy::find_data_source(session.database, tenant->id, options->source);
  if (!source) co_return print_error(session.cli, source.error());
  const auto catalog = read_plugins(session.cli);
  const auto* declared = declared_by(catalog, source->provider);
  if (session.cli.json)
    print_json(to_document(*source, declared));
  else
    print_details(session.cli, *source, declared);
  co_return 0;
}

Task<int> remove(Session& session, Options options) {
  const auto tenant = co_await look_up_tenant(session.database, options->tenant);
  if (!tenant) co_return print_error(session.cli, tenant.error());
  const auto source = co_await tenancy::find_data_source(session.database, tenant->id, options->source);
  if (!source) co_return print_error(session.cli, source.error());
  const auto agreed = confirm(
      session.cli, options->is_confirmed ? Consent::given : Consent::to_be_asked,
      fmt::format("deletes data source {}/{} with everything imported from it, for good", tenant->key, source->name));
  if (!agreed) co_return print_error(session.cli, agreed.error());
  const auto left = co_await scheduler::leave_pipelines(session.database, options->actor(), tenant->id, source->name);
  if (!left) co_return print_error(session.cli, left.error());
  const tenancy::RemovalSettings settings{.blocking = session.blocking, .cache_root = cache_root(session.cli)};
  const auto removed =
      co_await tenancy::remove_data_source(session.database, options->actor(), tenant->id, source->name, settings);
  if (!removed) co_return print_error(session.cli, removed.error());
  if (session.cli.json)
    print_json({{"tenant", tenant->key}, {"name", source->name}, {"removed", true}, {"rows", removed->rows}});
  else
    print(fmt::format("data source {}/{} removed ({} rows)\n", tenant->key, source->name, removed->rows));
  co_return 0;
}

template <class Work>
void run_with(CLI::App& command, Cli& cli, const Options& options, Work work) {
  command.callback([&cli, options, work] {
    cli.action = [&cli, options, work] {
      return run_session(cli, [options, work](Session& session) { return work(session, options); });
    };
  });
}

Options about_tenant(CLI::App& command) {
  auto options = std::make_shared<SourceOptions>();
  command.add_option("tenant", options->tenant, "Its key or id")->required();
  return options;
}

Options about_source(CLI::App& command) {
  auto options = about_tenant(command);
  command.add_option("source", options->source, "The data source's name")->required();
  return options;
}

void add_settings(CLI::App& source, Cli& cli) {
  auto& adding =
      add_command(source, "add", "Connect a tenant's tool; again with the same settings changes nothing",
                  {"weir source add acme git --set GIT_URL=https://github.com/example/project.git",
                   "weir source add acme github --set GITHUB_ORG=acme --secret-env GITHUB_TOKEN",
                   "weir source add acme jira --name jira-eu --set JIRA_URL=https://eu.example.com "
                   "--secret-file JIRA_TOKEN=/run/secrets/jira",
                   "weir source add acme git --set GIT_URL=https://github.com/example/project.git --schedule "
                   "'*/15 6-20 * * mon-fri' --tz Europe/Berlin"});
  const auto added = about_tenant(adding);
  adding.add_option("provider", added->provider, "The kind of tool; weir plugins ls names them")->required();
  adding.add_option("--name", added->source, "Its name, part of every key (default: the provider's)")
      ->type_name("NAME");
  add_setting_options(adding, added->settings);
  add_schedule_options(adding, added->schedule);
  add_actor_option(adding, *added);
  run_with(adding, cli, added, add);

  auto& setting = add_command(source, "set", "Change settings or secrets; effective at once",
                              {"weir source set acme github --secret-prompt GITHUB_TOKEN",
                               "weir source set acme github --set GITHUB_ORG=other --unset GITHUB_REPOS"});
  const auto changed = about_source(setting);
  add_setting_options(setting, changed->settings);
  add_repeated(setting, "--unset", changed->settings.unset, "Back to the default (repeatable)").type_name("KEY");
  add_actor_option(setting, *changed);
  run_with(setting, cli, changed, set);
}

void add_gates(CLI::App& source, Cli& cli) {
  auto& enabling = add_command(source, "enable", "Let it be imported, also after it needed credentials",
                               {"weir source enable acme github"});
  const auto enabled = about_source(enabling);
  add_actor_option(enabling, *enabled);
  run_with(enabling, cli, enabled,
           [](Session& session, Options options) { return move(session, options, Gate::enable); });

  auto& disabling =
      add_command(source, "disable", "Stop its scripts and start no more", {"weir source disable acme github"});
  const auto disabled = about_source(disabling);
  add_actor_option(disabling, *disabled);
  run_with(disabling, cli, disabled,
           [](Session& session, Options options) { return move(session, options, Gate::disable); });

  auto& removing = add_command(source, "rm", "Delete it and everything imported from it; again when it was interrupted",
                               {"weir source rm acme github --yes"});
  const auto removed = about_source(removing);
  removing.add_flag("--yes", removed->is_confirmed, "Do not ask");
  add_actor_option(removing, *removed);
  run_with(removing, cli, removed, remove);
}

}  // namespace

void add_source(CLI::App& root, Cli& cli) {
  auto& source = add_group(root, "source", "Data sources: the tools a tenant connected");
  auto& listing = add_command(source, "ls", "List a tenant's data sources", {"weir source ls acme"});
  run_with(listing, cli, about_tenant(listing), list);
  auto& showing =
      add_command(source, "show", "Show one with its settings; secrets as ***", {"weir source show acme git"});
  run_with(showing, cli, about_source(showing), show);
  add_settings(source, cli);
  add_source_check(source, cli);
  add_gates(source, cli);
}

}  // namespace weir::app

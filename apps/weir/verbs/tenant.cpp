#include "weir/verbs/tenant.hpp"

#include "http/egress.hpp"
#include "tenancy/removal.hpp"
#include "weir/cache_root.hpp"
#include "weir/confirm.hpp"
#include "weir/tenant_lookup.hpp"
#include "weir/verbs.hpp"
#include "weir/verbs/tenant_documents.hpp"

namespace weir::app {
namespace {

struct TenantOptions : ActorOption {
  std::string tenant;
  std::optional<std::string> name;
  std::optional<int> concurrent_scripts;
  std::optional<std::string> egress_allow;
  bool is_confirmed = false;

  tenancy::TenantChanges changes() const { return {name, concurrent_scripts, egress_allow}; }

  // As WEIR_EGRESS_ALLOW is.
  Result<> check_egress() const {
    const auto policy = http::EgressPolicy().extended_by(egress_allow.value_or(""));
    if (policy) return {};
    return fail(ErrorCode::usage, fmt::format("--egress-allow: {}", policy.error().message));
  }
};
using Options = std::shared_ptr<TenantOptions>;

int print_change(const Cli& cli, const tenancy::Tenant& tenant, tenancy::Outcome outcome, std::string_view done,
                 std::string_view not_done) {
  const bool is_changed = outcome == tenancy::Outcome::changed;
  if (cli.json) {
    auto document = to_document(tenant);
    document["changed"] = is_changed;
    print_json(document);
  } else {
    print(fmt::format("tenant {} {}\n", tenant.key, is_changed ? done : not_done));
  }
  return 0;
}

Task<int> add(Session& session, Options options) {
  if (const auto good = options->check_egress(); !good) co_return print_error(session.cli, good.error());
  const auto added =
      co_await tenancy::add_tenant(session.database, options->actor(), options->tenant, options->changes());
  if (!added) co_return print_error(session.cli, added.error());
  co_return print_change(session.cli, added->tenant, added->outcome, "added", "is there already, with these data");
}

Task<int> list(Session& session) {
  const auto tenants = co_await tenancy::list_tenants(session.database);
  if (session.cli.json) {
    auto documents = nlohmann::json::array();
    for (const auto& tenant : tenants) documents.push_back(to_document(tenant));
    print_json(documents);
    co_return 0;
  }
  if (tenants.empty()) {
    print_notice(session.cli, "there is no tenant yet; add one: weir tenant add KEY");
    co_return 0;
  }
  Table table({{"KEY"}, {"NAME"}, {"STATE"}, {"SCRIPTS", Align::right}, {"CREATED"}});
  for (const auto& tenant : tenants)
    table.add_row({tenant.key, tenant.name.value_or(""), state_cell(tenant), std::to_string(tenant.concurrent_scripts),
                   short_time(tenant.created_at)});
  table.print(session.cli);
  co_return 0;
}

Task<int> show(Session& session, Options options) {
  const auto tenant = co_await look_up_tenant(session.database, options->tenant);
  if (!tenant) co_return print_error(session.cli, tenant.error());
  const auto sources = co_await tenancy::list_data_sources(session.database, tenant->id);
  if (session.cli.json) {
    auto document = to_document(*tenant);
    document["data_sources"] = nlohmann::json::array();
    for (const auto& source : sources)
      document["data_sources"].push_back({{"name", source.name}, {"provider", source.provider}});
    print_json(document);
    co_return 0;
  }
  std::vector<std::string> names;
  names.reserve(sources.size());
  for (const auto& source : sources) names.push_back(source.name);
  Table table({{"TENANT"}, {tenant->key}});
  table.add_row({"id", to_string(tenant->id)});
  table.add_row({"name", tenant->name.value_or("")});
  table.add_row({"state", state_cell(*tenant)});
  table.add_row({"concurrent scripts", std::to_string(tenant->concurrent_scripts)});
  table.add_row({"egress allowed", tenant->egress_allow.empty() ? "as for everybody" : tenant->egress_allow});
  table.add_row({"created", short_time(tenant->created_at)});
  table.add_row({"changed", short_time(tenant->updated_at)});
  table.add_row({"data sources", names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", "))});
  table.print(session.cli);
  co_return 0;
}

Task<int> set(Session& session, Options options) {
  if (!options->name && !options->concurrent_scripts && !options->egress_allow)
    co_return print_error(session.cli,
                          {ErrorCode::usage, "nothing to set: give --name, --concurrent-scripts or --egress-allow"});
  if (const auto good = options->check_egress(); !good) co_return print_error(session.cli, good.error());
  const auto tenant = co_await look_up_tenant(session.database, options->tenant);
  if (!tenant) co_return print_error(session.cli, tenant.error());
  const auto changed =
      co_await tenancy::change_tenant(session.database, options->actor(), tenant->id, options->changes());
  if (!changed) co_return print_error(session.cli, changed.error());
  const auto now = co_await tenancy::find_tenant(session.database, to_string(tenant->id));
  co_return print_change(session.cli, now.value_or(*tenant), *changed, "changed", "is so already");
}

enum class Move { pause, resume };

Task<int> move(Session& session, Options options, Move to) {
  const auto tenant = co_await look_up_tenant(session.database, options->tenant);
  if (!tenant) co_return print_error(session.cli, tenant.error());
  const auto changed = to == Move::pause
                           ? co_await tenancy::pause_tenant(session.database, options->actor(), tenant->id)
                           : co_await tenancy::resume_tenant(session.database, options->actor(), tenant->id);
  if (!changed) co_return print_error(session.cli, changed.error());
  const auto now = co_await tenancy::find_tenant(session.database, to_string(tenant->id));
  const auto* done = to == Move::pause ? "paused" : "resumed";
  co_return print_change(session.cli, now.value_or(*tenant), *changed, done, "is so already");
}

Task<int> remove(Session& session, Options options) {
  const auto tenant = co_await look_up_tenant(session.database, options->tenant);
  if (!tenant) co_return print_error(session.cli, tenant.error());
  const auto agreed =
      confirm(session.cli, options->is_confirmed ? Consent::given : Consent::to_be_asked,
              fmt::format("deletes tenant {} with all its data sources and imported rows, for good", tenant->key));
  if (!agreed) co_return print_error(session.cli, agreed.error());
  const tenancy::RemovalSettings settings{.blocking = session.blocking, .cache_root = cache_root(session.cli)};
  const auto removed = co_await tenancy::remove_tenant(session.database, options->actor(), tenant->id, settings);
  if (!removed) co_return print_error(session.cli, removed.error());
  if (session.cli.json)
    print_json({{"key", tenant->key}, {"removed", true}, {"rows", removed->rows}});
  else
    print(fmt::format("tenant {} removed ({} rows)\n", tenant->key, removed->rows));
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

// A command about one tenant, with its options.
Options about_one(CLI::App& command, std::string_view argument) {
  auto options = std::make_shared<TenantOptions>();
  command.add_option(std::string(argument), options->tenant, "Its key or id")->required();
  return options;
}

void add_data_options(CLI::App& command, TenantOptions& options) {
  command.add_option("--name", options.name, "Its name, for people")->type_name("NAME");
  command
      .add_option("--concurrent-scripts", options.concurrent_scripts,
                  "How many of its scripts may run at once, on all machines together (default 4)")
      ->type_name("N");
  command
      .add_option("--egress-allow", options.egress_allow,
                  "Hosts and networks it may reach although they are private, separated by commas; '': none of its own")
      ->type_name("LIST");
}

void add_changing(CLI::App& tenant, Cli& cli) {
  auto& adding =
      add_command(tenant, "add", "Add a tenant; again with the same data changes nothing",
                  {"weir tenant add acme --name 'Acme Inc.'", "weir tenant add 4711 --concurrent-scripts 8"});
  const auto added = std::make_shared<TenantOptions>();
  adding.add_option("key", added->tenant, "Your id of this customer, unique")->required();
  add_data_options(adding, *added);
  add_actor_option(adding, *added);
  run_with(adding, cli, added, add);

  auto& setting = add_command(tenant, "set", "Change a tenant's name or limits",
                              {"weir tenant set acme --concurrent-scripts 8", "weir tenant set acme --name ''",
                               "weir tenant set acme --egress-allow 10.1.0.0/16,gitlab.acme.example"});
  const auto changed = about_one(setting, "tenant");
  add_data_options(setting, *changed);
  add_actor_option(setting, *changed);
  run_with(setting, cli, changed, set);

  auto& pausing = add_command(tenant, "pause", "Stop a tenant's scripts and start no more", {"weir tenant pause acme"});
  const auto paused = about_one(pausing, "tenant");
  add_actor_option(pausing, *paused);
  run_with(pausing, cli, paused, [](Session& session, Options options) { return move(session, options, Move::pause); });

  auto& resuming =
      add_command(tenant, "resume", "Let a paused tenant's scripts run again", {"weir tenant resume acme"});
  const auto resumed = about_one(resuming, "tenant");
  add_actor_option(resuming, *resumed);
  run_with(resuming, cli, resumed,
           [](Session& session, Options options) { return move(session, options, Move::resume); });

  auto& removing = add_command(tenant, "rm", "Delete a tenant and everything it has; again when it was interrupted",
                               {"weir tenant rm acme --yes"});
  const auto removed = about_one(removing, "tenant");
  removing.add_flag("--yes", removed->is_confirmed, "Do not ask");
  add_actor_option(removing, *removed);
  run_with(removing, cli, removed, remove);
}

}  // namespace

void add_actor_option(CLI::App& command, ActorOption& option) {
  command.add_option("--user", option.user, "Who asks, for the audit log (default: your account)")->type_name("ID");
}

void add_tenant(CLI::App& root, Cli& cli) {
  auto& tenant = add_group(root, "tenant", "Tenants: the customers whose tools are imported");
  auto& listing = add_command(tenant, "ls", "List the tenants", {"weir tenant ls", "weir tenant ls --json"});
  run_with(listing, cli, std::make_shared<TenantOptions>(),
           [](Session& session, const Options&) { return list(session); });
  auto& showing = add_command(tenant, "show", "Show one tenant", {"weir tenant show acme"});
  run_with(showing, cli, about_one(showing, "tenant"), show);
  add_changing(tenant, cli);
  add_tenant_reader(tenant, cli);
}

}  // namespace weir::app

#include "weir/verbs/tenant.hpp"

#include "http/egress.hpp"
#include "tenancy/plan.hpp"
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
  std::optional<std::string> time_zone;
  std::optional<std::string> plan;  // empty: none
  std::optional<std::string> subscription;
  bool is_confirmed = false;

  tenancy::TenantChanges changes() const { return {name, concurrent_scripts, egress_allow, time_zone}; }

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

// Its plan and what is left of the day; null: it has none.
Task<nlohmann::json> describe_subscription(Session& session, TenantId tenant) {
  const auto subscription = co_await tenancy::find_subscription(session.database, tenant);
  if (!subscription) co_return nullptr;
  auto document = to_document(*subscription);
  document["quota"] = co_await tenancy::read_quota(session.database, tenant);
  co_return document;
}

std::string subscription_text(const nlohmann::json& subscription) {
  if (subscription.is_null()) return "none";
  const auto& quota = subscription.at("quota");
  const auto limit = quota.at("runs_limit");
  return fmt::format("{}, {}; {} of {} runs of the day", subscription.at("plan").get<std::string>(),
                     subscription.at("status").get<std::string>(), quota.at("runs_used").get<int>(),
                     limit.is_null() ? "unlimited" : std::to_string(limit.get<int>()));
}

Task<int> show(Session& session, Options options) {
  const auto tenant = co_await look_up_tenant(session.database, options->tenant);
  if (!tenant) co_return print_error(session.cli, tenant.error());
  const auto sources = co_await tenancy::list_data_sources(session.database, tenant->id);
  const auto subscription = co_await describe_subscription(session, tenant->id);
  if (session.cli.json) {
    auto document = to_document(*tenant);
    document["subscription"] = subscription;
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
  table.add_row({"time zone", tenant->time_zone});
  table.add_row({"plan", subscription_text(subscription)});
  table.add_row({"created", short_time(tenant->created_at)});
  table.add_row({"changed", short_time(tenant->updated_at)});
  table.add_row({"data sources", names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", "))});
  table.print(session.cli);
  co_return 0;
}

// What its subscription shall be; nullopt: none. Asked for with --plan or --subscription.
Task<Result<std::optional<tenancy::Subscription>>> wanted_subscription(Session& session, TenantId tenant,
                                                                       Options options) {
  auto wanted = co_await tenancy::find_subscription(session.database, tenant);
  if (options->plan && options->plan->empty()) {
    if (options->subscription) co_return fail(ErrorCode::usage, "without a plan there is no subscription");
    co_return std::nullopt;
  }
  if (!wanted && !options->plan)
    co_return fail(ErrorCode::usage, "the tenant has no plan: give --plan as well; weir tenant plans ls names them");
  if (!wanted) wanted.emplace();
  if (options->plan) wanted->plan = *options->plan;
  if (!options->subscription) co_return wanted;
  auto status = *options->subscription;
  std::ranges::transform(status, status.begin(), [](char c) { return static_cast<char>(std::toupper(c)); });
  wanted->status = tenancy::subscription_status_of(status).value_or(wanted->status);
  co_return wanted;
}

Task<Result<tenancy::Outcome>> change_subscription(Session& session, TenantId tenant, Options options) {
  if (!options->plan && !options->subscription) co_return tenancy::Outcome::unchanged;
  const auto now = co_await tenancy::find_subscription(session.database, tenant);
  const auto wanted = co_await wanted_subscription(session, tenant, options);
  if (!wanted) co_return std::unexpected(wanted.error());
  if (!*wanted) {
    if (!now) co_return tenancy::Outcome::unchanged;
    const auto removed = co_await tenancy::remove_subscription(session.database, options->actor(), tenant);
    if (!removed) co_return std::unexpected(removed.error());
    co_return tenancy::Outcome::changed;
  }
  if (now && now->plan == (*wanted)->plan && now->status == (*wanted)->status) co_return tenancy::Outcome::unchanged;
  const auto set = co_await tenancy::set_subscription(session.database, options->actor(), tenant, (*wanted)->plan,
                                                      (*wanted)->status);
  if (!set) co_return std::unexpected(set.error());
  co_return tenancy::Outcome::changed;
}

Task<int> set(Session& session, Options options) {
  const bool says_data = options->name || options->concurrent_scripts || options->egress_allow || options->time_zone;
  if (!says_data && !options->plan && !options->subscription)
    co_return print_error(session.cli, {ErrorCode::usage,
                                        "nothing to set: give --name, --concurrent-scripts, --egress-allow, "
                                        "--time-zone, --plan or --subscription"});
  if (const auto good = options->check_egress(); !good) co_return print_error(session.cli, good.error());
  const auto tenant = co_await look_up_tenant(session.database, options->tenant);
  if (!tenant) co_return print_error(session.cli, tenant.error());
  const auto subscribed = co_await change_subscription(session, tenant->id, options);
  if (!subscribed) co_return print_error(session.cli, subscribed.error());
  auto outcome = *subscribed;
  if (says_data) {
    const auto changed =
        co_await tenancy::change_tenant(session.database, options->actor(), tenant->id, options->changes());
    if (!changed) co_return print_error(session.cli, changed.error());
    if (*changed == tenancy::Outcome::changed) outcome = *changed;
  }
  const auto now = co_await tenancy::find_tenant(session.database, to_string(tenant->id));
  co_return print_change(session.cli, now.value_or(*tenant), outcome, "changed", "is so already");
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
  command.add_option("--time-zone", options.time_zone, "Of its calendar, by whose days its quota counts (default UTC)")
      ->type_name("ZONE");
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

  auto& setting =
      add_command(tenant, "set", "Change a tenant's name or limits",
                  {"weir tenant set acme --concurrent-scripts 8", "weir tenant set acme --name ''",
                   "weir tenant set acme --egress-allow 10.1.0.0/16,gitlab.acme.example",
                   "weir tenant set acme --plan standard", "weir tenant set acme --subscription suspended"});
  const auto changed = about_one(setting, "tenant");
  add_data_options(setting, *changed);
  setting.add_option("--plan", changed->plan, "The plan it subscribes to, of weir tenant plans ls; '': none")
      ->type_name("PLAN");
  setting
      .add_option("--subscription", changed->subscription,
                  "Whether that holds: when it is not active, nothing of the tenant runs")
      ->check(CLI::IsMember({"active", "suspended", "cancelled"}));
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
  add_tenant_plans(tenant, cli);
}

}  // namespace weir::app

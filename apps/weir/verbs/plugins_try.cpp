#include <filesystem>
#include <fstream>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "orchestrator/parent_tables.hpp"
#include "orchestrator/partition_plan.hpp"
#include "plugin/declarative/plan.hpp"
#include "plugin/trial/replay.hpp"
#include "plugin/trial/trial_pass.hpp"
#include "tenancy/data_source.hpp"
#include "tenancy/environment.hpp"
#include "weir/import_settings.hpp"
#include "weir/master_key.hpp"
#include "weir/outbound.hpp"
#include "weir/plugins.hpp"
#include "weir/session.hpp"
#include "weir/table.hpp"
#include "weir/tenant_lookup.hpp"
#include "weir/verbs.hpp"

namespace weir::app {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

struct TryOptions {
  std::string script, tenant, source, partition, from, record, replay;
  int pages = 1;
  int rows = 10;
};

// What a trial works with, and what it showed.
struct Trial {
  Session& session;
  const plugin::PluginCatalog& catalog;
  const plugin::Script& script;
  TryOptions options;
  tenancy::Tenant tenant{};
  tenancy::DataSource source{};
  tenancy::Environment environment{};
  plugin::ProviderAccess* provider = nullptr;
  std::vector<plugin::Exchange> exchanges{};
  std::vector<std::string> partitions{};
  std::optional<Instant> start{};
  plugin::TrialOutcome outcome{};
  std::optional<Error> error{};
};

fs::path recording_of(const std::string& directory, const plugin::ScriptDeclaration& script) {
  return fs::path(directory) / fmt::format("{}.{}.jsonl", script.provider, script.name);
}

Task<Result<tenancy::DataSource>> choose_source(Trial& trial) {
  if (!trial.options.source.empty())
    co_return co_await tenancy::find_data_source(trial.session.database, trial.tenant.id, trial.options.source);
  const auto& provider = trial.script.declaration().provider;
  std::vector<tenancy::DataSource> fitting;
  for (auto& source : co_await tenancy::list_data_sources(trial.session.database, trial.tenant.id))
    if (source.provider == provider) fitting.push_back(std::move(source));
  if (fitting.size() == 1) co_return std::move(fitting.front());
  co_return fail(ErrorCode::not_found,
                 fitting.empty()
                     ? fmt::format("tenant {} has no data source of {}; add one with: weir source add {} {}",
                                   trial.tenant.key, provider, trial.tenant.key, provider)
                     : fmt::format("tenant {} has {} data sources of {}; name one with --source", trial.tenant.key,
                                   fitting.size(), provider));
}

Task<Result<>> open_environment(Trial& trial, tenancy::Vault& vault) {
  auto tenant = co_await look_up_tenant(trial.session.database, trial.options.tenant);
  if (!tenant) co_return std::unexpected(tenant.error());
  trial.tenant = std::move(*tenant);
  auto source = co_await choose_source(trial);
  if (!source) co_return std::unexpected(source.error());
  trial.source = std::move(*source);
  const auto* provider = trial.catalog.provider(trial.script.declaration().provider);
  auto environment = co_await tenancy::load_environment(vault, trial.tenant.id, trial.source.name, provider->config);
  if (!environment) co_return std::unexpected(environment.error());
  trial.environment = std::move(*environment);
  co_return Result<>();
}

const plugin::Partition* choose_partition(const std::vector<plugin::Partition>& partitions, const std::string& wanted) {
  for (const auto& partition : partitions)
    if (wanted.empty() || partition.key == wanted || partition.title == wanted) return &partition;
  return nullptr;
}

// The pass that an import would make now, ended after some pages.
Task<Result<plugin::TrialPass::Plan>> plan_trial(Trial& trial, const plugin::Partition& partition) {
  const auto& declaration = trial.script.declaration();
  const auto cursors = co_await orchestrator::read_partition_cursors(
      trial.session.database, trial.tenant.id, {trial.source.name, declaration.full_name()}, {partition.key});
  const auto& cursor = cursors.front();
  const auto plan = orchestrator::plan_partition(declaration, cursor, std::nullopt);
  plugin::TrialPass::Plan pass{.start = plan.pass.start, .end = plan.pass.end, .state = cursor.state};
  pass.pages_max = trial.options.pages;
  pass.rows_max = trial.options.rows;
  if (trial.options.from.empty()) co_return pass;
  pass.start = parse_rfc3339(trial.options.from);
  if (!pass.start)
    co_return fail(ErrorCode::usage, fmt::format("--from '{}' is not an instant; write 2026-01-01T00:00:00Z",
                                                 printable(trial.options.from)));
  pass.state = nullptr;
  co_return pass;
}

Task<Result<>> collect(plugin::ScriptRun& run, plugin::TrialPass& pass) {
  try {
    co_return co_await run.run_pass(pass);
  } catch (const Failure& failure) {
    if (failure.error().code == ErrorCode::cancelled) co_return Result<>();
    co_return std::unexpected(failure.error());
  }
}

Task<Result<>> try_script(Trial& trial) {
  orchestrator::ParentTables parents(trial.session.database, trial.catalog.resources(), trial.tenant.id,
                                     trial.source.name);
  const auto operators = operator_egress();
  if (!operators) co_return std::unexpected(operators.error());
  const auto egress = http::tenant_egress(*operators, trial.tenant.egress_allow);
  if (!egress) co_return std::unexpected(egress.error());
  auto run = trial.script.start({.tenant = trial.tenant.id,
                                 .tenant_key = trial.tenant.key,
                                 .data_source = trial.source.name,
                                 .environment = trial.environment,
                                 .blocking = trial.session.blocking,
                                 .clock = system_clock(),
                                 .cache_directory = {},
                                 .provider = trial.provider,
                                 .parents = &parents,
                                 .is_manual = true,
                                 .egress = *egress});
  if (!run) co_return std::unexpected(run.error());
  const auto partitions = co_await (*run)->partitions();
  if (!partitions) co_return std::unexpected(partitions.error());
  for (const auto& partition : *partitions) trial.partitions.push_back(partition.title);
  const auto* partition = choose_partition(*partitions, trial.options.partition);
  if (partition == nullptr)
    co_return fail(
        ErrorCode::not_found,
        partitions->empty()
            ? std::string("there is nothing to collect: the script makes its partitions of rows that are not "
                          "there yet; import what it depends on first")
            : fmt::format("there is no partition '{}'", printable(trial.options.partition)));
  const auto plan = co_await plan_trial(trial, *partition);
  if (!plan) co_return std::unexpected(plan.error());
  trial.start = plan->start;
  plugin::TrialPass pass(trial.catalog.resources(), *partition, *plan);
  const auto result = co_await collect(**run, pass);
  pass.finish();
  trial.outcome = pass.outcome();
  if (!result) trial.error = result.error();
  co_return Result<>();
}

Task<Result<>> try_recorded(Trial& trial, plugin::ProviderAccess& provider) {
  plugin::RecordingAccess recording(
      provider, [&trial](const plugin::Exchange& exchange) { trial.exchanges.push_back(exchange); });
  trial.provider = &recording;
  co_return co_await try_script(trial);
}

Task<Result<>> try_live(Trial& trial) {
  co_return co_await with_outbound(
      trial.session, [&trial](plugin::ProviderAccess& provider) { return try_recorded(trial, provider); });
}

Task<Result<>> try_replayed(Trial& trial) {
  auto exchanges = plugin::read_exchanges(recording_of(trial.options.replay, trial.script.declaration()));
  if (!exchanges) co_return std::unexpected(exchanges.error());
  plugin::ReplayAccess replay(std::move(*exchanges), system_clock());
  co_return co_await try_recorded(trial, replay);
}

Result<> write_recording(const Trial& trial) {
  if (trial.options.record.empty()) return {};
  std::error_code failed;
  fs::create_directories(trial.options.record, failed);
  const auto file = recording_of(trial.options.record, trial.script.declaration());
  std::ofstream out(file, std::ios::trunc);
  for (const auto& exchange : trial.exchanges)
    out << plugin::to_json(exchange).dump(-1, ' ', false, json::error_handler_t::replace) << '\n';
  if (!out) return fail(ErrorCode::configuration, fmt::format("{} cannot be written", file.string()));
  return {};
}

json to_document(const Trial& trial) {
  json requests = json::array();
  for (const auto& exchange : trial.exchanges)
    requests.push_back({{"method", exchange.method}, {"url", exchange.url}, {"status", exchange.status}});
  json document{{"script", trial.script.declaration().full_name()},
                {"tenant", trial.tenant.key},
                {"data_source", trial.source.name},
                {"partitions", trial.partitions.size()},
                {"start", trial.start ? json(format_rfc3339(*trial.start)) : json()},
                {"requests", std::move(requests)},
                {"rows", trial.outcome.rows},
                {"rows_made", trial.outcome.rows_count},
                {"rejected", trial.outcome.rejected},
                {"notes", trial.outcome.notes}};
  if (trial.error) document["error"] = *trial.error;
  return document;
}

void print_trial(const Trial& trial) {
  const auto& cli = trial.session.cli;
  const auto& outcome = trial.outcome;
  print(fmt::format("{}  {} partitions, from {}\n", paint(cli, Colour::bold, trial.script.declaration().full_name()),
                    trial.partitions.size(), trial.start ? format_rfc3339(*trial.start) : "the beginning"));
  for (const auto& exchange : trial.exchanges)
    print(fmt::format("{} {} {}\n",
                      paint(cli, exchange.status < 300 ? Colour::green : Colour::red, std::to_string(exchange.status)),
                      exchange.method, printable(exchange.url)));
  for (const auto& [resource, rows] : outcome.rows) {
    print(fmt::format("\n{}\n", paint(cli, Colour::bold, resource)));
    for (const auto& row : rows) print(printable(row.dump(-1, ' ', false, json::error_handler_t::replace)) + "\n");
  }
  for (const auto& rejected : outcome.rejected)
    print(fmt::format("{} {}\n", paint(cli, Colour::red, "rejected:"), printable(rejected)));
  for (const auto& note : outcome.notes)
    print(fmt::format("{} {}\n", paint(cli, Colour::yellow, "note:"), printable(note)));
  print(fmt::format("\n{} rows made of {} pages, nothing written\n", outcome.rows_count, outcome.pages));
}

Task<int> run_trial(Session& session, const plugin::PluginCatalog& catalog, const plugin::Script& script,
                    TryOptions options) {
  tenancy::KeyFile keys(session.blocking, key_file_settings(session.opened));
  tenancy::Vault vault(session.database, keys);
  const auto key_state = co_await vault.check();
  if (!key_state) co_return print_error(session.cli, key_state.error());
  Trial trial{.session = session, .catalog = catalog, .script = script, .options = std::move(options)};
  auto result = co_await open_environment(trial, vault);
  if (result) result = trial.options.replay.empty() ? co_await try_live(trial) : co_await try_replayed(trial);
  if (result) result = write_recording(trial);
  if (!result) co_return print_error(session.cli, result.error());
  if (session.cli.json)
    print_json(to_document(trial));
  else
    print_trial(trial);
  if (trial.error && !session.cli.json) co_return print_error(session.cli, *trial.error);
  co_return trial.error ? trial.error->exit_code() : 0;
}

int try_plugin(const Cli& cli, const TryOptions& options) {
  const auto catalog = read_plugins(cli);
  const auto* script = catalog.find(options.script);
  if (script == nullptr) return print_error(cli, unknown_plugin(catalog, options.script));
  if (!script->declaration().plan)
    return print_error(cli, {ErrorCode::usage, fmt::format("{} is a built-in and sends no requests that could be shown",
                                                           options.script)});
  return run_session(cli, [&](Session& session) { return run_trial(session, catalog, *script, options); });
}

}  // namespace

void add_plugins_try(CLI::App& plugins, Cli& cli) {
  const auto options = std::make_shared<TryOptions>();
  auto& command = add_command(plugins, "try", "Run a declarative script without writing: its requests and rows",
                              {"weir plugins try github/issue --tenant acme",
                               "weir plugins try github/issue --tenant acme --partition acme/api --pages 3",
                               "weir plugins try github/issue --tenant acme --record ./recording"});
  command.add_option("script", options->script, "PROVIDER/SCRIPT")->required();
  command.add_option("--tenant", options->tenant, "Whose settings and cursors are used")->required();
  command.add_option("--source", options->source, "Which data source, where the tenant has several of the provider");
  command.add_option("--partition", options->partition, "Which partition, by key or title (default: the first)");
  command.add_option("--from", options->from, "Where it begins, an instant (default: where an import would)");
  command.add_option("--pages", options->pages, "How many pages are fetched at most")->check(CLI::Range(1, 1000));
  command.add_option("--rows", options->rows, "How many rows are shown at most")->check(CLI::Range(1, 100'000));
  auto* record =
      command.add_option("--record", options->record, "Keep the exchanges in this directory, without secrets");
  command.add_option("--replay", options->replay, "Answer from the exchanges in this directory")->excludes(record);
  command.callback([&cli, options] { cli.action = [&cli, options] { return try_plugin(cli, *options); }; });
}

}  // namespace weir::app

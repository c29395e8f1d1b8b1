#include <fmt/format.h>
#include <fmt/ranges.h>

#include "orchestrator/run_parameters.hpp"
#include "queue/queue.hpp"
#include "scheduler/pipeline.hpp"
#include "tenancy/data_source.hpp"
#include "weir/confirm.hpp"
#include "weir/provider_lookup.hpp"
#include "weir/schedule_options.hpp"
#include "weir/tenant_lookup.hpp"
#include "weir/verbs.hpp"
#include "weir/verbs/pipeline_documents.hpp"
#include "weir/verbs/tenant.hpp"

namespace weir::app {
namespace {

struct PipelineOptions : ActorOption {
  std::string tenant, pipeline;
  std::optional<std::string> name;
  std::vector<std::string> sources, scripts;
  bool takes_all_sources = false, takes_all_scripts = false, is_enabled = false, is_disabled = false;
  ScheduleOptions schedule;
  std::optional<int> priority;
  std::optional<std::string> parameters;
  std::string from;
  int count = 10;
  bool is_confirmed = false;
};
using Options = std::shared_ptr<PipelineOptions>;
using scheduler::Pipeline;
using scheduler::PipelineData;

struct Named {
  tenancy::Tenant tenant;
  Pipeline pipeline;
};

Task<Result<Named>> look_up(Session& session, Options options) {
  auto tenant = co_await look_up_tenant(session.database, options->tenant);
  if (!tenant) co_return std::unexpected(tenant.error());
  auto pipeline = co_await scheduler::find_pipeline(session.database, tenant->id, options->pipeline);
  if (!pipeline && pipeline.error().code == ErrorCode::not_found)
    co_return fail(ErrorCode::not_found,
                   fmt::format("tenant {0} has no pipeline '{1}'; `weir pipeline ls {0}` names them", tenant->key,
                               printable(options->pipeline)));
  if (!pipeline) co_return std::unexpected(pipeline.error());
  co_return Named{std::move(*tenant), std::move(*pipeline)};
}

// A name that nothing has would never run, and nobody would notice.
Task<Result<>> check_names(Session& session, TenantId tenant, Options options) {
  for (const auto& name : options->sources) {
    const auto source = co_await tenancy::find_data_source(session.database, tenant, name);
    if (!source) co_return std::unexpected(source.error());
  }
  if (options->scripts.empty()) co_return Result<>{};
  const auto catalog = read_plugins(session.cli);
  for (const auto& name : options->scripts)
    if (const auto script = look_up_script(catalog, name); !script) co_return std::unexpected(script.error());
  co_return Result<>{};
}

// Checked together with those of the pipeline, `beneath`, that they are added to.
Result<nlohmann::json> read_parameters(const std::optional<std::string>& text,
                                       nlohmann::json beneath = nlohmann::json::object()) {
  if (!text) return nlohmann::json::object();
  auto parameters = nlohmann::json::parse(*text, nullptr, false);
  if (!parameters.is_object())
    return fail(ErrorCode::usage,
                "--parameters is no JSON object; write for example '{\"scripts\": [\"git/commit\"]}'");
  beneath.update(parameters);
  if (const auto good = orchestrator::read_run_parameters(beneath, system_clock().now()); !good)
    return std::unexpected(good.error());
  return parameters;
}

// `data` with what the options say.
Result<PipelineData> read_data(const PipelineOptions& options, PipelineData data) {
  if (options.name) data.name = *options.name;
  if (!options.sources.empty() || options.takes_all_sources) data.data_sources = options.sources;
  if (!options.scripts.empty() || options.takes_all_scripts) data.scripts = options.scripts;
  if (options.priority) data.priority = *options.priority;
  if (options.is_enabled || options.is_disabled) data.is_enabled = options.is_enabled;
  if (options.parameters) {
    auto parameters = read_parameters(options.parameters);
    if (!parameters) return std::unexpected(parameters.error());
    data.parameters = std::move(*parameters);
  }
  auto schedule = read_schedule(options.schedule, data.schedule);
  if (!schedule) return std::unexpected(schedule.error());
  data.schedule = std::move(*schedule);
  return data;
}

int print_pipeline(const Cli& cli, const tenancy::Tenant& tenant, const Pipeline& pipeline, std::string_view done) {
  if (cli.json) {
    print_json(pipeline);
    return 0;
  }
  print(fmt::format("pipeline {}/{} {}: {}{}\n", tenant.key, pipeline.data.name, done,
                    describe_schedule(pipeline.data.schedule),
                    pipeline.next_fire_at ? ", next at " + short_time(pipeline.next_fire_at) : ""));
  return 0;
}

Task<int> add(Session& session, Options options) {
  const auto tenant = co_await look_up_tenant(session.database, options->tenant);
  if (!tenant) co_return print_error(session.cli, tenant.error());
  if (const auto known = co_await check_names(session, tenant->id, options); !known)
    co_return print_error(session.cli, known.error());
  auto data = read_data(*options, {.name = options->pipeline});
  if (!data) co_return print_error(session.cli, data.error());
  const auto added = co_await scheduler::add_pipeline(session.database, options->actor(), tenant->id, std::move(*data));
  if (!added) co_return print_error(session.cli, added.error());
  co_return print_pipeline(session.cli, *tenant, *added, "added");
}

bool says_nothing(const PipelineOptions& options) {
  return !options.name && options.sources.empty() && options.scripts.empty() && !options.takes_all_sources &&
         !options.takes_all_scripts && !options.is_enabled && !options.is_disabled && !options.priority &&
         !options.parameters && !options.schedule.is_given();
}

Task<int> set(Session& session, Options options) {
  if (says_nothing(*options))
    co_return print_error(session.cli,
                          {ErrorCode::usage, "nothing to set: `weir pipeline set --help` names the options"});
  auto named = co_await look_up(session, options);
  if (!named) co_return print_error(session.cli, named.error());
  if (const auto known = co_await check_names(session, named->tenant.id, options); !known)
    co_return print_error(session.cli, known.error());
  auto data = read_data(*options, named->pipeline.data);
  if (!data) co_return print_error(session.cli, data.error());
  const auto changed =
      co_await scheduler::change_pipeline(session.database, options->actor(), named->tenant.id, named->pipeline.id,
                                          named->pipeline.version, std::move(*data));
  if (!changed) co_return print_error(session.cli, changed.error());
  co_return print_pipeline(session.cli, named->tenant, *changed, "changed");
}

Task<int> list(Session& session, Options options) {
  const auto tenant = co_await look_up_tenant(session.database, options->tenant);
  if (!tenant) co_return print_error(session.cli, tenant.error());
  const auto pipelines = co_await scheduler::list_pipelines(session.database, tenant->id);
  if (session.cli.json)
    print_json(pipelines);
  else if (pipelines.empty())
    print_notice(session.cli, fmt::format("tenant {} has no pipeline; every data source brings one: weir source add {} "
                                          "PROVIDER",
                                          tenant->key, tenant->key));
  else
    print_pipelines(session.cli, pipelines);
  co_return 0;
}

Task<int> show(Session& session, Options options) {
  const auto named = co_await look_up(session, options);
  if (!named) co_return print_error(session.cli, named.error());
  if (session.cli.json)
    print_json(named->pipeline);
  else
    print_details(session.cli, named->pipeline);
  co_return 0;
}

Task<int> run(Session& session, Options options) {
  const auto named = co_await look_up(session, options);
  if (!named) co_return print_error(session.cli, named.error());
  auto parameters = read_parameters(options->parameters, named->pipeline.data.parameters);
  if (!parameters) co_return print_error(session.cli, parameters.error());
  auto random = Random::from_system();
  queue::Queue queue(session.database, random);
  const bool is_backfill = parameters->contains("from");
  const auto asked =
      co_await queue.enqueue({.tenant = named->tenant.id,
                              .pipeline = named->pipeline.id,
                              .run_class = is_backfill ? queue::RunClass::backfill : queue::RunClass::manual,
                              .priority = options->priority.value_or(named->pipeline.data.priority),
                              .user = options->actor(),
                              .parameters = std::move(*parameters)});
  if (const auto error = refusal_of(asked, named->tenant.key, named->pipeline.data.name))
    co_return print_error(session.cli, *error);
  if (session.cli.json) {
    print_json({{"run", to_string(*asked.run)}, {"quota", to_document(asked.quota)}});
    co_return 0;
  }
  print(fmt::format("run {} waits in the queue; `weir queue why {}` says for what\n", to_string(*asked.run),
                    to_string(*asked.run)));
  if (const auto left = asked.quota.remaining())
    print(fmt::format("{} of {} runs of the day are left\n", *left, *asked.quota.limit));
  co_return 0;
}

Task<int> preview(Session& session, Options options) {
  const auto named = co_await look_up(session, options);
  if (!named) co_return print_error(session.cli, named.error());
  const auto schedule = read_schedule(options->schedule, named->pipeline.data.schedule);
  if (!schedule) co_return print_error(session.cli, schedule.error());
  const auto from = options->from.empty() ? std::optional(system_clock().now()) : parse_rfc3339(options->from);
  if (!from)
    co_return print_error(session.cli, {ErrorCode::usage, fmt::format("--from is '{}', which is no instant; write for "
                                                                      "example 2026-03-28T00:00:00Z",
                                                                      printable(options->from))});
  const auto fires =
      scheduler::preview_fires(*schedule, named->tenant.id, *from, static_cast<std::size_t>(options->count));
  if (!fires) co_return print_error(session.cli, fires.error());
  if (session.cli.json)
    print_json(to_documents(*fires));
  else if (fires->empty())
    print_notice(session.cli, fmt::format("pipeline {}/{} has no schedule: it runs by hand", named->tenant.key,
                                          named->pipeline.data.name));
  else
    print_fires(session.cli, *fires, *schedule);
  co_return 0;
}

Task<int> remove(Session& session, Options options) {
  const auto named = co_await look_up(session, options);
  if (!named) co_return print_error(session.cli, named.error());
  const auto& name = named->pipeline.data.name;
  const auto agreed = confirm(session.cli, options->is_confirmed ? Consent::given : Consent::to_be_asked,
                              fmt::format("removes pipeline {}/{}; what it imported stays", named->tenant.key, name));
  if (!agreed) co_return print_error(session.cli, agreed.error());
  const auto removed =
      co_await scheduler::remove_pipeline(session.database, options->actor(), named->tenant.id, named->pipeline.id);
  if (!removed) co_return print_error(session.cli, removed.error());
  if (session.cli.json)
    print_json({{"tenant", named->tenant.key}, {"name", name}, {"removed", true}});
  else
    print(fmt::format("pipeline {}/{} removed\n", named->tenant.key, name));
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
  auto options = std::make_shared<PipelineOptions>();
  command.add_option("tenant", options->tenant, "Its key or id")->required();
  return options;
}

Options about_pipeline(CLI::App& command, std::string_view what = "Its name or id") {
  auto options = about_tenant(command);
  command.add_option("pipeline", options->pipeline, std::string(what))->required();
  return options;
}

void add_data_options(CLI::App& command, PipelineOptions& options) {
  add_repeated(command, "--source", options.sources, "A data source it runs (repeatable; default: all)").type_name("S");
  add_repeated(command, "--script", options.scripts, "A script it runs, PROVIDER/SCRIPT (repeatable; default: all)")
      .type_name("P/S");
  add_schedule_options(command, options.schedule);
  command.add_option("--priority", options.priority, "From -10 to 10, before others of the tenant (0)")
      ->check(CLI::Range(-10, 10));
  command.add_option("--parameters", options.parameters, "What each run of it is given")->type_name("JSON");
  command.add_flag("--disable", options.is_disabled, "Its schedule rests");
}

void add_changing(CLI::App& pipeline, Cli& cli) {
  auto& adding = add_command(pipeline, "add", "Add a pipeline; without a schedule it runs by hand",
                             {"weir pipeline add acme nightly --schedule '30 2 * * *' --tz Europe/Berlin",
                              "weir pipeline add acme issues --source github --script github/issue --every 5m"});
  const auto added = about_pipeline(adding, "Its name, a-z, 0-9 and -");
  add_data_options(adding, *added);
  add_actor_option(adding, *added);
  run_with(adding, cli, added, add);

  auto& setting = add_command(pipeline, "set", "Change a pipeline; effective with its next run",
                              {"weir pipeline set acme github --every 1h", "weir pipeline set acme nightly --disable",
                               "weir pipeline set acme issues --all-scripts --priority 5"});
  const auto changed = about_pipeline(setting);
  setting.add_option("--name", changed->name, "Its new name")->type_name("NAME");
  add_data_options(setting, *changed);
  setting.add_flag("--enable", changed->is_enabled, "Its schedule goes on")->excludes("--disable");
  setting.add_flag("--all-sources", changed->takes_all_sources, "All data sources of the tenant")->excludes("--source");
  setting.add_flag("--all-scripts", changed->takes_all_scripts, "All scripts")->excludes("--script");
  add_actor_option(setting, *changed);
  run_with(setting, cli, changed, set);

  auto& removing = add_command(pipeline, "rm", "Remove a pipeline; a run of it that waits is cancelled",
                               {"weir pipeline rm acme nightly --yes"});
  const auto removed = about_pipeline(removing);
  removing.add_flag("--yes", removed->is_confirmed, "Do not ask");
  add_actor_option(removing, *removed);
  run_with(removing, cli, removed, remove);
}

void add_asking(CLI::App& pipeline, Cli& cli) {
  auto& listing = add_command(pipeline, "ls", "List a tenant's pipelines", {"weir pipeline ls acme"});
  run_with(listing, cli, about_tenant(listing), list);
  auto& showing = add_command(pipeline, "show", "Show one", {"weir pipeline show acme nightly"});
  run_with(showing, cli, about_pipeline(showing), show);

  auto& running = add_command(pipeline, "run", "Put a run of it into the queue, now; it counts for the day's quota",
                              {"weir pipeline run acme nightly",
                               "weir pipeline run acme github --parameters '{\"scripts\": [\"github/issue\"]}'"});
  const auto run_options = about_pipeline(running);
  running.add_option("--parameters", run_options->parameters, "Besides the pipeline's own, for this run")
      ->type_name("JSON");
  running.add_option("--priority", run_options->priority, "From -10 to 10 (the pipeline's)")
      ->check(CLI::Range(-10, 10));
  add_actor_option(running, *run_options);
  run_with(running, cli, run_options, run);

  auto& previewing =
      add_command(pipeline, "preview", "When it runs next, and what changes of the clock do to that",
                  {"weir pipeline preview acme nightly --count 20",
                   "weir pipeline preview acme nightly --schedule '30 2 * * *' --tz Europe/Berlin --from "
                   "2026-03-28T00:00:00Z"});
  const auto previewed = about_pipeline(previewing);
  previewing.add_option("--count", previewed->count, "So many")->check(CLI::Range(1, 500))->capture_default_str();
  previewing.add_option("--from", previewed->from, "After this instant (now)")->type_name("T");
  add_schedule_options(previewing, previewed->schedule);
  run_with(previewing, cli, previewed, preview);
}

}  // namespace

void add_pipeline(CLI::App& root, Cli& cli) {
  auto& pipeline = add_group(root, "pipeline", "Pipelines: what of a tenant runs when; every data source brings one");
  add_asking(pipeline, cli);
  add_changing(pipeline, cli);
}

}  // namespace weir::app

#include <fmt/format.h>

#include "orchestrator/script_why.hpp"
#include "queue/queue_list.hpp"
#include "weir/documents.hpp"
#include "weir/session.hpp"
#include "weir/tenant_lookup.hpp"
#include "weir/verbs.hpp"
#include "weir/verbs/run_id.hpp"
#include "weir/verbs/tenant_documents.hpp"

namespace weir::app {
namespace {

struct QueueOptions {
  std::string tenant, state, run;
  int limit = 100;
};
using Options = std::shared_ptr<QueueOptions>;

void print_entries(const Cli& cli, const std::vector<nlohmann::json>& entries) {
  Table table({{"RUN"},
               {"TENANT"},
               {"PIPELINE"},
               {"CLASS"},
               {"STATE"},
               {"PRIORITY", Align::right},
               {"FAILED", Align::right},
               {"DUE"}});
  for (const auto& entry : entries) {
    table.add_row({text_of(entry, "pipeline_run_id"), text_of(entry, "tenant_key"), text_of(entry, "pipeline"),
                   text_of(entry, "class"), text_of(entry, "state"), text_of(entry, "priority"),
                   text_of(entry, "attempt"), text_of(entry, "due_at")});
  }
  table.print(cli);
}

Task<int> list(Session& session, Options options) {
  queue::EntryFilter filter{.limit = options->limit};
  if (!options->state.empty()) filter.state = options->state;
  if (!options->tenant.empty()) {
    const auto tenant = co_await look_up_tenant(session.database, options->tenant);
    if (!tenant) co_return print_error(session.cli, tenant.error());
    filter.tenant = tenant->id;
  }
  const auto entries = co_await queue::list_entries(session.database, filter);
  if (session.cli.json)
    print_json(entries);
  else if (entries.empty())
    print_notice(session.cli, "nothing waits and nothing runs");
  else
    print_entries(session.cli, entries);
  co_return 0;
}

std::string script_text(const std::optional<queue::ExplainedScript>& script) {
  return script ? fmt::format(", {} of data source {}", script->script, script->data_source) : std::string();
}

Task<int> explain(Session& session, Options options) {
  const auto id = parse_run_id(options->run);
  if (!id) co_return print_error(session.cli, id.error());
  const auto explained =
      co_await orchestrator::explain_any_run(session.database, std::nullopt, *id, queue::Audience::operators);
  if (!explained)
    co_return print_error(session.cli, {ErrorCode::not_found, fmt::format("there is no run {}; `weir queue ls` "
                                                                          "and `weir runs` show what there is",
                                                                          id->to_string())});
  if (session.cli.json) {
    print_json(*explained);
    co_return 0;
  }
  print(fmt::format("{} {}{}\n", id->to_string(), explained->status, script_text(explained->script)));
  for (const auto& reason : explained->reasons)
    print(fmt::format("  {}{}\n", printable(reason.text),
                      reason.until ? fmt::format(" (until {})", short_time(reason.until)) : ""));
  if (explained->expected_start) print(fmt::format("expected to start at {}\n", short_time(explained->expected_start)));
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

}  // namespace

void add_queue(CLI::App& root, Cli& cli) {
  auto& queue = add_group(root, "queue", "The queue: pipeline runs that wait, run or are parked");
  auto& listing = add_command(queue, "ls", "List them, the oldest first",
                              {"weir queue ls", "weir queue ls --tenant acme --state parked --json"});
  const auto listed = std::make_shared<QueueOptions>();
  listing.add_option("--tenant", listed->tenant, "Only this tenant's (key or id)");
  listing.add_option("--state", listed->state, "Only those in this state")
      ->check(CLI::IsMember({"scheduled", "ready", "leased", "parked"}));
  listing.add_option("--limit", listed->limit, "At most so many")->check(CLI::Range(1, 10'000))->capture_default_str();
  run_with(listing, cli, listed, list);

  auto& why = add_command(queue, "why", "Why a run has not started or is not over, and when it should start",
                          {"weir queue why 01a20065-a932-70bb-b31e-38151ade6567"});
  const auto asked = std::make_shared<QueueOptions>();
  why.add_option("run", asked->run, "The id of a run or a pipeline run")->required();
  run_with(why, cli, asked, explain);
}

}  // namespace weir::app

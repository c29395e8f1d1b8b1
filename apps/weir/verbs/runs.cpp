#include "orchestrator/history.hpp"
#include "tenancy/tenant.hpp"
#include "weir/documents.hpp"
#include "weir/session.hpp"
#include "weir/tenant_lookup.hpp"
#include "weir/verbs.hpp"

namespace weir::app {
namespace {

struct RunsOptions {
  std::string tenant, source, script, status;
  int limit = 20;
};

std::optional<std::string> given(const std::string& text) { return text.empty() ? std::nullopt : std::optional(text); }

void print_runs(const Cli& cli, const nlohmann::json& runs) {
  Table table({{"RUN"},
               {"TENANT"},
               {"SOURCE"},
               {"SCRIPT"},
               {"STATUS"},
               {"STARTED"},
               {"TOOK", Align::right},
               {"IMPORTED", Align::right},
               {"UNCHANGED", Align::right},
               {"DELETED", Align::right},
               {"FAILED", Align::right},
               {"WHY"}});
  for (const auto& run : runs)
    table.add_row({text_of(run, "id"), text_of(run, "tenant"), text_of(run, "data_source"), text_of(run, "script"),
                   status_cell(run), text_of(run, "started_at"), time_taken(run), text_of(run, "records_imported"),
                   text_of(run, "records_unchanged"), text_of(run, "records_deleted"), text_of(run, "records_failed"),
                   text_of(run, run.value("error", nlohmann::json()).is_null() ? "reason" : "error")});
  table.print(cli);
}

Task<int> list_runs(Session& session, RunsOptions options) {
  orchestrator::RunFilter filter{.data_source = given(options.source),
                                 .script = given(options.script),
                                 .status = given(options.status),
                                 .limit = options.limit};
  if (!options.tenant.empty()) {
    const auto tenant = co_await look_up_tenant(session.database, options.tenant);
    if (!tenant) co_return print_error(session.cli, tenant.error());
    filter.tenant = tenant->id;
  }
  const auto runs = co_await orchestrator::list_runs(session.database, filter);
  if (session.cli.json)
    print_json(runs);
  else if (runs.empty())
    print_notice(session.cli, "no runs yet: `weir import` makes some");
  else
    print_runs(session.cli, runs);
  co_return 0;
}

}  // namespace

void add_runs(CLI::App& root, Cli& cli) {
  const auto options = std::make_shared<RunsOptions>();
  auto& verb =
      add_command(root, "runs", "List what ran, newest first",
                  {"weir runs", "weir runs --tenant acme --status FAILED", "weir runs --script git/commit --json"});
  verb.add_option("--tenant", options->tenant, "Only this tenant's (key or id)");
  verb.add_option("--source", options->source, "Only this data source's");
  verb.add_option("--script", options->script, "Only this script's, as provider/script");
  verb.add_option("--status", options->status, "Only those in this state")
      ->check(CLI::IsMember(
          {"RUNNING", "PARKED", "COMPLETED", "COMPLETED_WITH_GAPS", "FAILED", "CANCELLED", "INTERRUPTED", "SKIPPED"}));
  verb.add_option("--limit", options->limit, "At most so many")->check(CLI::Range(1, 10'000))->capture_default_str();
  verb.callback([&cli, options] {
    cli.action = [&cli, options] {
      return run_session(cli, [options](Session& session) { return list_runs(session, *options); });
    };
  });
}

}  // namespace weir::app

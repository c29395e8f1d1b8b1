#include "orchestrator/history.hpp"
#include "weir/documents.hpp"
#include "weir/session.hpp"
#include "weir/verbs.hpp"
#include "weir/verbs/run_id.hpp"

namespace weir::app {
namespace {

using nlohmann::json;

// What a run cost is told even if it is nothing.
bool is_cost(std::string_view member) {
  return member == "requests" || member == "not_modified" || member == "points" || member == "waited_ms";
}

void print_members(const Cli& cli, const json& document, std::initializer_list<const char*> members) {
  Table table({{"WHAT"}, {"VALUE"}});
  for (const char* member : members)
    if (const auto text = text_of(document, member); text != "-" && (text != "0" || is_cost(member)))
      table.add_row({member, text});
  table.print(cli);
}

void print_gaps(const Cli& cli, const json& gaps) {
  if (gaps.empty()) return;
  print("\nWhat is missing\n");
  Table table({{"PARTITION"}, {"KIND"}, {"SINCE"}, {"TRIED", Align::right}, {"REASON"}, {"REMEDY"}});
  for (const auto& gap : gaps)
    table.add_row({text_of(gap, "partition"),
                   {text_of(gap, "kind"), Colour::yellow},
                   text_of(gap, "opened_at"),
                   text_of(gap, "attempts"),
                   text_of(gap, "reason"),
                   text_of(gap, "remedy")});
  table.print(cli);
}

void print_run(const Cli& cli, const json& run) {
  print_members(cli, run,
                {"id",
                 "tenant",
                 "data_source",
                 "script",
                 "status",
                 "reason",
                 "error",
                 "user_id",
                 "pipeline_run_id",
                 "started_at",
                 "completed_at",
                 "duration_ms",
                 "records_imported",
                 "records_unchanged",
                 "records_deleted",
                 "records_failed",
                 "records_mended",
                 "requests",
                 "not_modified",
                 "points",
                 "bytes",
                 "waited_ms",
                 "checkpoints",
                 "log_lines",
                 "log_dropped"});
  if (!run.at("ledger").empty()) {
    print("\nCompleteness\n");
    Table table({{"PARTITION"},
                 {"EXPECTED", Align::right},
                 {"FETCHED", Align::right},
                 {"COMMITTED", Align::right},
                 {"REJECTED", Align::right},
                 {"SKIPPED", Align::right},
                 {"COMPLETE"},
                 {"NOTE"}});
    for (const auto& entry : run["ledger"])
      table.add_row({text_of(entry, "partition"), text_of(entry, "expected"), text_of(entry, "fetched"),
                     text_of(entry, "committed"), text_of(entry, "rejected"), text_of(entry, "skipped"),
                     entry.value("is_complete", false) ? Cell("yes", Colour::green) : Cell("no", Colour::yellow),
                     text_of(entry, "note")});
    table.print(cli);
  }
  print_gaps(cli, run.at("gaps"));
}

void print_pipeline_run(const Cli& cli, const json& run) {
  print_members(cli, run,
                {"id", "tenant", "trigger", "status", "user_id", "fire_at", "started_at", "completed_at", "error"});
  print("\n");
  Table table({{"SOURCE"}, {"SCRIPT"}, {"STATUS"}, {"IMPORTED", Align::right}, {"WHY"}, {"RUN"}});
  for (const auto& script : run.at("runs"))
    table.add_row({text_of(script, "data_source"), text_of(script, "script"), status_cell(script),
                   text_of(script, "records_imported"),
                   text_of(script, script.value("error", json()).is_null() ? "reason" : "error"),
                   text_of(script, "id")});
  table.print(cli);
}

Task<int> show_run(Session& session, std::string text) {
  const auto id = parse_run_id(text);
  if (!id) co_return print_error(session.cli, id.error());
  const auto run = co_await orchestrator::describe_run(session.database, *id);
  if (!run) co_return print_error(session.cli, run.error());
  if (session.cli.json)
    print_json(*run);
  else if (run->at("kind") == "run")
    print_run(session.cli, *run);
  else
    print_pipeline_run(session.cli, *run);
  co_return 0;
}

}  // namespace

void add_run(CLI::App& root, Cli& cli) {
  auto& group = add_group(root, "run", "One run: what it did and what is missing");
  const auto id = std::make_shared<std::string>();
  auto& show = add_command(group, "show", "Show a run or a pipeline run: counts, completeness, gaps",
                           {"weir run show 01a20065-a932-70bb-b31e-38151ade6567"});
  show.add_option("run", *id, "The run's or pipeline run's id")->required();
  show.callback([&cli, id] {
    cli.action = [&cli, id] { return run_session(cli, [id](Session& session) { return show_run(session, *id); }); };
  });
}

}  // namespace weir::app

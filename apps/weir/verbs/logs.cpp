#include <map>

#include <fmt/format.h>

#include "base/task_group.hpp"
#include "base/time.hpp"
#include "orchestrator/history.hpp"
#include "weir/documents.hpp"
#include "weir/session.hpp"
#include "weir/verbs.hpp"
#include "weir/verbs/run_id.hpp"

namespace weir::app {
namespace {

using nlohmann::json;

constexpr auto k_follow_interval = 500ms;

Colour colour_of(const std::string& level) {
  if (level == "error") return Colour::red;
  return level == "warning" ? Colour::yellow : Colour::plain;
}

void print_line(const Cli& cli, const json& run, const json& line) {
  if (cli.json) {
    auto document = line;
    document["script"] = run.at("script");
    document["data_source"] = run.at("data_source");
    print_json_line(document);
    return;
  }
  auto text = fmt::format("{} {:7} {} {}", text_of(line, "at"), text_of(line, "level"), text_of(run, "script"),
                          text_of(line, "message"));
  if (const auto record = text_of(line, "record_id"); record != "-") text += fmt::format(" [{}]", record);
  if (const auto details = text_of(line, "details"); details != "-") text += " " + details;
  print(paint(cli, colour_of(line.at("level")), text) + "\n");
}

// Lines already shown, by run.
using Shown = std::map<std::string, int>;

Task<int> print_new_lines(Session& session, const json& run, Shown& shown) {
  const auto id = run.at("id").get<std::string>();
  const auto tenant = TenantId(Uuid::parse(run.at("tenant_id").get<std::string>()).value_or(Uuid{}));
  const auto lines = co_await orchestrator::list_log_lines(session.database, tenant,
                                                           RunId(Uuid::parse(id).value_or(Uuid{})), shown[id]);
  for (const auto& line : lines) {
    print_line(session.cli, run, line);
    shown[id] = line.at("line").get<int>();
  }
  co_return static_cast<int>(lines.size());
}

bool is_over(const json& document) {
  const auto& status = document.at("status").get_ref<const std::string&>();
  return status != "RUNNING" && status != "PARKED" && status != "IDLE";
}

Task<int> show_logs(Session& session, std::string text, bool is_following) {
  const auto id = parse_run_id(text);
  if (!id) co_return print_error(session.cli, id.error());
  Shown shown;
  for (;;) {
    const auto document = co_await orchestrator::describe_run(session.database, *id);
    if (!document) co_return print_error(session.cli, document.error());
    const auto runs = document->at("kind") == "run" ? json::array({*document}) : document->at("runs");
    for (const auto& run : runs) co_await print_new_lines(session, run, shown);
    if (!is_following || is_over(*document)) break;
    co_await sleep_for(k_follow_interval);
  }
  if (shown.empty() || std::ranges::all_of(shown, [](const auto& entry) { return entry.second == 0; }))
    print_notice(session.cli, "the run wrote no lines");
  co_return 0;
}

}  // namespace

void add_logs(CLI::App& root, Cli& cli) {
  struct Options {
    std::string run;
    bool is_following = false;
  };
  const auto options = std::make_shared<Options>();
  auto& verb = add_command(
      root, "logs", "Show what a run had to say",
      {"weir logs 01a20065-a932-70bb-b31e-38151ade6567", "weir logs -f 01a20065-a932-70bb-b31e-38151ade6567"});
  verb.add_option("run", options->run, "The run's or pipeline run's id")->required();
  verb.add_flag("-f,--follow", options->is_following, "Go on until the run is over");
  verb.callback([&cli, options] {
    cli.action = [&cli, options] {
      return run_session(
          cli, [options](Session& session) { return show_logs(session, options->run, options->is_following); });
    };
  });
}

}  // namespace weir::app

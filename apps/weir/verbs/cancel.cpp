#include <fmt/format.h>

#include "orchestrator/history.hpp"
#include "weir/session.hpp"
#include "weir/verbs.hpp"
#include "weir/verbs/run_id.hpp"

namespace weir::app {
namespace {

Task<int> cancel_run(Session& session, std::string text) {
  const auto id = parse_run_id(text);
  if (!id) co_return print_error(session.cli, id.error());
  const auto cancelled = co_await orchestrator::cancel_run(session.database, command_line_actor(), *id);
  if (!cancelled) co_return print_error(session.cli, cancelled.error());
  if (session.cli.json)
    print_json({{"id", id->to_string()}, {"status", "CANCELLED"}});
  else
    print(fmt::format("{} is cancelled: what it had not committed is dropped, the next run goes on from there\n",
                      id->to_string()));
  co_return 0;
}

}  // namespace

void add_cancel(CLI::App& root, Cli& cli) {
  const auto id = std::make_shared<std::string>();
  auto& verb = add_command(root, "cancel", "End a run or a pipeline run, within seconds",
                           {"weir cancel 01a20065-a932-70bb-b31e-38151ade6567"});
  verb.add_option("run", *id, "The run's or pipeline run's id")->required();
  verb.callback([&cli, id] {
    cli.action = [&cli, id] { return run_session(cli, [id](Session& session) { return cancel_run(session, *id); }); };
  });
}

}  // namespace weir::app

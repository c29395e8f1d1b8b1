#include "orchestrator/plan.hpp"

#include <fmt/format.h>

#include "weir/documents.hpp"
#include "weir/plugins.hpp"
#include "weir/session.hpp"
#include "weir/tenant_lookup.hpp"
#include "weir/verbs.hpp"

namespace weir::app {
namespace {

using nlohmann::json;

Colour colour_of(const std::string& action) {
  if (action == "run" || action == "resume") return Colour::green;
  return action == "error" ? Colour::red : Colour::yellow;
}

// "everything", one partition's range, or the widest of many.
std::string range_of(const json& script) {
  const auto& partitions = script.at("partitions");
  if (partitions.empty()) return script.at("step").is_null() ? "-" : "to be found out";
  std::string from = "9", to;
  for (const auto& partition : partitions) {
    from = std::min(from, partition.at("from").is_null() ? "" : text_of(partition, "from"));
    to = std::max(to, text_of(partition, "to"));
  }
  const auto range = fmt::format("{} … {}", from.empty() ? "the beginning" : from, to);
  return partitions.size() == 1 ? range : fmt::format("{} ({} partitions)", range, partitions.size());
}

std::string why_of(const json& script) {
  auto why = text_of(script, "why");
  if (why == "-") why.clear();
  const auto& waits_for = script.at("waits_for");
  if (!waits_for.empty()) {
    std::string names;
    for (const auto& name : waits_for) names += (names.empty() ? "" : ", ") + name.get<std::string>();
    why += (why.empty() ? "" : "; ") + fmt::format("after {}", names);
  }
  if (script.at("declaration_changed").get<bool>())
    why += (why.empty() ? "" : "; ") + std::string("its declaration changed since its cursor was made");
  return why.empty() ? "-" : why;
}

void print_plan(const Cli& cli, const json& plan) {
  Table table({{"STEP", Align::right}, {"SOURCE"}, {"SCRIPT"}, {"ACTION"}, {"RANGE"}, {"WHY"}});
  for (const auto& script : plan.at("scripts"))
    table.add_row({text_of(script, "step"),
                   text_of(script, "data_source"),
                   text_of(script, "script"),
                   {text_of(script, "action"), colour_of(script.at("action"))},
                   range_of(script),
                   why_of(script)});
  table.print(cli);
}

Task<int> show_plan(Session& session, std::string name) {
  const auto tenant = co_await look_up_tenant(session.database, name);
  if (!tenant) co_return print_error(session.cli, tenant.error());
  const auto catalog = read_plugins(session.cli);
  const auto plan = co_await orchestrator::plan_tenant(session.database, catalog, *tenant);
  if (session.cli.json)
    print_json(plan);
  else if (plan.at("scripts").empty())
    print_notice(session.cli,
                 fmt::format("{0} has no data source yet: `weir source add {0} git --set GIT_URL=…`", tenant->key));
  else
    print_plan(session.cli, plan);
  co_return 0;
}

}  // namespace

void add_plan(CLI::App& root, Cli& cli) {
  const auto tenant = std::make_shared<std::string>();
  auto& verb = add_command(root, "plan", "Show what an import would run, in which order, over which range, and why not",
                           {"weir plan acme", "weir plan acme --json"});
  verb.add_option("tenant", *tenant, "The tenant's key or id")->required();
  verb.callback([&cli, tenant] {
    cli.action = [&cli, tenant] {
      return run_session(cli, [tenant](Session& session) { return show_plan(session, *tenant); });
    };
  });
}

}  // namespace weir::app

// `weir tenant plans`: what tenants may use. Which tenant has which is in `weir tenant set`.
#include <charconv>

#include <fmt/format.h>

#include "tenancy/plan.hpp"
#include "weir/confirm.hpp"
#include "weir/table.hpp"
#include "weir/verbs/tenant.hpp"
#include "weir/verbs/tenant_documents.hpp"

namespace weir::app {
namespace {

constexpr std::string_view k_no_limit = "unlimited";

struct PlanOptions : ActorOption {
  std::string name;
  std::optional<std::string> runs_per_day, keep_days;
  std::optional<int> concurrent_runs, weight;
  bool is_confirmed = false;
};
using Options = std::shared_ptr<PlanOptions>;

std::string number_text(const std::optional<int>& number) {
  return number ? std::to_string(*number) : std::string(k_no_limit);
}

// A number, or no limit.
Result<> read_limit(std::string_view option, const std::optional<std::string>& text, std::optional<int>& limit) {
  if (!text) return {};
  limit.reset();
  if (*text == k_no_limit) return {};
  int number = 0;
  const auto* end = text->data() + text->size();
  const auto read = std::from_chars(text->data(), end, number);
  if (read.ec != std::errc() || read.ptr != end || number < 0)
    return fail(ErrorCode::usage,
                fmt::format("{} is '{}': write a number, or {}", option, printable(*text), k_no_limit));
  limit = number;
  return {};
}

void print_plans(const Cli& cli, const std::vector<tenancy::Plan>& plans) {
  Table table({{"PLAN"},
               {"RUNS A DAY", Align::right},
               {"AT ONCE", Align::right},
               {"WEIGHT", Align::right},
               {"DATA KEPT, DAYS", Align::right}});
  for (const auto& plan : plans)
    table.add_row({plan.name, number_text(plan.data.runs_per_day), std::to_string(plan.data.concurrent_runs),
                   std::to_string(plan.data.weight), number_text(plan.data.data_retention_days)});
  table.print(cli);
}

Task<int> list(Session& session, Options) {
  const auto plans = co_await tenancy::list_plans(session.database);
  if (session.cli.json) {
    auto documents = nlohmann::json::array();
    for (const auto& plan : plans) documents.push_back(to_document(plan));
    print_json(documents);
  } else if (plans.empty()) {
    print_notice(session.cli, "there is no plan yet: weir tenant plans set NAME makes one");
  } else {
    print_plans(session.cli, plans);
  }
  co_return 0;
}

Task<int> set(Session& session, Options options) {
  const auto known = co_await tenancy::find_plan(session.database, options->name);
  if (!known && known.error().code != ErrorCode::not_found) co_return print_error(session.cli, known.error());
  auto data = known ? known->data : tenancy::PlanData();
  for (const auto& read : {read_limit("--runs-per-day", options->runs_per_day, data.runs_per_day),
                           read_limit("--keep-days", options->keep_days, data.data_retention_days)})
    if (!read) co_return print_error(session.cli, read.error());
  data.concurrent_runs = options->concurrent_runs.value_or(data.concurrent_runs);
  data.weight = options->weight.value_or(data.weight);
  const auto saved = co_await tenancy::save_plan(session.database, options->actor(), options->name, data);
  if (!saved) co_return print_error(session.cli, saved.error());
  if (session.cli.json) {
    auto document = to_document(saved->plan);
    document["is_new"] = saved->is_new;
    print_json(document);
  } else {
    print(fmt::format("plan {} {}\n", saved->plan.name, saved->is_new ? "added" : "changed"));
    print_plans(session.cli, {saved->plan});
  }
  co_return 0;
}

Task<int> remove(Session& session, Options options) {
  const auto agreed = confirm(session.cli, options->is_confirmed ? Consent::given : Consent::to_be_asked,
                              fmt::format("removes plan {}", printable(options->name)));
  if (!agreed) co_return print_error(session.cli, agreed.error());
  const auto removed = co_await tenancy::remove_plan(session.database, options->actor(), options->name);
  if (!removed) co_return print_error(session.cli, removed.error());
  if (session.cli.json)
    print_json({{"name", options->name}, {"removed", true}});
  else
    print(fmt::format("plan {} removed\n", options->name));
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

void add_tenant_plans(CLI::App& tenant, Cli& cli) {
  auto& plans = add_group(tenant, "plans", "Plans: what tenants may use; weir tenant set T --plan NAME gives one");
  auto& listing = add_command(plans, "ls", "List the plans", {"weir tenant plans ls"});
  run_with(listing, cli, std::make_shared<PlanOptions>(), list);

  auto& setting = add_command(plans, "set", "Add or change a plan; its tenants have the new limits at once",
                              {"weir tenant plans set standard --runs-per-day 100 --concurrent-runs 2",
                               "weir tenant plans set trial --keep-days 30 --runs-per-day unlimited"});
  const auto options = std::make_shared<PlanOptions>();
  setting.add_option("plan", options->name, "Its name, a-z, 0-9 and -")->required();
  setting
      .add_option("--runs-per-day", options->runs_per_day, "Pipeline runs of a tenant's day, or unlimited (default)")
      ->type_name("N");
  setting.add_option("--concurrent-runs", options->concurrent_runs, "Pipeline runs of a tenant at once (default 2)")
      ->type_name("N");
  setting.add_option("--weight", options->weight, "A tenant's share where many wait (default 100)")->type_name("N");
  setting.add_option("--keep-days", options->keep_days, "How long imported rows are kept, or unlimited (default)")
      ->type_name("N");
  add_actor_option(setting, *options);
  run_with(setting, cli, options, set);

  auto& removing = add_command(plans, "rm", "Remove a plan that no tenant has", {"weir tenant plans rm trial --yes"});
  const auto removed = std::make_shared<PlanOptions>();
  removing.add_option("plan", removed->name, "Its name")->required();
  removing.add_flag("--yes", removed->is_confirmed, "Do not ask");
  add_actor_option(removing, *removed);
  run_with(removing, cli, removed, remove);
}

}  // namespace weir::app

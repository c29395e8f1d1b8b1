#include "plugin/declarative/run.hpp"

#include <ranges>

#include <fmt/format.h>

#include "http/rate_observation.hpp"
#include "plugin/declarative/page_reader.hpp"
#include "plugin/declarative/partition_router.hpp"
#include "plugin/trial/trial_pass.hpp"

namespace weir::plugin::declarative {
namespace {

constexpr int k_partitions_checked_max = 3;  // one may be out of reach for reasons of its own

WalkSettings settings_of(const ScriptDeclaration& declaration) {
  const auto& plan = *declaration.plan;
  auto settings = walk_settings(declaration);
  settings.listing.address = address_of(plan.pages, plan.requests);
  settings.listing.page_size_max = plan.pages.size;
  settings.granularity = plan.granularity;
  settings.results_max = plan.pages.results_max;
  settings.asks_up_to = declaration.cursor == CursorKind::descending && asks_up_to(plan.requests);
  return settings;
}

// What is left of the budget, as the answer says it.
std::string budget_of(const Reply& reply, Instant now) {
  const auto seen = http::observe_rate(reply.headers, reply.provider_time.value_or(now));
  if (!seen.has_units()) return {};
  auto text = fmt::format("; {} requests are left", *seen.remaining);
  if (seen.limit) text += fmt::format(" of {}", *seen.limit);
  if (seen.reset_at) text += fmt::format(" until {}", format_rfc3339(*seen.reset_at));
  return text;
}

}  // namespace

Task<Result<std::vector<Partition>>> list_partitions(const RunExchange& run, const ScriptServices& services) {
  if (!run.plan.partition) co_return std::vector{Partition{.key = "", .title = {}}};
  Scope scope;
  scope.set(Root::env, run.environment.value());
  scope.set(Root::now, Value::Any(run.clock.now()));
  const auto& partition = *run.plan.partition;
  ParentRows rows;
  if (!partition.resource.empty()) {
    if (services.parents == nullptr)
      co_return fail(ErrorCode::internal, "nothing gives this script the rows of other resources");
    rows = co_await services.parents->read(partition.resource, partition.columns);
  }
  co_return route_partitions(partition, rows, scope);
}

DeclarativeRun::DeclarativeRun(const ScriptDeclaration& declaration, ScriptServices services, http::Url base,
                               std::unique_ptr<Requester> requester)
    : PagedScriptRun(settings_of(declaration)),
      name_(declaration.name),
      services_(std::move(services)),
      exchange_(*declaration.plan, services_, std::move(base), std::move(requester)),
      works_(exchange_) {}

Task<Result<std::vector<Partition>>> DeclarativeRun::partitions() { return list_partitions(exchange_, services_); }

Task<Findings> DeclarativeRun::check() {
  const auto& plan = exchange_.plan;
  if (plan.partition) co_return co_await check_partitions();
  const load::ResourceCatalog none;
  const Partition whole{.key = "", .title = {}};
  const auto now = exchange_.clock.now();
  TrialPass pass(none, whole, {.start = now, .end = now});
  auto work = works_.take(pass);
  const PageQuery first{.page_size = plan.pages.size};
  const auto page = co_await work->fetch({plan.requests, plan.pages, plan.records}, first, nullptr);
  if (!page) co_return Findings{problem_of(name_, page.error())};
  const auto records = page->total.value_or(static_cast<std::int64_t>(page->records.size()));
  const auto more = page->has_more && !page->total ? " or more" : "";
  const auto budget = budget_of(work->reply(), now);
  works_.give_back(std::move(work));
  if (records > 0)
    co_return Findings{{name_, Verdict::ok, fmt::format("{}{} records can be read{}", records, more, budget)}};
  co_return Findings{{name_, Verdict::warning, "the credentials reach nothing" + budget,
                      "check the settings, and what the credentials may read"}};
}

// Whether one of the first can be read, where there are any. It only speaks of problems: there are many such scripts.
Task<Findings> DeclarativeRun::check_partitions() {
  if (services_.parents == nullptr) co_return Findings();
  const auto partitions = co_await list_partitions(exchange_, services_);
  if (!partitions) co_return Findings{problem_of(name_, partitions.error())};
  Findings findings;
  for (const auto& partition : *partitions | std::views::take(k_partitions_checked_max)) {
    const auto error = co_await look_at(partition);
    if (!error) co_return Findings();
    findings = {problem_of(name_, *error)};
    if (error->code != ErrorCode::unreachable) break;
  }
  co_return findings;
}

Task<std::optional<Error>> DeclarativeRun::look_at(const Partition& partition) {
  const load::ResourceCatalog none;
  const auto& plan = exchange_.plan;
  const auto now = exchange_.clock.now();
  TrialPass pass(none, partition, {.start = now, .end = now});
  auto work = works_.take(pass);
  const PageQuery first{.from = now, .page_size = plan.pages.size};
  const auto page = co_await work->fetch({plan.requests, plan.pages, plan.records}, first, nullptr);
  if (!page) co_return page.error();
  works_.give_back(std::move(work));
  co_return std::nullopt;
}

Task<Result<Page>> DeclarativeRun::fetch(PageQuery query, PassContext& pass, nlohmann::json here) {
  auto work = works_.take(pass);
  const auto& plan = exchange_.plan;
  auto page = co_await work->fetch({plan.requests, plan.pages, plan.records}, std::move(query), nullptr);
  if (!page) co_return page;
  // Before anything is committed: it may lower the pass's end.
  if (page->provider_time) pass.note_provider_time(*page->provider_time);
  const auto added = co_await work->add_rows(std::move(here));
  if (!added) co_return std::unexpected(added.error());
  works_.give_back(std::move(work));
  co_return page;
}

}  // namespace weir::plugin::declarative

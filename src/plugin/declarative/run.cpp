#include "plugin/declarative/run.hpp"

#include "plugin/declarative/page_reader.hpp"
#include "plugin/declarative/partition_router.hpp"

namespace weir::plugin::declarative {
namespace {

WalkSettings settings_of(const ScriptDeclaration& declaration) {
  const auto& plan = *declaration.plan;
  auto settings = walk_settings(declaration);
  settings.listing.address = address_of(plan.pages, plan.requests);
  settings.listing.page_size_max = plan.pages.size;
  settings.granularity = plan.granularity;
  settings.results_max = plan.pages.results_max;
  return settings;
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
      services_(std::move(services)),
      exchange_(*declaration.plan, services_, std::move(base), std::move(requester)),
      works_(exchange_) {}

Task<Result<std::vector<Partition>>> DeclarativeRun::partitions() { return list_partitions(exchange_, services_); }

Task<Result<Page>> DeclarativeRun::fetch(PageQuery query, PassContext& pass) {
  auto work = works_.take(pass);
  const auto& plan = exchange_.plan;
  auto page = co_await work->fetch({plan.requests, plan.pages, plan.records}, std::move(query), nullptr);
  if (!page) co_return page;
  const auto added = co_await work->add_rows();
  if (!added) co_return std::unexpected(added.error());
  works_.give_back(std::move(work));
  co_return page;
}

}  // namespace weir::plugin::declarative

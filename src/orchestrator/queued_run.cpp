#include "orchestrator/queued_run.hpp"

#include <fmt/format.h>

#include "base/log.hpp"
#include "orchestrator/backfill.hpp"
#include "orchestrator/insist.hpp"
#include "orchestrator/pipeline_run.hpp"
#include "orchestrator/sql.hpp"

namespace weir::orchestrator {
namespace {

constexpr auto k_write_patience = 15s;

// Scripts, tables and resources are those of the catalog that the run was begun with.
RunServices with_catalog(const RunServices& services, const plugin::PluginCatalog& catalog) {
  return {services.executor,   services.blocking, services.clock,    services.database, services.vault,
          catalog.resources(), services.node,     services.settings, services.provider};
}

std::vector<ScriptReport> read_summary(const std::optional<nlohmann::json>& summary) {
  std::vector<ScriptReport> reports;
  if (!summary || !summary->is_array()) return reports;
  for (const auto& one : *summary) reports.push_back(read_script_report(one));
  return reports;
}

}  // namespace

QueuedRun::QueuedRun(const RunServices& services, std::shared_ptr<const plugin::PluginCatalog> catalog,
                     queue::Queue& queue, queue::ClaimedRun claimed, Epoch epoch)
    : catalog_(std::move(catalog)),
      services_(with_catalog(services, *catalog_)),
      claimed_(std::move(claimed)),
      record_(services_.database, queue, claimed_, epoch) {}

Task<> QueuedRun::run() {
  std::optional<Error> failure;
  try {
    co_await work();
  } catch (...) {
    failure = current_error();
  }
  if (!failure) co_return;
  log_warning("pipeline run {}: {}", to_string(claimed_.id), failure->message);
  PipelineReport report{.tenant_key = to_string(claimed_.tenant), .error = failure};
  try {
    co_await insist([&] { return record_.end(report, stops_ > 0); }, k_write_patience);
  } catch (...) {
    log_warning("pipeline run {} was not given back: {}", to_string(claimed_.id), current_error().message);
  }
}

Task<> QueuedRun::work() {
  auto order = co_await insist([this] { return read_order(); }, services_.settings.database_patience);
  if (!order) {
    const auto& error = order.error();
    co_await insist([&] { return record_.refuse(error); }, k_write_patience);
    co_return;
  }
  if (order->parameters.backfill)
    co_await work_backfill(std::move(*order));
  else
    co_await work_pipeline(std::move(*order));
}

Task<Result<QueuedRun::Order>> QueuedRun::read_order() {
  const auto tenant = co_await tenancy::find_tenant(services_.database, to_string(claimed_.tenant));
  if (!tenant) co_return std::unexpected(tenant.error());
  auto parameters = read_run_parameters(without_notes(claimed_.parameters), services_.clock.now());
  if (!parameters) co_return std::unexpected(parameters.error());
  const auto rows =
      co_await services_.database.query(pg::Scope::control(), sql::read_queued_run, pg::Params(claimed_.id));
  if (rows.empty()) co_return fail(ErrorCode::not_found, "the pipeline run is gone");
  const auto row = rows.one();
  // Without it nobody knows what it was to take: "nothing named" would be everything.
  if (row.get<bool>("is_pipeline_gone")) co_return fail(ErrorCode::not_found, "its pipeline was removed");
  Order order{.tenant = *tenant, .parameters = std::move(*parameters), .selection = {}, .earlier = {}};
  order.selection = {.sources = order.parameters.sources.value_or(row.get<std::vector<std::string>>("data_sources")),
                     .scripts = order.parameters.scripts.value_or(row.get<std::vector<std::string>>("scripts")),
                     .with_dependencies = order.parameters.with_dependencies};
  earlier_ = read_summary(row.get<std::optional<nlohmann::json>>("summary"));
  order.earlier = earlier_;
  co_return order;
}

Task<> QueuedRun::work_pipeline(Order order) {
  const auto sources =
      co_await insist([this] { return tenancy::list_data_sources(services_.database, claimed_.tenant); },
                      services_.settings.database_patience);
  auto refused = refuse_unknown(order.selection, sources, *catalog_);
  PipelineRun run(services_, *catalog_,
                  {.tenant = std::move(order.tenant),
                   .selection = std::move(order.selection),
                   .user = claimed_.user,
                   .wait_limits = 0ms,
                   .earlier = std::move(order.earlier),
                   .refused = std::move(refused)},
                  record_);
  co_await drive(run);
}

Task<> QueuedRun::work_backfill(Order order) {
  const auto& wanted = *order.parameters.backfill;
  const auto source = co_await tenancy::find_data_source(services_.database, claimed_.tenant, wanted.source);
  const auto script = source ? script_to_backfill(wanted, *source, *catalog_) : std::unexpected(source.error());
  if (!script) co_return co_await record_.refuse(script.error());
  const auto& declaration = (*script)->declaration();
  Backfill backfill(services_, *catalog_,
                    {.tenant = std::move(order.tenant),
                     .id = {wanted.source, declaration.full_name()},
                     .range = {wanted.range.from, wanted.range.to},
                     .to_named = wanted.range.to_named,
                     .window = backfill_window(declaration),
                     .user = claimed_.user,
                     .wait_limits = 0ms},
                    record_);
  co_await drive(backfill);
}

// Orders that came before there was anything to give them to are given at once.
template <class Work>
Task<> QueuedRun::drive(Work& work) {
  stop_work_ = [&work] { work.stop(); };
  end_work_ = [&work](RunStatus status, const Error& reason) { work.end(status, reason); };
  if (lost_) end_work_(RunStatus::interrupted, *lost_);
  for (int i = 0; i < stops_ && !lost_; ++i) stop_work_();
  const auto report = co_await work.run();
  stop_work_ = nullptr;
  end_work_ = nullptr;
  if (!record_.is_ended())
    throw Failure(report.error.value_or(Error{ErrorCode::internal, "its end was not written down"}));
}

void QueuedRun::stop() {
  ++stops_;
  if (stops_ == 1 && stop_work_) return stop_work_();
  if (end_work_)
    end_work_(RunStatus::interrupted,
              {ErrorCode::cancelled, "stopped at once on request; another node goes on from the last checkpoint"});
}

void QueuedRun::lose(const Error& reason) {
  lost_ = lost_.value_or(reason);
  if (end_work_) end_work_(RunStatus::interrupted, reason);
}

}  // namespace weir::orchestrator

#include "orchestrator/pipeline_record.hpp"

#include <fmt/format.h>

#include "load/json_param.hpp"
#include "load/text.hpp"
#include "orchestrator/sql.hpp"

namespace weir::orchestrator {

Task<BegunRun> OwnRecord::begin(nlohmann::json parameters) {
  const auto& node = services_.node;
  const auto rows = co_await services_.database.query(
      pg::Scope::control(), kind_ == Kind::manual ? sql::begin_pipeline_run : sql::begin_backfill,
      pg::Params(tenant_, user_, parameters, node.id(), node.epoch()));
  if (rows.empty()) throw Failure({ErrorCode::not_found, fmt::format("tenant {} is being removed", tenant_key_)});
  const auto row = rows.one();
  id_ = row.get<PipelineRunId>("id");
  BegunRun begun{.id = id_};
  if (kind_ == Kind::manual) co_return begun;
  begun.done_to = row.get<std::optional<Instant>>("done_to");
  begun.window = row.get<std::optional<nlohmann::json>>("window").value_or(nullptr);
  co_return begun;
}

Task<Result<>> OwnRecord::adopt() {
  const auto rows = co_await services_.database.query(pg::Scope::control(), sql::adopt_pipeline_run,
                                                      pg::Params(id_, services_.node.epoch()));
  if (rows.empty()) co_return fail(ErrorCode::conflict, "the pipeline run was ended by somebody else");
  co_return Result<>{};
}

// Reasons may repeat a provider's words, which may hold what PostgreSQL refuses.
Task<> OwnRecord::end(PipelineReport report, bool) {
  pg::Params params(id_, report.status);
  load::add_json(params, nlohmann::json(report.scripts));
  params.add(report.error ? std::optional(load::mended_text(report.error->message)) : std::nullopt);
  co_await services_.database.query(pg::Scope::control(), sql::end_pipeline_run, std::move(params));
}

}  // namespace weir::orchestrator

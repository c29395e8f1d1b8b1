#include "orchestrator/queued_record.hpp"

#include <algorithm>

#include "load/json_param.hpp"
#include "load/text.hpp"
#include "orchestrator/sql.hpp"

namespace weir::orchestrator {
namespace {

using queue::RunEndStatus;

bool may_retry(const PipelineReport& report) {
  return std::ranges::any_of(report.scripts,
                             [](const ScriptReport& one) { return one.status == "FAILED" && one.may_retry; });
}

// What may be tried again comes before what is parked, and that before what has failed for good.
RunEndStatus status_of(const PipelineReport& report, bool was_stopped) {
  if (report.status == "CANCELLED") return RunEndStatus::cancelled;
  if (report.status == "COMPLETED") return RunEndStatus::completed;
  if (report.status == "COMPLETED_WITH_GAPS") return RunEndStatus::completed_with_gaps;
  if (report.status == "INTERRUPTED") {
    if (was_stopped) return RunEndStatus::released;
    const bool is_environment = !report.error || traits(report.error->code).retry != RetryClass::never ||
                                report.error->code == ErrorCode::lease_lost;
    return is_environment ? RunEndStatus::interrupted : RunEndStatus::failed;
  }
  const bool is_parked = has_status(report.scripts, "PARKED");
  return is_parked && !may_retry(report) ? RunEndStatus::parked : RunEndStatus::failed;
}

}  // namespace

queue::RunEnd queue_end_of(const PipelineReport& report, bool was_stopped) {
  queue::RunEnd end{.status = status_of(report, was_stopped), .summary = report.scripts};
  if (report.error && report.scripts.empty()) end.summary = nullptr;  // earlier parts have said theirs
  if (report.error)
    end.error = report.error->message;
  else if (end.status != RunEndStatus::completed && end.status != RunEndStatus::completed_with_gaps)
    end.error = worst_reason(report.scripts);
  end.may_retry = may_retry(report);
  if (has_status(report.scripts, "PARKED")) end.wake_at = earliest_wake(report.scripts);
  return end;
}

Task<BegunRun> QueuedRecord::begin(nlohmann::json parameters) {
  BegunRun begun{.id = claimed_.id};
  if (!parameters.contains("from")) co_return begun;
  const auto rows =
      co_await database_.query(pg::Scope::control(), sql::begin_queued_backfill, pg::Params(claimed_.id, parameters));
  if (rows.empty()) throw Failure({ErrorCode::not_found, "the pipeline run is gone"});
  const auto row = rows.one();
  begun.done_to = row.get<std::optional<Instant>>("done_to");
  begun.window = row.get<std::optional<nlohmann::json>>("window").value_or(nullptr);
  co_return begun;
}

Task<Result<>> QueuedRecord::adopt() {
  const bool is_ours = co_await queue_.holds(claimed_, epoch_);
  if (!is_ours) co_return fail(ErrorCode::lease_lost, "the pipeline run went back to the queue");
  co_return Result<>{};
}

Task<> QueuedRecord::end(PipelineReport report, bool was_stopped) {
  co_await finish(queue_end_of(report, was_stopped));
  report_ = std::move(report);
}

Task<> QueuedRecord::refuse(Error error) {
  queue::RunEnd end{.status = RunEndStatus::failed, .error = error.message};
  end.may_retry = traits(error.code).retry != RetryClass::never;
  co_await finish(std::move(end));
}

// Reasons may repeat a provider's words, which may hold what PostgreSQL refuses.
Task<> QueuedRecord::finish(queue::RunEnd end) {
  if (end.error) end.error = load::mended_text(*end.error);
  if (!end.summary.is_null()) end.summary = nlohmann::json::parse(load::json_text(end.summary));
  answer_ = co_await queue_.finish(claimed_, std::move(end));
  is_ended_ = true;
}

}  // namespace weir::orchestrator

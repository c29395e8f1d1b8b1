// One script of a pipeline run: claimed, run, run again when the environment interrupted it, and its end told to the
// schedule.
#include <fmt/format.h>

#include "base/log.hpp"
#include "orchestrator/insist.hpp"
#include "orchestrator/pipeline_run.hpp"
#include "orchestrator/sql.hpp"

namespace weir::orchestrator {
namespace {

SkipCode skip_code_of(ClaimOutcome outcome) {
  switch (outcome) {
    case ClaimOutcome::disabled:
    case ClaimOutcome::unknown_source: return SkipCode::disabled;
    case ClaimOutcome::paused: return SkipCode::paused;
    case ClaimOutcome::needs_credentials: return SkipCode::needs_credentials;
    default: return SkipCode::held;
  }
}

}  // namespace

Task<> PipelineRun::run_script(std::size_t i) {
  std::optional<Error> failure;
  try {
    co_await attempt_script(i);
  } catch (...) {
    failure = current_error();
  }
  if (failure) {
    fail_environment(*failure);
    schedule_->skip(i, SkipCode::stopped, failure->message);
    set_state(i, "SKIPPED", failure->message);
  }
  --in_flight_;
  changed_.notify();
}

Task<> PipelineRun::attempt_script(std::size_t i) {
  const auto& settings = services_.settings;
  for (int interruptions = 0; !ending_;) {
    const bool may_start = co_await services_.node.wait_until_may_start(Deadline::in(settings.database_patience));
    if (!may_start)
      throw Failure({ErrorCode::database_unreachable, fmt::format("the database was not reachable for {}",
                                                                  format_duration(settings.database_patience))});
    auto claim = co_await insist([this, i] { return this->claim(i); }, settings.database_patience);
    if (claim.outcome == ClaimOutcome::cap || claim.outcome == ClaimOutcome::node_lost) {
      set_state(i, "WAITING", claim.reason);
      co_await changed_.wait(Deadline::in(settings.slot_pause));
      continue;
    }
    const bool has_priority = co_await has_priority_over_holder(i, claim);
    if (has_priority) {
      set_state(i, "WAITING", "a backfill lets it go first after its window");
      co_await changed_.wait(Deadline::in(settings.slot_pause));
      continue;
    }
    if (claim.outcome != ClaimOutcome::claimed) co_return refuse(i, claim);
    const bool is_settled = co_await run_claimed(i, std::move(claim), ++interruptions < settings.interruptions_max);
    if (is_settled) co_return;
    const auto adopted = co_await insist([this] { return adopt(); }, settings.database_patience);
    if (!adopted) end(RunStatus::interrupted, adopted.error());
  }
  if (schedule_->state(i) == NodeState::running) schedule_->skip(i, *ending_, ending_reason_);
}

Task<Claim> PipelineRun::claim(std::size_t i) {
  return claim_script(services_.database, services_.node,
                      {.tenant = request_.tenant.id,
                       .id = schedule_->node(i).id,
                       .pipeline_run = report_.id,
                       .concurrent_scripts = request_.tenant.concurrent_scripts});
}

// A backfill holds its script for one window at a time, and makes way when it is asked to.
Task<bool> PipelineRun::has_priority_over_holder(std::size_t i, const Claim& claim) {
  if (claim.outcome != ClaimOutcome::held) co_return false;
  const auto& id = schedule_->node(i).id;
  const auto rows = co_await services_.database.query(pg::Scope::control(), sql::ask_backfill_to_yield,
                                                      pg::Params(request_.tenant.id, id.data_source, id.script));
  co_return !rows.empty();
}

void PipelineRun::refuse(std::size_t i, const Claim& claim) {
  if (claim.outcome == ClaimOutcome::parked) return park(i, claim.wake_at, claim.reason);
  const auto code = skip_code_of(claim.outcome);
  schedule_->skip(i, code, claim.reason);
  set_state(i, "SKIPPED", claim.reason);
}

// False: the environment interrupted it, and it shall be tried again.
Task<bool> PipelineRun::run_claimed(std::size_t i, Claim claim, bool may_try_again) {
  auto& one = running_[i];
  const auto& id = schedule_->node(i).id;
  const auto& script = *catalog_.find(id.script);
  const auto& provider = *catalog_.provider(script.declaration().provider);
  const auto began = std::chrono::steady_clock::now();
  one.progress.started_at = one.progress.started_at.value_or(began);
  set_state(i, "RUNNING", "");
  ScriptRun run(services_,
                {request_.tenant.id, request_.tenant.key, id, script, provider.config, report_.id, request_.user},
                std::move(claim), one.progress, listener_);
  one.run = &run;
  if (ending_) run.stop();
  const auto result = co_await run.run();
  one.run = nullptr;

  auto& report = reports_[i];
  report.id = id;
  report.run = result.run;
  report.status = name_of(result.status);
  report.reason = result.error ? result.error->message : "";
  report.may_retry =
      result.status == RunStatus::failed && result.error && traits(result.error->code).retry != RetryClass::never;
  report.wake_at = result.wake_at;
  load::add_counts(report.counts, result.counts);
  report.duration += std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - began);
  if (result.may_try_again && may_try_again && !ending_) {
    set_state(i, "WAITING", report.reason);
    co_return false;
  }
  settle(i, result);
  co_return true;
}

void PipelineRun::settle(std::size_t i, const RunResult& result) {
  const auto& report = reports_[i];
  switch (result.status) {
    case RunStatus::completed:
    case RunStatus::completed_with_gaps: schedule_->done(i); break;
    case RunStatus::failed: schedule_->fail(i, report.reason); break;
    case RunStatus::cancelled: schedule_->skip(i, SkipCode::cancelled, report.reason); break;
    case RunStatus::interrupted:
      if (result.error && result.error->exit_code() == 4) fail_environment(*result.error);
      schedule_->skip(i, SkipCode::stopped, report.reason);
      break;
    case RunStatus::parked: return park(i, result.wake_at, report.reason);
  }
  set_state(i, report.status, report.reason);
}

void PipelineRun::park(std::size_t i, std::optional<Instant> wake_at, const std::string& reason) {
  auto& one = running_[i];
  auto& report = reports_[i];
  const auto until = wake_at.value_or(services_.clock.now());
  report.id = schedule_->node(i).id;
  report.status = name_of(RunStatus::parked);
  report.reason = reason.empty() ? fmt::format("parked until {}", format_rfc3339(until)) : reason;
  report.wake_at = until;
  const auto pause = std::chrono::ceil<std::chrono::milliseconds>(until - services_.clock.now());
  one.wake_at = until;
  one.patience = pause <= one.patience ? one.patience - std::max(pause, 0ms) + 1ms : 0ms;
  schedule_->park(i);
  set_state(i, report.status, fmt::format("until {}", format_rfc3339(until)));
}

// After an interruption: unless the run became somebody else's meanwhile.
Task<Result<>> PipelineRun::adopt() {
  const bool may_start =
      co_await services_.node.wait_until_may_start(Deadline::in(services_.settings.database_patience));
  if (!may_start) co_return Result<>{};  // attempt_script() says why it ends
  co_return co_await record_.adopt();
}

}  // namespace weir::orchestrator

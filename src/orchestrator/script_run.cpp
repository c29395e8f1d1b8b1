#include "orchestrator/script_run.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/log.hpp"
#include "orchestrator/sql.hpp"
#include "tenancy/removal.hpp"
#include "tenancy/tenant.hpp"

namespace weir::orchestrator {
namespace {

constexpr auto k_cancel_again = 100ms;

[[noreturn]] void raise(Error error) { throw Failure(std::move(error)); }

// Two passes of one partition would move one cursor.
std::vector<plugin::Partition> without_doubles(std::vector<plugin::Partition> partitions, load::RunWriter& writer) {
  std::set<std::string> seen;
  std::erase_if(partitions, [&](const plugin::Partition& partition) {
    if (seen.insert(partition.key).second) return false;
    writer.log(LogLevel::warning, fmt::format("the partition '{}' was listed twice", partition.key));
    return true;
  });
  return partitions;
}

}  // namespace

ScriptRun::ScriptRun(RunServices& services, ScriptTask task, Claim claim, ScriptProgress& progress,
                     ProgressListener* listener)
    : state_(services, std::move(task), std::move(claim), progress, listener,
             [this](Task<> commit) { spawn("checkpoint", std::move(commit)); }),
      parents_(services.database, services.resources, state_.task.tenant, state_.task.id.data_source),
      work_(services.executor) {}

Task<RunResult> ScriptRun::run() {
  {
    const auto registered = state_.services.node.runs().scripts.add(
        {state_.claim.epoch, state_.claim.fence}, [this](const Error& reason) { state_.take_error(reason); });
    spawn("script", work());
    co_await supervise();
    co_await commit_rest();
    co_await stop_source();
  }
  state_.tally.rejected = state_.writer.total().failed;
  const auto verdict = judge_run(state_.tally);
  if (!state_.tally.early || !state_.tally.early->is_right_lost) co_await write_end(verdict);
  if (state_.tally.early && state_.tally.early->is_right_lost) co_await explain_loss();

  const auto final = judge_run(state_.tally);
  RunResult result{.status = final.status, .run = state_.claim.run, .error = final.error, .wake_at = final.wake_at};
  result.may_try_again = state_.tally.early && state_.tally.early->may_try_again;
  result.partitions_failed = state_.tally.failed;
  if (!state_.committer.failure() && !(state_.tally.early && state_.tally.early->is_right_lost))
    result.partitions_collected = std::move(state_.collected);
  result.counts = state_.writer.total();
  state_.progress.counts = result.counts;
  co_return result;
}

void ScriptRun::stop() {
  if (state_.tally.early) return;
  state_.tally.early =
      EarlyEnd{RunStatus::interrupted,
               {ErrorCode::cancelled, "stopped on request; the next run goes on from the last checkpoint"}};
  state_.orders.ends_at_page = true;
  state_.changed.notify();
}

void ScriptRun::end(RunStatus status, Error reason) { state_.end_early({status, std::move(reason)}); }

void ScriptRun::spawn(std::string name, Task<> part) {
  ++parts_;
  work_.spawn(std::move(name), guarded(std::move(part)));
}

Task<> ScriptRun::guarded(Task<> part) {
  try {
    co_await std::move(part);
  } catch (...) {
    const auto error = current_error();
    state_.take_error(state_.committer.failure().value_or(error));
  }
  --parts_;
  state_.changed.notify();
}

// Until the work is over: passes orders on to it.
Task<> ScriptRun::supervise() {
  std::optional<Deadline> grace;
  while (parts_ > 0) {
    if (state_.orders.ends_at_page && !grace) grace = Deadline::in(state_.services.settings.stop_grace);
    if (grace && grace->is_over()) state_.orders.stop = true;
    if (state_.orders.stop) work_.cancel();
    co_await state_.changed.wait(state_.orders.stop ? Deadline::in(k_cancel_again) : grace.value_or(Deadline::never()));
  }
  co_await work_.wait();
}

Task<> ScriptRun::work() {
  co_await open_environment();
  state_.show("listing partitions");
  auto partitions = co_await list_partitions();
  partitions = without_doubles(std::move(partitions), state_.writer);
  if (const auto* left_out = state_.task.left_out)
    std::erase_if(partitions, [&](const plugin::Partition& partition) { return left_out->contains(partition.key); });
  collector_.emplace(state_, *script_, std::move(partitions));
  for (int i = 1; i < state_.declaration.partitions_in_parallel; ++i) spawn("partitions", collector_->work());
  co_await collector_->work();
}

Task<> ScriptRun::open_environment() {
  const auto& task = state_.task;
  auto environment =
      co_await tenancy::load_environment(state_.services.vault, task.tenant, task.id.data_source, task.config);
  if (!environment) raise(environment.error());
  environment_ = std::move(*environment);
  const auto tenant = co_await tenancy::find_tenant(state_.services.database, to_string(task.tenant));
  if (!tenant) raise(tenant.error());
  auto egress = http::tenant_egress(state_.services.settings.egress, tenant->egress_allow);
  if (!egress) raise(egress.error());
  const auto cache =
      state_.services.settings.cache_root.empty()
          ? std::filesystem::path()
          : tenancy::cache_directory(state_.services.settings.cache_root, task.tenant, task.id.data_source);
  auto script = task.script.start({.tenant = task.tenant,
                                   .tenant_key = task.tenant_key,
                                   .data_source = task.id.data_source,
                                   .environment = environment_,
                                   .blocking = state_.services.blocking,
                                   .clock = state_.services.clock,
                                   .cache_directory = cache,
                                   .provider = state_.services.provider,
                                   .parents = &parents_,
                                   .is_manual = task.user.has_value(),
                                   .egress = std::move(*egress)});
  if (!script) raise(script.error());
  script_ = std::move(*script);
}

Task<std::vector<plugin::Partition>> ScriptRun::list_partitions() {
  const auto& settings = state_.services.settings;
  auto random = Random::from_system();
  Retry retry({.attempts_max = state_.declaration.attempts_max,
               .first_delay = settings.retry_first_delay,
               .delay_max = settings.retry_delay_max},
              random);
  for (;;) {
    auto partitions = co_await script_->partitions();
    if (partitions) co_return std::move(*partitions);
    const auto error = partitions.error();
    if (error.code == ErrorCode::provider_failed) {
      const auto given_up = co_await retry.pause({error.code}, Deadline::never());
      if (!given_up) continue;
    }
    raise(error);
  }
}

// What was collected stays, however the run ends, as long as its right does. A commit that failed, the last or one
// before, is how it ends.
Task<> ScriptRun::commit_rest() {
  if (state_.tally.early && state_.tally.early->is_right_lost) co_return;
  try {
    co_await state_.committer.commit();
  } catch (const Failure& failure) {
    state_.tally.early.reset();
    state_.take_error(failure.error());
  }
}

// The source stops until somebody changes its credentials; under the fence, so that a change made meanwhile counts.
Task<> ScriptRun::stop_source() {
  if (!state_.has_bad_credentials || !state_.tally.early) co_return;
  const auto& task = state_.task;
  std::vector<pg::Command> commands;
  commands.push_back(
      {sql::assert_fence, pg::Params(task.tenant, task.id.data_source, task.id.script, state_.claim.fence)});
  commands.push_back(
      {sql::stop_source, pg::Params(task.tenant, task.id.data_source, state_.tally.early->reason.message)});
  try {
    co_await state_.services.database.batch(pg::Scope::tenant(task.tenant), std::move(commands));
  } catch (const Failure& failure) {
    state_.take_error(failure.error());
  }
}

// The database may be restarting: as long as the lease runs, the end is worth another attempt.
Task<> ScriptRun::write_end(RunVerdict verdict) {
  const auto deadline = Deadline::in(state_.services.node.settings().lease);
  for (;;) {
    std::optional<Error> error;
    try {
      co_await state_.writer.finish(std::string(name_of(verdict.status)), verdict.error, verdict.wake_at);
      co_return;
    } catch (const Failure& failure) {
      error = failure.error();
    }
    if (error->code == ErrorCode::lease_lost) co_return state_.take_error(*error);
    if (error->code != ErrorCode::database_unreachable || deadline.is_over()) {
      log_warning("the end of {} ({}) was not written: {}", state_.task.id.script, name_of(verdict.status),
                  error->message);
      co_return state_.end_early(
          {RunStatus::interrupted, *error, false, traits(error->code).retry != RetryClass::never});
    }
    co_await sleep_for(200ms);
  }
}

// Somebody took the right away: a cancel or a reset says so in the run's row, otherwise the lease was over.
Task<> ScriptRun::explain_loss() {
  const auto& task = state_.task;
  try {
    const auto rows = co_await state_.services.database.query(
        pg::Scope::tenant(task.tenant), sql::record_lost_run,
        pg::Params(task.tenant, task.id.data_source, task.id.script, state_.claim.run, task.user, task.pipeline_run,
                   state_.claim.epoch),
        Deadline::in(5s));
    if (rows.empty()) co_return;
    const auto row = rows.one();
    auto& end = *state_.tally.early;
    if (row.get<std::string>("status") != name_of(RunStatus::cancelled)) co_return;
    end.status = RunStatus::cancelled;
    end.may_try_again = false;
    end.reason = {ErrorCode::cancelled, row.get<std::optional<std::string>>("reason").value_or("cancelled")};
  } catch (const Failure& failure) {
    log_debug("why {} lost its right is not known: {}", task.id.script, failure.error().message);
  }
}

}  // namespace weir::orchestrator

#include "orchestrator/run_state.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace weir::orchestrator {
namespace {

load::RunRight right_of(const ScriptTask& task, const Claim& claim) {
  load::RunRight right{task.tenant, task.id.data_source, task.id.script, claim.run, claim.fence};
  right.pipeline_run = task.pipeline_run;
  right.user_id = task.user;
  return right;
}

constexpr auto k_park_without_time = 60s;

// What an error that ends the whole run makes of it.
EarlyEnd ending_of(const Error& error) {
  switch (error.code) {
    case ErrorCode::lease_lost: return {RunStatus::interrupted, error, true, true};
    case ErrorCode::conflict:
      return {RunStatus::cancelled, {error.code, "a cursor of this script was set or reset meanwhile", error.message}};
    case ErrorCode::cancelled: return {RunStatus::cancelled, error};
    case ErrorCode::database_unreachable:
    case ErrorCode::transaction_conflict:
    case ErrorCode::timed_out: return {RunStatus::interrupted, error, false, true};
    case ErrorCode::disk_full: return {RunStatus::interrupted, error};
    default: return {RunStatus::failed, error};
  }
}

}  // namespace

RunState::RunState(RunServices& given_services, ScriptTask given_task, Claim given_claim,
                   ScriptProgress& given_progress, ProgressListener* given_listener, Committer::Spawn spawn_commit)
    : services(given_services),
      task(std::move(given_task)),
      claim(std::move(given_claim)),
      declaration(task.script.declaration()),
      writer(services.database, services.resources, right_of(task, claim), services.settings.load),
      committer(services.executor, writer, std::move(spawn_commit), [this] { show(progress.doing); }),
      progress(given_progress),
      listener(given_listener),
      changed(services.executor) {}

void RunState::end_early(EarlyEnd end) {
  if (!tally.early || (end.is_right_lost && !tally.early->is_right_lost)) tally.early = std::move(end);
  orders.stop = true;
  changed.notify();
}

void RunState::take_error(const Error& error) {
  if (error.code == ErrorCode::limited) return park(error, std::nullopt);
  if (error.code == ErrorCode::cancelled && is_ending()) return;
  if (error.code == ErrorCode::needs_credentials) has_bad_credentials = true;
  end_early(ending_of(error));
}

void RunState::park(const Error& limit, std::optional<Instant> wake_at) {
  const auto now = services.clock.now();
  auto until = wake_at.value_or(now + k_park_without_time);
  if (until > now + services.settings.park_max) {
    writer.log(LogLevel::warning, fmt::format("the provider asks to wait until {}; it is asked again in {}",
                                              format_rfc3339(until), format_duration(services.settings.park_max)));
    until = now + services.settings.park_max;
  }
  tally.wake_at = std::max(tally.wake_at.value_or(until), until);
  tally.limit = limit;
  orders.ends_at_page = true;
  changed.notify();
}

void RunState::show(std::string doing) {
  progress.doing = std::move(doing);
  progress.counts = writer.total();
  if (listener != nullptr) listener->moved(progress);
}

}  // namespace weir::orchestrator

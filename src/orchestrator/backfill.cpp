#include "orchestrator/backfill.hpp"

#include <fmt/format.h>

#include "base/log.hpp"
#include "orchestrator/insist.hpp"
#include "orchestrator/sql.hpp"

namespace weir::orchestrator {
namespace {

using nlohmann::json;

constexpr auto k_write_patience = 15s;
// Who waits for the script asks for it once in a slot_pause.
constexpr int k_yield_pauses = 5;
// Of a window that was cut short, in one row of the history: some 800 KB of keys. With more the window begins anew.
constexpr std::size_t k_partitions_kept_max = 20'000;

std::string to_text(TimeRange range) {
  return fmt::format("{} to {}", format_rfc3339(range.from), format_rfc3339(range.to));
}

}  // namespace

void to_json(json& out, const BackfillReport& report) {
  out = report.script;
  out["id"] = report.id ? json(to_string(*report.id)) : json();
  out["tenant"] = report.tenant_key;
  out["from"] = format_rfc3339(report.range.from);
  out["to"] = format_rfc3339(report.range.to);
  out["done_to"] = format_rfc3339(report.done_to);
  out["resumed_at"] = report.resumed_at ? json(format_rfc3339(*report.resumed_at)) : json();
  out["windows"] = report.windows;
  out["windows_done"] = report.windows_done;
  if (report.error) out["error"] = *report.error;
}

Backfill::Backfill(RunServices& services, const plugin::PluginCatalog& catalog, BackfillRequest request,
                   ProgressListener* listener)
    : Backfill(services, catalog, request,
               std::make_unique<OwnRecord>(services, request.tenant.id, request.tenant.key, request.user,
                                           OwnRecord::Kind::backfill),
               nullptr, listener) {}

Backfill::Backfill(RunServices& services, const plugin::PluginCatalog& catalog, BackfillRequest request,
                   PipelineRecord& record)
    : Backfill(services, catalog, std::move(request), nullptr, &record, nullptr) {}

Backfill::Backfill(RunServices& services, const plugin::PluginCatalog& catalog, BackfillRequest request,
                   std::unique_ptr<PipelineRecord> own, PipelineRecord* record, ProgressListener* listener)
    : services_(services),
      catalog_(catalog),
      request_(std::move(request)),
      own_record_(std::move(own)),
      record_(record == nullptr ? *own_record_ : *record),
      listener_(listener),
      progress_{.id = request_.id, .tenant_key = request_.tenant.key},
      report_{.tenant_key = request_.tenant.key, .range = request_.range, .done_to = request_.range.from},
      patience_(request_.wait_limits),
      changed_(services.executor) {
  report_.script.id = request_.id;
  report_.script.status = name_of(RunStatus::interrupted);
}

Task<BackfillReport> Backfill::run() {
  const auto began = std::chrono::steady_clock::now();
  try {
    if (own_record_) co_await services_.node.reaper().sweep(services_.node.epoch());
    co_await begin();
    const auto registered = services_.node.runs().pipelines.add(
        *report_.id, [this](const Error& reason) { end(RunStatus::cancelled, reason); });
    co_await work();
  } catch (...) {
    report_.error = current_error();
    finish_as(RunStatus::interrupted, report_.error->message);
  }
  const auto took = std::chrono::steady_clock::now() - began;
  report_.script.duration = std::chrono::duration_cast<std::chrono::milliseconds>(took);
  try {
    if (report_.id) co_await insist([this] { return finish(); }, k_write_patience);
  } catch (...) {
    if (!report_.error) report_.error = current_error();
  }
  show(report_.script.status, report_.script.reason);
  co_return report_;
}

void Backfill::stop() {
  if (is_ending_)
    return end(RunStatus::interrupted, {ErrorCode::cancelled, "stopped at once on request; the same command goes on"});
  is_ending_ = true;
  was_stopped_ = true;
  finish_as(RunStatus::interrupted, "stopped on request; the same command goes on");
  if (run_ != nullptr) run_->stop();
  changed_.notify();
}

void Backfill::end(RunStatus status, Error reason) {
  is_ending_ = true;
  finish_as(status, reason.message);
  if (run_ != nullptr) run_->end(status, std::move(reason));
  changed_.notify();
}

Task<> Backfill::begin() {
  json parameters{{"source", request_.id.data_source},
                  {"script", request_.id.script},
                  {"from", format_rfc3339(request_.range.from)},
                  {"to", format_rfc3339(request_.to_named)}};
  const auto begun = co_await record_.begin(std::move(parameters));
  report_.id = begun.id;
  report_.resumed_at = begun.done_to;
  report_.done_to = std::max(report_.done_to, report_.resumed_at.value_or(report_.done_to));
  resume_window(begun.window);
  report_.windows = count_windows({report_.done_to, request_.range.to}, request_.window);
}

Task<> Backfill::work() {
  for (;;) {
    const auto window = next_window(request_.range, report_.done_to, request_.window);
    if (!window) co_return finish_as(has_gaps_ ? RunStatus::completed_with_gaps : RunStatus::completed, "");
    auto claim = co_await this->claim();
    if (!claim) co_return;
    show("RUNNING", fmt::format("{} ({} of {})", to_text(*window), report_.windows_done + 1, report_.windows));
    const bool goes_on = co_await collect(*window, std::move(*claim));
    if (!goes_on) co_return;
  }
}

// nullopt: it ends here.
Task<std::optional<Claim>> Backfill::claim() {
  const auto& settings = services_.settings;
  while (!is_ending_) {
    const bool may_start = co_await services_.node.wait_until_may_start(Deadline::in(settings.database_patience));
    if (!may_start)
      throw Failure({ErrorCode::database_unreachable, fmt::format("the database was not reachable for {}",
                                                                  format_duration(settings.database_patience))});
    const ClaimRequest wanted{.tenant = request_.tenant.id,
                              .id = request_.id,
                              .pipeline_run = report_.id,
                              .concurrent_scripts = request_.tenant.concurrent_scripts};
    auto claim = co_await insist([&] { return claim_script(services_.database, services_.node, wanted); },
                                 settings.database_patience);
    switch (claim.outcome) {
      case ClaimOutcome::claimed: co_return claim;
      case ClaimOutcome::held:
      case ClaimOutcome::cap:
      case ClaimOutcome::node_lost:
        if (progress_.state != "WAITING") show("WAITING", claim.reason);
        co_await changed_.wait(Deadline::in(settings.slot_pause));
        continue;
      case ClaimOutcome::parked: {
        const bool is_due = co_await wait_out(claim.wake_at, claim.reason);
        if (!is_due) co_return std::nullopt;
        continue;
      }
      default: throw Failure({ErrorCode::conflict, claim.reason});
    }
  }
  co_return std::nullopt;
}

// False: a limit lasts longer than anybody wants to wait, or it ends anyway.
Task<bool> Backfill::wait_out(std::optional<Instant> wake_at, std::string reason) {
  const auto until = wake_at.value_or(services_.clock.now() + 1s);
  const auto pause = std::chrono::ceil<std::chrono::milliseconds>(until - services_.clock.now());
  if (pause > patience_ || is_ending_) {
    if (!is_ending_) finish_as(RunStatus::parked, std::move(reason));
    report_.script.wake_at = until;
    co_return false;
  }
  patience_ -= std::max(pause, 0ms) + 1ms;
  show("PARKED", fmt::format("until {}", format_rfc3339(until)));
  co_await changed_.wait(Deadline::in(std::max(pause, 10ms)));
  co_return !is_ending_;
}

Task<bool> Backfill::collect(TimeRange window, Claim claim) {
  const auto& script = *catalog_.find(request_.id.script);
  const auto& provider = *catalog_.provider(script.declaration().provider);
  progress_.started_at = progress_.started_at.value_or(std::chrono::steady_clock::now());
  ScriptTask task{request_.tenant.id, request_.tenant.key, request_.id, script, provider.config,
                  report_.id,         request_.user,       window,      &done_};
  ScriptRun run(services_, std::move(task), std::move(claim), progress_, listener_);
  run_ = &run;
  if (is_ending_) run.stop();
  auto result = co_await run.run();
  run_ = nullptr;
  report_.script.run = result.run;
  load::add_counts(report_.script.counts, result.counts);
  progress_.counts = report_.script.counts;
  done_.insert(result.partitions_collected.begin(), result.partitions_collected.end());
  co_return co_await settle(window, std::move(result));
}

// Whether it goes on, with the next window or with this one again.
Task<bool> Backfill::settle(TimeRange window, RunResult result) {
  const auto reason = result.error ? result.error->message : "";
  const bool has_failed = result.status == RunStatus::failed || result.partitions_failed > 0;
  report_.script.may_retry = has_failed && result.error && traits(result.error->code).retry != RetryClass::never;
  switch (result.status) {
    case RunStatus::completed:
    case RunStatus::completed_with_gaps:
      if (result.partitions_failed > 0) {
        finish_as(RunStatus::failed, fmt::format("{}: {}; the same command goes on here", to_text(window), reason));
        co_return false;
      }
      has_gaps_ = has_gaps_ || result.status == RunStatus::completed_with_gaps;
      interruptions_ = 0;
      co_await note_progress(window.to);
      co_return !is_ending_;
    case RunStatus::parked: co_return co_await wait_out(result.wake_at, reason);
    case RunStatus::interrupted:
      if (is_ending_) co_return false;
      if (result.may_try_again && ++interruptions_ < services_.settings.interruptions_max) {
        co_await adopt();
        co_return true;
      }
      if (result.error && result.error->exit_code() == 4) report_.error = result.error;
      break;
    default: break;
  }
  if (!is_ending_) finish_as(result.status, fmt::format("{}: {}", to_text(window), reason));
  co_return false;
}

Task<> Backfill::note_progress(Instant done_to) {
  report_.done_to = done_to;
  done_.clear();
  ++report_.windows_done;
  const bool must_yield = co_await insist([this] { return write_progress(); }, services_.settings.database_patience);
  if (must_yield) co_await changed_.wait(Deadline::in(k_yield_pauses * services_.settings.slot_pause));
}

// Whether somebody wants the script meanwhile.
Task<bool> Backfill::write_progress() {
  const auto rows = co_await services_.database.query(pg::Scope::control(), sql::note_backfill_progress,
                                                      pg::Params(*report_.id, format_rfc3339(report_.done_to)));
  co_return !rows.empty() && rows.one().get<bool>("must_yield");
}

// After an interruption: unless it became somebody else's meanwhile.
Task<> Backfill::adopt() {
  const auto patience = services_.settings.database_patience;
  const bool may_start = co_await services_.node.wait_until_may_start(Deadline::in(patience));
  if (!may_start) co_return;  // claim() says why it ends
  const auto adopted = co_await record_.adopt();
  if (!adopted) end(RunStatus::interrupted, adopted.error());
}

// A window that was cut short goes on with the partitions that it had not come to, if it is cut the same way again.
void Backfill::resume_window(const json& kept) {
  const auto window = next_window(request_.range, report_.done_to, request_.window);
  if (!kept.is_object() || !window || kept.value("to", "") != format_rfc3339(window->to)) return;
  for (const auto& key : kept.at("partitions")) done_.insert(key.get<std::string>());
}

json Backfill::kept_window() const {
  const auto window = next_window(request_.range, report_.done_to, request_.window);
  if (!window || done_.empty() || done_.size() > k_partitions_kept_max) return nullptr;
  return {{"to", format_rfc3339(window->to)}, {"partitions", done_}};
}

Task<> Backfill::finish() {
  const auto kept = kept_window();
  if (!kept.is_null())
    co_await services_.database.query(pg::Scope::control(), sql::keep_backfill_window, pg::Params(*report_.id, kept));
  PipelineReport report{report_.tenant_key, report_.id, report_.script.status, {report_.script}, report_.error};
  co_await record_.end(std::move(report), was_stopped_ && !report_.error);
}

void Backfill::finish_as(RunStatus status, std::string reason) {
  report_.script.status = name_of(status);
  report_.script.reason = std::move(reason);
}

void Backfill::show(std::string state, std::string doing) {
  progress_.state = std::move(state);
  progress_.doing = std::move(doing);
  if (listener_ != nullptr) listener_->state_changed(progress_);
}

}  // namespace weir::orchestrator

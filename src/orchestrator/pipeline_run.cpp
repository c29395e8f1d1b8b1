#include "orchestrator/pipeline_run.hpp"

#include <algorithm>
#include <ranges>

#include <fmt/format.h>

#include "base/log.hpp"
#include "orchestrator/tenant_scripts.hpp"

namespace weir::orchestrator {
namespace {

// The database's clock, which judges a park, may be behind ours.
std::chrono::milliseconds patience_of(const PipelineRequest& request) {
  return request.wait_limits.count() > 0 ? request.wait_limits + 5s : 0ms;
}

}  // namespace

PipelineRun::PipelineRun(RunServices& services, const plugin::PluginCatalog& catalog, PipelineRequest request,
                         ProgressListener* listener)
    : PipelineRun(services, catalog, request,
                  std::make_unique<OwnRecord>(services, request.tenant.id, request.tenant.key, request.user,
                                              OwnRecord::Kind::manual),
                  nullptr, listener) {}

PipelineRun::PipelineRun(RunServices& services, const plugin::PluginCatalog& catalog, PipelineRequest request,
                         PipelineRecord& record, ProgressListener* listener)
    : PipelineRun(services, catalog, std::move(request), nullptr, &record, listener) {}

PipelineRun::PipelineRun(RunServices& services, const plugin::PluginCatalog& catalog, PipelineRequest request,
                         std::unique_ptr<PipelineRecord> own, PipelineRecord* record, ProgressListener* listener)
    : services_(services),
      catalog_(catalog),
      request_(std::move(request)),
      own_record_(std::move(own)),
      record_(record == nullptr ? *own_record_ : *record),
      listener_(listener),
      changed_(services.executor),
      tasks_(services.executor) {
  report_.tenant_key = request_.tenant.key;
}

Task<PipelineReport> PipelineRun::run() {
  try {
    co_await begin();
    const auto registered = services_.node.runs().pipelines.add(
        *report_.id, [this](const Error& reason) { end(RunStatus::cancelled, reason); });
    co_await drive();
    co_await finish();
  } catch (...) {
    if (!report_.error) report_.error = current_error();
  }
  co_return report_;
}

void PipelineRun::stop() {
  was_stopped_ = true;
  start_nothing_more();
}

void PipelineRun::start_nothing_more() {
  ending_ = ending_.value_or(SkipCode::stopped);
  if (ending_reason_.empty()) ending_reason_ = "stopped on request before it began";
  for (auto& one : running_)
    if (one.run != nullptr) one.run->stop();
  changed_.notify();
}

void PipelineRun::end(RunStatus status, Error reason) {
  ending_ = status == RunStatus::cancelled ? SkipCode::cancelled : SkipCode::stopped;
  ending_reason_ = reason.message;
  is_lost_ = is_lost_ || reason.code == ErrorCode::lease_lost;
  for (auto& one : running_)
    if (one.run != nullptr) one.run->end(status, reason);
  changed_.notify();
}

// What is read here is this run's view: later changes of sources and plugins count for the next one, but for those that
// a claim judges.
Task<> PipelineRun::begin() {
  sources_ = co_await tenancy::list_data_sources(services_.database, request_.tenant.id);
  scripts_ = scripts_of(sources_, catalog_);
  select_scripts(scripts_, request_.selection);
  schedule_.emplace(build_graph(scripts_, known_resources(catalog_)));
  for (std::size_t i = 0; i < schedule_->size(); ++i)
    running_.push_back({.progress = {.id = schedule_->node(i).id, .tenant_key = request_.tenant.key},
                        .patience = patience_of(request_)});
  const auto& selection = request_.selection;
  nlohmann::json parameters{{"sources", selection.sources}, {"scripts", selection.scripts}};
  const auto begun = co_await record_.begin(std::move(parameters));
  report_.id = begun.id;
  settle_earlier();
}

void PipelineRun::settle_earlier() {
  for (const auto& refused : request_.refused) settled_.insert(refused.id);
  for (std::size_t i = 0; i < schedule_->size(); ++i) {
    const auto* earlier = earlier_of(schedule_->node(i).id);
    if (earlier == nullptr || !is_settled(*earlier) || schedule_->state(i) != NodeState::waiting) continue;
    settled_.insert(earlier->id);
    if (earlier->status == "FAILED")
      schedule_->fail(i, earlier->reason);
    else if (earlier->skipped)
      schedule_->skip(i, *earlier->skipped, earlier->reason);
    else
      schedule_->done(i);
  }
}

const ScriptReport* PipelineRun::earlier_of(const ScriptId& id) const {
  const auto found = std::ranges::find(request_.earlier, id, &ScriptReport::id);
  return found == request_.earlier.end() ? nullptr : &*found;
}

Task<> PipelineRun::drive() {
  for (;;) {
    if (ending_) schedule_->skip_waiting(*ending_, ending_reason_);
    wake_parked();
    while (in_flight_ < request_.tenant.concurrent_scripts) {
      const auto ready = schedule_->ready();
      if (ready.empty()) break;
      schedule_->start(ready.front());
      ++in_flight_;
      tasks_.spawn(label(schedule_->node(ready.front()).id), run_script(ready.front()));
    }
    if (in_flight_ == 0 && schedule_->ready().empty()) {
      const bool is_worth_waiting =
          std::ranges::any_of(running_, [](const Running& one) { return one.wake_at && one.patience.count() > 0; });
      if (!is_worth_waiting) give_up_parked();
      if (schedule_->is_over()) break;
    }
    co_await wait_for_change();
  }
  co_await tasks_.wait();
}

// A script has ended, orders were given, or a parked one may be due.
Task<> PipelineRun::wait_for_change() {
  auto deadline = Deadline::never();
  const auto now = services_.clock.now();
  for (const auto& one : running_)
    if (one.wake_at && one.patience.count() > 0)
      deadline = deadline.at_most(std::max<Duration>(*one.wake_at - now, 1ms));
  co_await changed_.wait(deadline);
}

void PipelineRun::wake_parked() {
  for (std::size_t i = 0; i < running_.size(); ++i) {
    auto& one = running_[i];
    if (!one.wake_at || one.patience.count() <= 0 || *one.wake_at > services_.clock.now()) continue;
    one.wake_at.reset();
    if (schedule_->state(i) == NodeState::parked) schedule_->wake(i);
  }
}

// Their reports say PARKED; what waits for them is skipped.
void PipelineRun::give_up_parked() {
  for (std::size_t i = 0; i < running_.size(); ++i)
    if (schedule_->state(i) == NodeState::parked) schedule_->skip(i, SkipCode::parked, reports_[i].reason);
}

// The environment failed for good: the pipeline run ends here and says why.
void PipelineRun::fail_environment(const Error& error) {
  if (!report_.error) report_.error = error;
  start_nothing_more();
}

void PipelineRun::set_state(std::size_t i, std::string state, std::string doing) {
  auto& progress = running_[i].progress;
  progress.state = std::move(state);
  progress.doing = std::move(doing);
  if (listener_ != nullptr) listener_->state_changed(progress);
}

}  // namespace weir::orchestrator

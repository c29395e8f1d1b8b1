#include "orchestrator/pipeline_run.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "orchestrator/sql.hpp"
#include "orchestrator/tenant_scripts.hpp"

namespace weir::orchestrator {
namespace {

bool names(const std::vector<std::string>& list, const std::string& name) {
  return list.empty() || std::ranges::find(list, name) != list.end();
}

SkipCode skip_code_of(ClaimOutcome outcome) {
  switch (outcome) {
    case ClaimOutcome::held: return SkipCode::held;
    case ClaimOutcome::paused: return SkipCode::paused;
    case ClaimOutcome::needs_credentials: return SkipCode::needs_credentials;
    default: return SkipCode::disabled;
  }
}

std::string text_of(const std::optional<Error>& error) { return error ? error->message : ""; }

}  // namespace

PipelineRun::PipelineRun(RunServices& services, const plugin::PluginCatalog& catalog, tenancy::Tenant tenant,
                         PipelineRequest request, ProgressListener* listener)
    : services_(services),
      catalog_(catalog),
      tenant_(std::move(tenant)),
      request_(std::move(request)),
      listener_(listener),
      changed_(services.executor),
      group_(services.executor) {}

PipelineRun::~PipelineRun() = default;

Task<Result<PipelineResult>> PipelineRun::run() {
  result_.tenant_key = tenant_.key;
  const auto prepared = co_await prepare();
  if (!prepared) co_return std::unexpected(prepared.error());
  if (schedule_->size() == 0) {
    result_.status = "COMPLETED";
    co_return result_;
  }
  const nlohmann::json parameters{{"sources", request_.sources}, {"scripts", request_.scripts}};
  const auto rows = co_await services_.database.query(
      pg::Scope::control(), sql::insert_pipeline_run,
      pg::Params(tenant_.id, request_.user, parameters, services_.node.id(), services_.node.epoch()));
  result_.id = rows.one().get<PipelineRunId>("id");
  {
    const auto registered =
        services_.node.runs().pipelines.add(*result_.id, [this](const Error& reason) { cancel(reason.message); });
    co_await work();
    co_await group_.wait();
  }
  co_await finish();
  co_return result_;
}

Task<Result<>> PipelineRun::prepare() {
  const auto sources = co_await tenancy::list_data_sources(services_.database, tenant_.id);
  for (const auto& source : sources) {
    provider_of_[source.name] = source.provider;
    const auto obstacle = obstacle_of(source, catalog_);
    if (obstacle && names(request_.sources, source.name))
      result_.notices.push_back(fmt::format("data source {} is left out: {}", source.name, *obstacle));
  }
  auto scripts = scripts_of(sources, catalog_);
  const auto selected = select(scripts, sources);
  if (!selected) co_return selected;
  schedule_.emplace(build_graph(scripts, known_resources(catalog_)));
  for (std::size_t i = 0; i < schedule_->size(); ++i) {
    scripts_.push_back(std::make_unique<Script>());
    scripts_.back()->progress.id = schedule_->node(i).id;
    scripts_.back()->progress.tenant_key = tenant_.key;
  }
  co_return Result<>{};
}

Result<> PipelineRun::select(std::vector<GraphScript>& scripts, const std::vector<tenancy::DataSource>& sources) const {
  for (const auto& name : request_.sources)
    if (!provider_of_.contains(name))
      return fail(ErrorCode::not_found,
                  fmt::format("{0} has no data source {1}; `weir source ls {0}` lists them", tenant_.key, name));
  std::vector<std::size_t> wanted;
  for (std::size_t i = 0; i < scripts.size(); ++i) {
    scripts[i].is_in_run =
        names(request_.sources, scripts[i].id.data_source) && names(request_.scripts, scripts[i].id.script);
    if (scripts[i].is_in_run) wanted.push_back(i);
  }
  for (const auto& name : request_.scripts)
    if (!sources.empty() && catalog_.find(name) == nullptr)
      return fail(ErrorCode::not_found, fmt::format("there is no script {}; `weir plugins ls` lists them", name));
  if (request_.with_dependencies)
    for (const auto i : with_dependencies(scripts, wanted)) scripts[i].is_in_run = true;
  return {};
}

void PipelineRun::stop(const std::string& reason) {
  if (stopped_ || !schedule_) return;
  stopped_ = reason;
  schedule_->skip_waiting(SkipCode::stopped, reason);
  for (const auto& script : scripts_)
    if (script->running != nullptr) script->running->stop();
  changed_.notify();
}

void PipelineRun::cancel(const std::string& reason) {
  if (cancelled_ || !schedule_) return;
  cancelled_ = reason;
  schedule_->skip_waiting(SkipCode::cancelled, reason);
  for (const auto& script : scripts_)
    if (script->running != nullptr) script->running->end(RunStatus::cancelled, {ErrorCode::cancelled, reason});
  changed_.notify();
}

Task<> PipelineRun::work() {
  const auto patience = Deadline::in(request_.wait_limits);
  for (;;) {
    start_ready();
    if (schedule_->is_over()) co_return;
    if (schedule_->is_settled() && group_.size() == 0) {
      const bool goes_on = co_await wait_for_parked(patience);
      if (!goes_on) co_return;
      continue;
    }
    co_await changed_.wait(Deadline::in(1s));
  }
}

void PipelineRun::start_ready() {
  if (stopped_ || cancelled_) return;
  for (const auto i : schedule_->ready()) {
    if (places_taken_ >= tenant_.concurrent_scripts) return;
    schedule_->start(i);
    scripts_[i]->is_counted = true;
    ++places_taken_;
    group_.spawn(label(schedule_->node(i).id), run_script(i));
  }
}

// True: a parked script is due and waits for its turn again.
Task<bool> PipelineRun::wait_for_parked(Deadline patience) {
  if (stopped_ || cancelled_) co_return false;
  std::optional<Instant> first;
  for (std::size_t i = 0; i < scripts_.size(); ++i)
    if (schedule_->state(i) == NodeState::parked && scripts_[i]->wake_at)
      first = std::min(first.value_or(*scripts_[i]->wake_at), *scripts_[i]->wake_at);
  if (!first) co_return false;
  const auto now = services_.clock.now();
  const auto pause = *first > now ? *first - now : Duration{0};
  if (Deadline::in(pause).at() > patience.at()) co_return false;
  co_await changed_.wait(Deadline::in(pause));
  for (std::size_t i = 0; i < scripts_.size(); ++i)
    if (schedule_->state(i) == NodeState::parked && scripts_[i]->wake_at &&
        *scripts_[i]->wake_at <= services_.clock.now())
      schedule_->wake(i);
  co_return !stopped_ && !cancelled_;
}

Task<> PipelineRun::run_script(std::size_t index) {
  try {
    co_await attempt(index);
  } catch (...) {
    const auto error = current_error();
    if (schedule_->state(index) == NodeState::running) {
      schedule_->fail(index, error.message);
      set_state(index, "FAILED", error.message);
    }
  }
  if (std::exchange(scripts_[index]->is_counted, false)) --places_taken_;
  changed_.notify();
}

Task<> PipelineRun::attempt(std::size_t index) {
  const auto& id = schedule_->node(index).id;
  const bool may_start =
      co_await services_.node.wait_until_may_start(Deadline::in(services_.settings.database_patience));
  if (!may_start) {
    schedule_->fail(index, "the database could not be reached for too long");
    co_return set_state(index, "FAILED", "the database could not be reached for too long");
  }
  const auto claim = co_await claim_script(
      services_.database, services_.node,
      {.tenant = tenant_.id, .id = id, .pipeline_run = result_.id, .concurrent_scripts = tenant_.concurrent_scripts});
  if (claim.outcome == ClaimOutcome::claimed) {
    co_await run_claimed(index, claim);
  } else if (claim.outcome == ClaimOutcome::cap || claim.outcome == ClaimOutcome::node_lost) {
    set_state(index, "WAITING", claim.reason);
    co_await sleep_for(services_.settings.slot_pause);
    if (schedule_->state(index) == NodeState::running) schedule_->put_back(index);
    if (stopped_ || cancelled_)
      schedule_->skip_waiting(cancelled_ ? SkipCode::cancelled : SkipCode::stopped,
                              cancelled_.value_or(stopped_.value_or("")));
  } else {
    take_refusal(index, claim);
  }
}

Task<> PipelineRun::run_claimed(std::size_t index, Claim claim) {
  const auto& id = schedule_->node(index).id;
  const auto* provider = catalog_.provider(provider_of_.at(id.data_source));
  auto& script = *scripts_[index];
  script.progress.started_at = std::chrono::steady_clock::now();
  set_state(index, "RUNNING", "");
  ScriptRun run(services_,
                {.tenant = tenant_.id,
                 .tenant_key = tenant_.key,
                 .id = id,
                 .script = *catalog_.find(id.script),
                 .config = provider->config,
                 .pipeline_run = result_.id,
                 .user = request_.user},
                std::move(claim), script.progress, listener_);
  script.running = &run;
  if (cancelled_) run.end(RunStatus::cancelled, {ErrorCode::cancelled, *cancelled_});
  if (stopped_) run.stop();
  const auto result = co_await run.run();
  script.running = nullptr;
  take_result(index, result);
}

void PipelineRun::take_refusal(std::size_t index, const Claim& claim) {
  if (claim.outcome == ClaimOutcome::parked) return park(index, claim.wake_at, claim.reason);
  schedule_->skip(index, skip_code_of(claim.outcome), claim.reason);
  set_state(index, "SKIPPED", claim.reason);
}

void PipelineRun::take_result(std::size_t index, const RunResult& result) {
  auto& script = *scripts_[index];
  script.result = result;
  const auto reason = text_of(result.error);
  switch (result.status) {
    case RunStatus::completed:
    case RunStatus::completed_with_gaps: schedule_->done(index); break;
    case RunStatus::parked: return park(index, result.wake_at, reason);
    case RunStatus::cancelled: schedule_->skip(index, SkipCode::cancelled, reason); break;
    case RunStatus::failed: schedule_->fail(index, reason); break;
    case RunStatus::interrupted:
      if (result.may_try_again && !stopped_ && !cancelled_ &&
          ++script.interruptions <= services_.settings.interruptions_max) {
        schedule_->put_back(index);
        return set_state(index, "WAITING", reason);
      }
      schedule_->skip(index, SkipCode::stopped, reason);
  }
  set_state(index, std::string(name_of(result.status)), reason);
}

void PipelineRun::park(std::size_t index, std::optional<Instant> wake_at, std::string reason) {
  scripts_[index]->wake_at = wake_at;
  schedule_->park(index);
  set_state(index, "PARKED", std::move(reason));
}

void PipelineRun::set_state(std::size_t index, std::string state, std::string doing) {
  auto& progress = scripts_[index]->progress;
  progress.state = std::move(state);
  progress.doing = std::move(doing);
  if (listener_ != nullptr) listener_->state_changed(progress);
}

}  // namespace weir::orchestrator

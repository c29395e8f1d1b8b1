#include "orchestrator/worker.hpp"

#include <algorithm>
#include <set>

#include "base/outlive.hpp"

namespace weir::orchestrator {

Worker::Worker(RunServices& services, CatalogSource catalog, queue::Queue& queue, queue::QueueBell& bell,
               WorkerSettings settings, WorkerListener* listener)
    : services_(services),
      catalog_(std::move(catalog)),
      queue_(queue),
      bell_(bell),
      settings_(settings),
      listener_(listener),
      changed_(services.executor),
      duties_(services.executor),
      work_(services.executor) {}

void Worker::start() {
  duties_.spawn("worker, bell", listen());
  duties_.spawn("worker", work());
}

Task<> Worker::stop() {
  is_stopping_ = true;
  for (const auto& active : runs_) active->run->stop();
  changed_.notify();
  // A claim on its way, of a look or of a request, is heard to its end: what it brings goes back at no cost, too.
  const auto deadline = Deadline::in(5s);
  while ((is_looking_ || claiming_ > 0) && !deadline.is_over()) co_await changed_.wait(deadline);
  co_await duties_.stop(Deadline::in(5s));
  co_await duties_.wait();
  co_await work_.wait();
  // One that is later still brings nothing to life any more; its lease goes with the epoch.
  co_await work_.stop(Deadline::in(0s));
  co_await work_.wait();
}

void Worker::hurry() {
  for (const auto& active : runs_) active->run->stop();
}

bool Worker::may_claim() const { return !is_stopping_ && services_.node.may_start() && free_slots() > 0; }

Task<> Worker::listen() {
  for (auto heard = bell_.count();; heard = bell_.count()) {
    co_await bell_.wait(heard);
    is_rung_ = true;
    changed_.notify();
  }
}

Task<> Worker::work() {
  while (!is_stopping_) {
    is_rung_ = false;
    is_looking_ = true;
    try {
      co_await look();
    } catch (...) {
      outlive("worker");
    }
    is_looking_ = false;
    changed_.notify();
    // A slot that became free meanwhile is heard too, since work_one() sets the same flag.
    if (!is_rung_ && !is_stopping_) co_await changed_.wait(Deadline::never());
  }
}

Task<> Worker::look() {
  if (!services_.node.may_start()) co_return;
  if (next_compare_.is_over()) {
    next_compare_ = Deadline::in(settings_.compare_pause);
    co_await compare();
  }
  const int woken = co_await queue_.promote_due();
  const auto reaped = co_await queue_.reap();
  for (const auto& run : reaped)
    log_info("the node of pipeline run {} (epoch {}) was gone", to_string(run.run), run.epoch.value());
  // What is more than this node takes is for others.
  if (woken + static_cast<int>(reaped.size()) > std::max(free_slots(), 0)) bell_.ring();
  while (may_claim()) {
    const auto claimed = co_await claim(free_slots());
    if (claimed.empty()) break;
  }
}

Task<std::vector<PipelineRunId>> Worker::claim(int max) {
  std::vector<PipelineRunId> ids;
  const int slots = std::min(max, free_slots());
  if (!may_claim() || slots <= 0) co_return ids;
  const auto epoch = services_.node.epoch();
  const auto began = std::chrono::steady_clock::now();
  claiming_ += slots;
  std::vector<queue::ClaimedRun> claimed;
  std::shared_ptr<const plugin::PluginCatalog> catalog;
  std::exception_ptr failure;
  try {
    claimed = co_await queue_.claim(services_.node.id(), epoch, slots);
    if (!claimed.empty()) catalog = co_await catalog_();
  } catch (...) {
    failure = std::current_exception();
  }
  claiming_ -= slots;
  ++claims_ended_;
  changed_.notify();
  // Whatever the database has given all the same is found by the next comparison.
  if (failure) next_compare_ = Deadline::in(0s);
  if (failure) std::rethrow_exception(failure);
  if (listener_ != nullptr) listener_->claimed(claimed, std::chrono::steady_clock::now() - began);
  for (auto& run : claimed) {
    ids.push_back(run.id);
    auto active = std::make_shared<Active>();
    active->epoch = epoch;
    active->catalog = catalog;
    active->run = std::make_unique<QueuedRun>(services_, catalog, queue_, std::move(run), epoch);
    runs_.push_back(active);
    ++claimed_total_;
    if (is_stopping_) active->run->stop();
    work_.spawn("pipeline run", work_one(std::move(active)));
  }
  co_return ids;
}

Task<> Worker::work_under_lease(Active& active) {
  const auto registered =
      services_.node.runs().queued.add(active.epoch, [&active](const Error& reason) { active.run->lose(reason); });
  if (services_.node.epoch() != active.epoch || services_.node.is_lost())
    active.run->lose({ErrorCode::lease_lost, "this node lost its lease before the run began"});
  co_await active.run->run();
}

Task<> Worker::work_one(std::shared_ptr<Active> active) {
  try {
    co_await work_under_lease(*active);
  } catch (...) {
    outlive(fmt::format("pipeline run {}", to_string(active->run->claimed().id)));
    next_compare_ = Deadline::in(0s);  // finds its lease, which nobody gave back
  }
  active->is_over = true;
  std::erase(runs_, active);
  if (listener_ != nullptr)
    listener_->ended({.run = active->run->claimed(),
                      .answer = active->run->answer(),
                      .tenant_key = active->run->tenant_key(),
                      .scripts = active->run->scripts(),
                      .catalog = *active->catalog});
  const auto outcome = active->run->answer().outcome;
  if (outcome == queue::FinishOutcome::requeued) bell_.ring();
  if (outcome == queue::FinishOutcome::lost)
    log_info("pipeline run {} is somebody else's now", to_string(active->run->claimed().id));
  is_rung_ = true;
  changed_.notify();
}

// The answer to a claim, or to a lost lease, may have gone with a connection. Nothing is judged that a claim on its way
// might explain.
Task<> Worker::compare() {
  const auto claims_before = claims_ended_;
  const auto mine = runs_;
  const auto epoch = services_.node.epoch();
  const auto held = co_await queue_.leases(epoch);
  if (claiming_ > 0 || claims_ended_ != claims_before || epoch != services_.node.epoch()) co_return;
  std::set<queue::LeaseToken> tokens;
  for (const auto& run : held) tokens.insert(run.token);
  for (const auto& active : mine)
    if (!active->is_over && (active->epoch != epoch || !tokens.contains(active->run->claimed().token)))
      active->run->lose({ErrorCode::lease_lost, "the pipeline run went back to the queue"});
  for (const auto& run : held) {
    const auto is_it = [&](const auto& active) { return active->run->claimed().token == run.token; };
    if (std::ranges::any_of(runs_, is_it)) continue;
    queue::RunEnd released{.status = queue::RunEndStatus::released};
    const auto answer = co_await queue_.finish(run, std::move(released));
    if (answer.outcome == queue::FinishOutcome::requeued) bell_.ring();
  }
}

Task<bool> Worker::wait_for(PipelineRunId run, Deadline deadline) {
  const auto is_it = [&](const auto& active) { return active->run->claimed().id == run; };
  while (std::ranges::any_of(runs_, is_it) && !deadline.is_over()) co_await changed_.wait(deadline);
  co_return std::ranges::none_of(runs_, is_it);
}

}  // namespace weir::orchestrator

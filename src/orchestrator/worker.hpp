// Takes pipeline runs from the queue and works them, several at a time. Any number of workers on any number of nodes
// share one queue.
//
//   Worker worker(services, catalog, queue, bell, {.concurrent_runs = 4});
//   worker.start();
//   …
//   co_await worker.stop();
//
// It claims as many runs as it has free slots when it hears the bell or has waited a while, and wakes what has come due
// by the way. All on one executor.
#pragma once
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <vector>

#include "base/task_group.hpp"
#include "base/wakeup.hpp"
#include "orchestrator/queued_run.hpp"
#include "orchestrator/worker_listener.hpp"
#include "queue/queue_bell.hpp"

namespace weir::orchestrator {

struct WorkerSettings {
  int concurrent_runs = 4;
  // How often what the queue says of this node is compared with what it works on.
  std::chrono::milliseconds compare_pause = std::chrono::seconds(5);
};

// The plugins as they are now; asked for before each claim that may bring something.
using CatalogSource = std::function<Task<std::shared_ptr<const plugin::PluginCatalog>>()>;

class Worker {
 public:
  // All references outlive this object.
  Worker(RunServices& services, CatalogSource catalog, queue::Queue& queue, queue::QueueBell& bell,
         WorkerSettings settings = {}, WorkerListener* listener = nullptr);

  void start();
  // Claims nothing more; what runs finishes its pages within the grace time and goes back to the queue, at no cost.
  // Returns when nothing runs.
  Task<> stop();
  // While stop() waits: at once.
  void hurry();

  // Claims and starts at most `max` runs now, as far as there are free slots; which.
  Task<std::vector<PipelineRunId>> claim(int max);
  // Whether the run, if it is worked here, ended before the deadline.
  Task<bool> wait_for(PipelineRunId run, Deadline deadline);

  int running() const { return static_cast<int>(runs_.size()); }
  int free_slots() const { return settings_.concurrent_runs - running() - claiming_; }
  std::uint64_t claimed_total() const { return claimed_total_; }

 private:
  struct Active {
    std::unique_ptr<QueuedRun> run;
    Epoch epoch;
    std::shared_ptr<const plugin::PluginCatalog> catalog;
    bool is_over = false;
  };
  Task<> listen();
  Task<> work();
  Task<> look();
  Task<> compare();
  Task<> work_one(std::shared_ptr<Active> active);
  Task<> work_under_lease(Active& active);
  bool may_claim() const;

  RunServices& services_;
  CatalogSource catalog_;
  queue::Queue& queue_;
  queue::QueueBell& bell_;
  WorkerSettings settings_;
  WorkerListener* listener_;
  std::list<std::shared_ptr<Active>> runs_;
  int claiming_ = 0;                // slots that a claim on its way may fill
  std::uint64_t claims_ended_ = 0;  // with or without an answer
  std::uint64_t claimed_total_ = 0;
  Deadline next_compare_ = Deadline::in(std::chrono::seconds(0));
  bool is_stopping_ = false;
  bool is_rung_ = false;
  bool is_looking_ = false;  // at the queue
  Wakeup changed_;           // the bell was heard, or a slot is free
  TaskGroup duties_;
  TaskGroup work_;  // last: what it owns uses all of the above
};

}  // namespace weir::orchestrator

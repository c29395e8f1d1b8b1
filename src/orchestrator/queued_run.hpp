// One claimed pipeline run, from reading its order to giving it back to the queue.
//
//   run()  ->  its tenant, its pipeline's choice, its parameters, and what earlier parts of it have done
//          ->  a PipelineRun or a Backfill, kept by a QueuedRecord
#pragma once
#include <functional>
#include <memory>

#include "orchestrator/queued_record.hpp"
#include "orchestrator/run_parameters.hpp"
#include "orchestrator/run_tally.hpp"
#include "plugin/catalog.hpp"
#include "tenancy/tenant.hpp"

namespace weir::orchestrator {

class QueuedRun {
 public:
  // `epoch`: which claimed it. References outlive this object.
  QueuedRun(const RunServices& services, std::shared_ptr<const plugin::PluginCatalog> catalog, queue::Queue& queue,
            queue::ClaimedRun claimed, Epoch epoch);

  // Once; it always returns. Not to be cancelled: stop() or end() it.
  Task<> run();
  // Nothing new starts, what runs finishes its page, and the run goes back to the queue; the second time at once.
  void stop();
  // At once: it is no longer this process's.
  void lose(const Error& reason);

  const queue::ClaimedRun& claimed() const { return claimed_; }
  const queue::FinishAnswer& answer() const { return record_.answer(); }
  // What this part of it did, script by script; empty before.
  std::vector<ScriptReport> scripts() const { return without_earlier(record_.report().scripts, earlier_); }
  const std::string& tenant_key() const { return record_.report().tenant_key; }

 private:
  struct Order {
    tenancy::Tenant tenant;
    RunParameters parameters;
    Selection selection;
    std::vector<ScriptReport> earlier;
  };
  Task<> work();
  Task<Result<Order>> read_order();
  Task<> work_pipeline(Order order);
  Task<> work_backfill(Order order);
  template <class Work>
  Task<> drive(Work& work);

  std::shared_ptr<const plugin::PluginCatalog> catalog_;
  RunServices services_;
  queue::ClaimedRun claimed_;
  QueuedRecord record_;
  std::vector<ScriptReport> earlier_;
  int stops_ = 0;
  std::optional<Error> lost_;
  std::function<void()> stop_work_;                               // while there is work
  std::function<void(RunStatus, const Error& reason)> end_work_;  // the same
};

}  // namespace weir::orchestrator

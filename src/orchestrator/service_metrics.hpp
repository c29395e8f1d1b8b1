// What a serving process measures: what its runs counted, and what the database says at a scrape. Names, labels and
// meanings are a contract with dashboards: docs/operations.md. Ended scripts are lines of the log, too.
#pragma once
#include "base/metrics.hpp"
#include "orchestrator/worker_listener.hpp"
#include "pg/database.hpp"
#include "queue/queue.hpp"

namespace weir::orchestrator {

class ServiceMeter final : public WorkerListener {
 public:
  explicit ServiceMeter(Metrics& metrics) : metrics_(metrics) {}
  void claimed(const std::vector<queue::ClaimedRun>& runs, std::chrono::nanoseconds took) override;
  void ended(const queue::ClaimedRun& run, const queue::FinishAnswer& answer, const std::string& tenant_key,
             const std::vector<ScriptReport>& scripts) override;

 private:
  Metrics& metrics_;
};

// Reads the queue and the sources whole: for scrapes, which come every some seconds.
Task<MetricSnapshot> read_service_gauges(pg::Database& database, queue::Queue& queue);
void add_pool(MetricSnapshot& snapshot, const pg::Pool& pool);

}  // namespace weir::orchestrator

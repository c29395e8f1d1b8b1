// What a serving process measures: what its runs counted, and what the database says at a scrape. Names, labels and
// meanings are a contract with dashboards: docs/operations.md. Ended scripts are lines of the log, too.
#pragma once
#include <chrono>
#include <memory>

#include "base/metrics.hpp"
#include "orchestrator/worker_listener.hpp"
#include "pg/database.hpp"
#include "queue/queue.hpp"

namespace weir::orchestrator {

class ServiceMeter final : public WorkerListener {
 public:
  explicit ServiceMeter(Metrics& metrics) : metrics_(metrics) {}
  void claimed(const std::vector<queue::ClaimedRun>& runs, std::chrono::nanoseconds took) override;
  // Scripts that the catalog has are counted; other names come from requests, without a bound.
  void ended(const EndedRun& ended) override;

 private:
  Metrics& metrics_;
};

// What the database says. Reading it takes the queue and the sources whole, so one reading serves everybody who asks
// while it is made and for `keep` afterwards. All on one executor.
class ServiceGauges {
 public:
  // References outlive this object.
  ServiceGauges(pg::Database& database, queue::Queue& queue, std::chrono::milliseconds keep = std::chrono::seconds(10))
      : database_(database), queue_(queue), keep_(keep) {}

  // Throws what the reading failed with.
  Task<std::shared_ptr<const MetricSnapshot>> read();

 private:
  struct Reading;
  Task<> make(std::shared_ptr<Reading> reading);

  pg::Database& database_;
  queue::Queue& queue_;
  std::chrono::milliseconds keep_;
  std::shared_ptr<Reading> last_;  // under way, or made
};

void add_pool(MetricSnapshot& snapshot, const pg::Pool& pool);

}  // namespace weir::orchestrator

// Who is told what a worker does. Called on its executor; must not throw.
#pragma once
#include <chrono>
#include <string>
#include <vector>

#include "orchestrator/pipeline_report.hpp"
#include "plugin/catalog.hpp"
#include "queue/queue.hpp"

namespace weir::orchestrator {

struct EndedRun {
  const queue::ClaimedRun& run;
  const queue::FinishAnswer& answer;
  const std::string& tenant_key;
  std::vector<ScriptReport> scripts;  // what was done here; none when the run could not be begun
  const plugin::PluginCatalog& catalog;
};

class WorkerListener {
 public:
  virtual ~WorkerListener() = default;
  // A claim was answered, with these runs or none.
  virtual void claimed(const std::vector<queue::ClaimedRun>& runs, std::chrono::nanoseconds took) = 0;
  virtual void ended(const EndedRun& ended) = 0;
};

}  // namespace weir::orchestrator

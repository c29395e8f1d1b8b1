// What can be seen of a script while it is imported. Kept up to date by its run; read by whoever shows it.
#pragma once
#include <chrono>
#include <optional>
#include <string>

#include "load/run_writer.hpp"
#include "orchestrator/script_id.hpp"

namespace weir::orchestrator {

struct ScriptProgress {
  ScriptId id;
  std::string tenant_key{};
  std::string state = "WAITING";  // WAITING, RUNNING, and how it ended
  std::string doing{};            // waiting on what, or the partition at work
  std::size_t partitions = 0;
  std::size_t partitions_done = 0;
  load::RunCounts counts{};  // committed
  std::optional<std::chrono::steady_clock::time_point> started_at{};
};

// Told of every change of state, and of partitions and rows now and then. Returns at once.
class ProgressListener {
 public:
  virtual ~ProgressListener() = default;
  virtual void state_changed(const ScriptProgress& script) = 0;
  virtual void moved(const ScriptProgress&) {}
};

}  // namespace weir::orchestrator

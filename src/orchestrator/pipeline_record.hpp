// How a pipeline run stands in the history: who begins it, who may go on with it after an interruption, who ends it.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "orchestrator/pipeline_report.hpp"
#include "orchestrator/run_services.hpp"

namespace weir::orchestrator {

struct BegunRun {
  PipelineRunId id;
  std::optional<Instant> done_to{};  // of a backfill: where an earlier one had stopped
  nlohmann::json window{};           // and what it had done of its next window; null: nothing
};

class PipelineRecord {
 public:
  virtual ~PipelineRecord() = default;
  PipelineRecord() = default;
  PipelineRecord(const PipelineRecord&) = delete;
  PipelineRecord& operator=(const PipelineRecord&) = delete;

  // Throws when there can be no such run.
  virtual Task<BegunRun> begin(nlohmann::json parameters) = 0;
  // After an interruption: the run is still this process's, in its new epoch if it has one; or why it is not.
  virtual Task<Result<>> adopt() = 0;
  // Its end; may be repeated. `was_stopped`: in order, by this process.
  virtual Task<> end(PipelineReport report, bool was_stopped) = 0;
  // A park ends only a part of it.
  virtual bool goes_on_after_park() const = 0;
};

// A run that this process makes, works and ends by itself.
class OwnRecord final : public PipelineRecord {
 public:
  enum class Kind { manual, backfill };
  OwnRecord(RunServices& services, TenantId tenant, std::string tenant_key, std::optional<std::string> user, Kind kind)
      : services_(services), tenant_(tenant), tenant_key_(std::move(tenant_key)), user_(std::move(user)), kind_(kind) {}

  Task<BegunRun> begin(nlohmann::json parameters) override;
  Task<Result<>> adopt() override;
  Task<> end(PipelineReport report, bool was_stopped) override;
  bool goes_on_after_park() const override { return false; }

 private:
  RunServices& services_;
  TenantId tenant_;
  std::string tenant_key_;
  std::optional<std::string> user_;
  Kind kind_;
  PipelineRunId id_{};
};

}  // namespace weir::orchestrator

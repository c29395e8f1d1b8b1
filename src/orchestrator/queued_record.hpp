// A pipeline run that was claimed from the queue: the queue made it, and takes it back at its end.
#pragma once
#include "orchestrator/pipeline_record.hpp"
#include "queue/queue.hpp"

namespace weir::orchestrator {

class QueuedRecord final : public PipelineRecord {
 public:
  // `epoch`: which claimed it. All references outlive this object.
  QueuedRecord(pg::Database& database, queue::Queue& queue, queue::ClaimedRun claimed, Epoch epoch)
      : database_(database), queue_(queue), claimed_(std::move(claimed)), epoch_(epoch) {}

  Task<BegunRun> begin(nlohmann::json parameters) override;
  Task<Result<>> adopt() override;
  Task<> end(PipelineReport report, bool was_stopped) override;
  bool goes_on_after_park() const override { return true; }

  // It cannot be worked, now or ever.
  Task<> refuse(Error error);

  // Whether the queue was told, and answered.
  bool is_ended() const { return is_ended_; }
  // What the queue said to its end; `lost` before.
  const queue::FinishAnswer& answer() const { return answer_; }
  // What was said to the queue; empty before.
  const PipelineReport& report() const { return report_; }

 private:
  Task<> finish(queue::RunEnd end);

  pg::Database& database_;
  queue::Queue& queue_;
  queue::ClaimedRun claimed_;
  Epoch epoch_;
  bool is_ended_ = false;
  queue::FinishAnswer answer_{};
  PipelineReport report_{};
};

// How a part of a pipeline run ends for the queue. Pure.
queue::RunEnd queue_end_of(const PipelineReport& report, bool was_stopped);

}  // namespace weir::orchestrator

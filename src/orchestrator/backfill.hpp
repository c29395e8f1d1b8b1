// Collects a range of time of one script again, one window at a time, without moving its cursors.
//
//   run()  ->  a pipeline run `backfill` begins where the last one with the same range stopped
//          ->  for each window: the script is claimed, its partitions are collected, it is free again
//          ->  what is done is noted after each window
//
// Rows come and change as in any run, under the same claim, fence, ledger and budget; nothing is tombstoned for not
// being seen. Between windows others may claim the script: an import that is due then goes first.
#pragma once
#include <optional>
#include <set>
#include <string>

#include "base/wakeup.hpp"
#include "orchestrator/backfill_range.hpp"
#include "orchestrator/pipeline_run.hpp"

namespace weir::orchestrator {

struct BackfillRequest {
  tenancy::Tenant tenant;
  ScriptId id;
  TimeRange range;
  Instant to_named;  // `range.to` as it was asked for, which may be later: names the backfill
  std::optional<std::chrono::seconds> window{};
  std::optional<std::string> user{};
  std::chrono::milliseconds wait_limits{0};  // each park is waited for up to this
};

struct BackfillReport {
  std::string tenant_key;
  std::optional<PipelineRunId> id{};
  TimeRange range;
  std::optional<Instant> resumed_at{};  // where an earlier one had stopped
  Instant done_to{};
  int windows = 0, windows_done = 0;
  ScriptReport script{};         // status and counts over all windows
  std::optional<Error> error{};  // of the environment: it could not be worked to its end
};

void to_json(nlohmann::json& json, const BackfillReport& report);

class Backfill {
 public:
  // The catalog has the script, and check_backfill() agreed.
  Backfill(RunServices& services, const plugin::PluginCatalog& catalog, BackfillRequest request,
           ProgressListener* listener = nullptr);
  // One that is kept elsewhere. `record` outlives this object.
  Backfill(RunServices& services, const plugin::PluginCatalog& catalog, BackfillRequest request,
           PipelineRecord& record);

  // Once; it always returns. Not to be cancelled: stop() or end() it.
  Task<BackfillReport> run();
  // The pages in flight are finished, then it ends; the second time at once. The window is collected again next time.
  void stop();
  void end(RunStatus status, Error reason);

 private:
  Backfill(RunServices& services, const plugin::PluginCatalog& catalog, BackfillRequest request,
           std::unique_ptr<PipelineRecord> own, PipelineRecord* record, ProgressListener* listener);
  Task<> begin();
  Task<> work();
  Task<std::optional<Claim>> claim();
  Task<bool> wait_out(std::optional<Instant> wake_at, std::string reason);
  Task<bool> collect(TimeRange window, Claim claim);
  Task<bool> settle(TimeRange window, RunResult result);
  Task<> note_progress(Instant done_to);
  Task<bool> write_progress();
  void resume_window(const nlohmann::json& kept);
  nlohmann::json kept_window() const;
  Task<> adopt();
  Task<> finish();
  void finish_as(RunStatus status, std::string reason);
  void show(std::string state, std::string doing);

  RunServices& services_;
  const plugin::PluginCatalog& catalog_;
  BackfillRequest request_;
  std::unique_ptr<PipelineRecord> own_record_;  // null: it is kept elsewhere
  PipelineRecord& record_;
  ProgressListener* listener_;
  ScriptProgress progress_;
  BackfillReport report_;
  std::chrono::milliseconds patience_{};
  ScriptRun* run_ = nullptr;    // while it is claimed
  std::set<std::string> done_;  // partitions of the window at work
  bool is_ending_ = false;
  bool was_stopped_ = false;  // in order
  bool has_gaps_ = false;
  int interruptions_ = 0;  // in a row
  Wakeup changed_;
};

}  // namespace weir::orchestrator

// What the parts of one script run share: what it works on, its writer, its orders, and how it stands.
#pragma once
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "orchestrator/backfill_range.hpp"
#include "orchestrator/claim.hpp"
#include "orchestrator/committer.hpp"
#include "orchestrator/partition_pass.hpp"
#include "orchestrator/run_services.hpp"
#include "orchestrator/run_tally.hpp"
#include "orchestrator/script_progress.hpp"
#include "plugin/script.hpp"

namespace weir::orchestrator {

// What to run. The script and the keys outlive the run.
struct ScriptTask {
  TenantId tenant;
  std::string tenant_key;
  ScriptId id;
  const plugin::Script& script;
  const std::vector<tenancy::ConfigKey>& config;  // its provider's
  std::optional<PipelineRunId> pipeline_run{};
  std::optional<std::string> user{};
  std::optional<TimeRange> backfill{};              // instead of what is new since the cursors
  const std::set<std::string>* left_out = nullptr;  // partitions that have no need of it
};

struct RunState {
  RunState(RunServices& given_services, ScriptTask given_task, Claim given_claim, ScriptProgress& given_progress,
           ProgressListener* given_listener, Committer::Spawn spawn_commit);

  bool is_ending() const { return tally.early || orders.stop || orders.ends_at_page; }
  // The first reason stays, but for the loss of the right, which leaves nothing to be written.
  void end_early(EarlyEnd end);
  // An error that ends the whole run, by its code.
  void take_error(const Error& error);
  // The provider said: not now. Passes in flight end at their next page.
  void park(const Error& limit, std::optional<Instant> wake_at);
  void show(std::string doing);

  RunServices& services;
  ScriptTask task;
  Claim claim;
  const plugin::ScriptDeclaration& declaration;
  load::RunWriter writer;
  Committer committer;
  PassOrders orders;
  RunTally tally;
  ScriptProgress& progress;
  ProgressListener* listener;
  Wakeup changed;  // orders were given, or a part of the work has ended
  bool has_bad_credentials = false;
  std::vector<std::string> collected;  // partitions, of a backfill
};

}  // namespace weir::orchestrator

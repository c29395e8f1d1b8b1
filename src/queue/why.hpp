// Why a pipeline run has not started, and when it should: every reason, not only the first.
#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "pg/database.hpp"
#include "queue/entry.hpp"

namespace weir::queue {

// Who reads an explanation: hosts, how busy they are and commands are for whoever operates them, not for
// a tenant.
enum class Audience { tenant, operators };

// A script that some run works on now.
struct RunningScript {
  std::string name{};  // PROVIDER/SCRIPT of data source SOURCE
  bool is_own = false;
  std::optional<PipelineRunId> run{};  // none: a run without a pipeline run
};

// What the database knows of a run; members of the entry are meaningless without one (state empty).
struct WaitFacts {
  TenantId tenant{};
  std::string status{};  // of the history
  std::optional<std::string> reason{};
  std::optional<std::string> error{};
  bool is_cancel_asked = false;
  Instant now{};
  bool is_node_alive = false;         // that works on it
  std::optional<std::string> node{};  // its host, process and epoch, as long as they are known

  std::string state{};  // scheduled, ready, leased, parked; empty: it is not in the queue
  RunClass run_class = RunClass::scheduled;
  int attempt = 0;
  int interruptions = 0;
  Instant due_at{};
  std::optional<Instant> leased_at{};
  std::vector<RunningScript> scripts{};  // of its tenant, while it is leased; the first 20
  bool needs_quota = false;

  std::optional<std::string> closed{};  // of the lane
  int cap = 0;
  int running = 0;
  std::optional<int> runs_per_day{};
  int quota_used = 0;
  Instant quota_resets_at{};

  int worker_nodes = 0;     // alive, and with slots for runs from the queue
  int run_slots = 0;        // of all of them
  int run_slots_taken = 0;  // by runs of any tenant
  int ahead_in_lane = 0;
  int lanes_ahead = 0;
  std::chrono::milliseconds mean_run{0};     // of the tenant's recent runs
  std::chrono::milliseconds recent_wait{0};  // of runs of this class that started lately
};

struct WaitReason {
  std::string code;  // stable: over, running, dependency, lock, node_gone, cancelling, tenant_paused, tenant_deleting,
                     // subscription_inactive, backoff, parked, quota, cap, queued, nodes_full, no_node;
                     // of a script's run also pipeline_run (orchestrator/script_why.hpp)
  std::string text;
  std::optional<Instant> until{};
};

// Which script the run is one of.
struct ExplainedScript {
  std::string data_source;
  std::string script;  // PROVIDER/SCRIPT
  std::optional<PipelineRunId> pipeline_run{};
};

struct Explanation {
  Uuid run;
  TenantId tenant;
  std::string status;
  std::string queue_state{};                // empty: it is not in the queue
  std::optional<ExplainedScript> script{};  // none: it is a pipeline run
  std::vector<WaitReason> reasons{};        // what holds it longest comes last
  std::optional<Instant> expected_start{};  // none: it runs, is over, or somebody has to act first
};
void to_json(nlohmann::json& json, const Explanation& explanation);

Explanation explain(PipelineRunId run, const WaitFacts& facts, Audience audience);

// nullopt: there is no such pipeline run.
Task<std::optional<Explanation>> explain_run(pg::Database& database, PipelineRunId run, Audience audience);

// As all explanations say them.
WaitReason over(const std::string& status, const std::optional<std::string>& reason,
                const std::optional<std::string>& error);
std::string node_text(const std::optional<std::string>& node, Audience audience);

}  // namespace weir::queue

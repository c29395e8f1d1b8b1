// Why a run has not started or does not end, whether it is a run of a script or a pipeline run. A script's run is
// explained by the state of its script and, as long as its pipeline run is in the queue, by that one too.
#pragma once
#include <optional>
#include <string>

#include "pg/database.hpp"
#include "queue/why.hpp"

namespace weir::orchestrator {

// What the database knows of a run of a script.
struct ScriptRunFacts {
  Uuid run{};
  TenantId tenant{};
  queue::ExplainedScript script{};
  std::string status{};
  std::optional<std::string> reason{};
  std::optional<std::string> error{};
  bool is_last = false;                 // no later run of the script has begun
  bool is_held = false;                 // some run holds the script, on a node that is alive
  std::optional<Uuid> holder{};         // the last run of the script
  std::optional<std::string> node{};    // of the last run: its host, process and epoch
  std::optional<Instant> started_at{};  // the last run
  std::optional<Instant> wake_at{};     // of a parked script
};

// `pipeline_run`: the explanation of the one it is part of; nullopt: there is none.
queue::Explanation explain_script_run(const ScriptRunFacts& facts,
                                      const std::optional<queue::Explanation>& pipeline_run, queue::Audience audience);

// `tenant`: whose run it must be; nullopt: anybody's. nullopt: there is no such run of a script, nor pipeline run.
Task<std::optional<queue::Explanation>> explain_any_run(pg::Database& database, std::optional<TenantId> tenant, Uuid id,
                                                        queue::Audience audience);

}  // namespace weir::orchestrator

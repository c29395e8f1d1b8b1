// What became of a pipeline run and of each of its scripts, and how that is kept as JSON.
#pragma once
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/strong_id.hpp"
#include "base/time.hpp"
#include "load/run_writer.hpp"
#include "orchestrator/schedule.hpp"
#include "orchestrator/script_id.hpp"

namespace weir::orchestrator {

struct ScriptReport {
  ScriptId id;
  std::string status;  // of the run; SKIPPED, FAILED without a run
  std::string reason{};
  std::optional<SkipCode> skipped{};  // why, of SKIPPED
  bool may_retry = false;             // of FAILED: the same may succeed later
  std::optional<RunId> run{};
  std::optional<Instant> wake_at{};
  load::RunCounts counts{};
  std::chrono::milliseconds duration{0};
};

struct PipelineReport {
  std::string tenant_key;
  std::optional<PipelineRunId> id{};
  std::string status = "INTERRUPTED";
  std::vector<ScriptReport> scripts{};
  std::optional<Error> error{};  // of the environment: it could not be worked to its end
};

void to_json(nlohmann::json& json, const ScriptReport& report);
void to_json(nlohmann::json& json, const PipelineReport& report);

// Of a summary that was kept; what it does not say has the value of an empty report.
ScriptReport read_script_report(const nlohmann::json& json);

// Whether a part that follows has nothing more to do for the script: it is through, or it cannot succeed. What was
// parked, interrupted or may be retried is open, and so is what waited for something else.
bool is_settled(const ScriptReport& report);

// What a part of a run did itself, of a report that also says what the parts before it did.
std::vector<ScriptReport> without_earlier(std::vector<ScriptReport> reports, const std::vector<ScriptReport>& earlier);

bool has_status(const std::vector<ScriptReport>& reports, std::string_view status);
// When the first of the parked ones goes on.
std::optional<Instant> earliest_wake(const std::vector<ScriptReport>& reports);
// What failed, or what is parked, in one line; nullopt: nothing.
std::optional<std::string> worst_reason(const std::vector<ScriptReport>& reports);

}  // namespace weir::orchestrator

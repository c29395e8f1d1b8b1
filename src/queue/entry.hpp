// What waits in the queue, and what a node holds of it.
#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "base/strong_id.hpp"
#include "base/time.hpp"

namespace weir::queue {

using PipelineId = StrongId<struct PipelineTag, Uuid>;
using LeaseToken = StrongId<struct LeaseTokenTag, std::int64_t>;  // from a sequence, never reused

// Manual before scheduled before backfill; what has waited long comes first all the same.
enum class RunClass { manual = 0, scheduled = 1, backfill = 2 };
std::string_view name_of(RunClass run_class);
std::optional<RunClass> run_class_of(std::string_view name);

// A run that this node holds, until finish() or until its epoch is over.
struct ClaimedRun {
  PipelineRunId id;
  TenantId tenant;
  std::optional<PipelineId> pipeline;  // none: a run of its own, described by its parameters
  RunClass run_class = RunClass::manual;
  LeaseToken token;
  int attempt = 0;          // failed attempts before this one
  int interruptions = 0;    // by the end of a node
  bool was_parked = false;  // it goes on: only what was parked, and what depends on it, is left to do
  std::optional<Instant> fire_at{};
  Instant due_at{};
  std::optional<std::string> user{};
  nlohmann::json parameters = nlohmann::json::object();
};

}  // namespace weir::queue

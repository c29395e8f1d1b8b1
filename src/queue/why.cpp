#include "queue/why.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "queue/sql.hpp"

namespace weir::queue {
namespace {

constexpr int k_count_max = 1000;  // explain_run.sql counts no further

std::string count_text(int count) {
  return count >= k_count_max ? fmt::format("{} or more", k_count_max) : std::to_string(count);
}

WaitReason leased(const WaitFacts& facts, Audience audience) {
  const auto node = node_text(facts.node, audience);
  if (!facts.is_node_alive)
    return {"node_gone", fmt::format("it ran on {}, which is gone; it is given back within seconds", node)};
  return {"running", fmt::format("it runs on {} since {}", node, format_rfc3339(*facts.leased_at))};
}

// As `weir import` works its runs.
WaitReason works_by_itself(const WaitFacts& facts, Audience audience) {
  const auto node = node_text(facts.node, audience);
  if (!facts.is_node_alive)
    return {"node_gone",
            fmt::format("it ran on {}, which is gone, outside of the queue: nobody starts it again", node)};
  return {"running", fmt::format("it runs on {}, outside of the queue", node)};
}

// Scripts run in the order of their dependencies, so those that are not at work wait for those that are.
std::optional<WaitReason> dependency(const WaitFacts& facts) {
  std::string names;
  for (const auto& script : facts.scripts)
    if (script.is_own) names += (names.empty() ? "" : ", ") + script.name;
  if (names.empty()) return std::nullopt;
  return WaitReason{"dependency", fmt::format("it works on {}; what depends on that waits for it", names)};
}

std::optional<WaitReason> lock(const WaitFacts& facts) {
  std::string names;
  for (const auto& script : facts.scripts)
    if (!script.is_own)
      names += fmt::format("{}{}, by {}", names.empty() ? "" : "; ", script.name,
                           script.run ? "pipeline run " + to_string(*script.run) : "a run of its own");
  if (names.empty()) return std::nullopt;
  return WaitReason{"lock", fmt::format("another run holds {}: what both want is left to that one", names)};
}

std::string with_advice(std::string text, std::string_view advice, Audience audience) {
  if (audience == Audience::operators) text += fmt::format(": {}", advice);
  return text;
}

std::optional<WaitReason> closed_lane(const WaitFacts& facts, Audience audience) {
  if (!facts.closed) return std::nullopt;
  if (*facts.closed == "paused")
    return WaitReason{"tenant_paused", with_advice("the tenant is paused", "weir tenant resume", audience)};
  if (*facts.closed == "deleting") return WaitReason{"tenant_deleting", "the tenant is being removed"};
  return WaitReason{"subscription_inactive", "the tenant's subscription is not active"};
}

std::optional<WaitReason> not_due(const WaitFacts& facts) {
  if (facts.state == "parked")
    return WaitReason{"parked", fmt::format("it is parked until {}", format_rfc3339(facts.due_at)), facts.due_at};
  if (facts.state != "scheduled") return std::nullopt;
  auto text = fmt::format("it failed {} times and is tried again at {}", facts.attempt, format_rfc3339(facts.due_at));
  if (facts.error) text += fmt::format("; the last time: {}", *facts.error);
  return WaitReason{"backoff", std::move(text), facts.due_at};
}

std::optional<WaitReason> out_of_quota(const WaitFacts& facts) {
  if (!facts.needs_quota || !facts.runs_per_day || facts.quota_used < *facts.runs_per_day) return std::nullopt;
  return WaitReason{"quota",
                    fmt::format("the tenant has used its {} runs of today; the next day begins at {}",
                                *facts.runs_per_day, format_rfc3339(facts.quota_resets_at)),
                    facts.quota_resets_at};
}

// It may start, but nobody who would take it has a slot.
bool finds_no_slot(const WaitFacts& facts) {
  return facts.state == "ready" && facts.worker_nodes > 0 && facts.run_slots_taken >= facts.run_slots;
}

// About when the first of so many that are busy is free.
std::chrono::milliseconds slot_wait(const WaitFacts& facts) {
  return finds_no_slot(facts) ? facts.mean_run / facts.run_slots : std::chrono::milliseconds(0);
}

// When slots come free in its lane: each takes one of those before it.
std::chrono::milliseconds lane_wait(const WaitFacts& facts) {
  const auto before = facts.ahead_in_lane + (facts.running >= facts.cap ? 1 : 0);
  if (before == 0 || facts.cap == 0) return std::chrono::milliseconds(0);
  return facts.mean_run * before / facts.cap;
}

std::optional<WaitReason> in_line(const WaitFacts& facts) {
  if (facts.state != "ready") return std::nullopt;
  return WaitReason{"queued", fmt::format("before it: {} of the tenant's own runs, and {} other tenants",
                                          count_text(facts.ahead_in_lane), count_text(facts.lanes_ahead))};
}

std::optional<WaitReason> at_cap(const WaitFacts& facts) {
  if (facts.running < facts.cap) return std::nullopt;
  return WaitReason{"cap", fmt::format("the tenant runs {} at once, and may run {}", facts.running, facts.cap)};
}

std::optional<WaitReason> nobody_there(const WaitFacts& facts, Audience audience) {
  if (facts.worker_nodes > 0) return std::nullopt;
  return WaitReason{"no_node", with_advice("no node that is alive takes runs from the queue",
                                           "start weir serve with the role worker", audience)};
}

std::optional<WaitReason> nobody_free(const WaitFacts& facts, Audience audience) {
  if (!finds_no_slot(facts)) return std::nullopt;
  if (audience == Audience::tenant) return WaitReason{"nodes_full", "all nodes are full"};
  const auto who = facts.worker_nodes == 1 ? "the only node is" : fmt::format("all {} nodes are", facts.worker_nodes);
  return WaitReason{"nodes_full", fmt::format("{} full: {} of {} runs", who, facts.run_slots_taken, facts.run_slots)};
}

bool needs_somebody(const WaitReason& reason) {
  return reason.code == "no_node" || reason.code == "subscription_inactive" || reason.code.starts_with("tenant_");
}

Instant expected_start(const WaitFacts& facts, const std::vector<WaitReason>& reasons) {
  auto start = facts.now + std::max(lane_wait(facts), slot_wait(facts));
  if (facts.state == "ready") start = std::max(start, facts.due_at + facts.recent_wait);
  for (const auto& reason : reasons)
    if (reason.until) start = std::max(start, *reason.until);
  return start;
}

std::chrono::milliseconds milliseconds_of(const pg::Row& row, std::string_view column) {
  return std::chrono::milliseconds(
      static_cast<std::int64_t>(row.get<std::optional<double>>(column).value_or(0) * 1000));
}

WaitFacts read_facts(const pg::Row& row) {
  WaitFacts facts{.tenant = row.get<TenantId>("tenant_id"),
                  .status = row.get<std::string>("status"),
                  .reason = row.get<std::optional<std::string>>("reason"),
                  .error = row.get<std::optional<std::string>>("error"),
                  .is_cancel_asked = row.get<bool>("is_cancel_asked"),
                  .now = row.get<Instant>("now")};
  facts.worker_nodes = row.get<int>("worker_nodes");
  facts.run_slots = row.get<int>("run_slots");
  facts.run_slots_taken = row.get<int>("run_slots_taken");
  facts.is_node_alive = row.get<bool>("is_node_alive");
  facts.node = row.get<std::optional<std::string>>("node");
  if (row.is_null("state")) return facts;
  facts.state = row.get<std::string>("state");
  facts.run_class = static_cast<RunClass>(row.get<int>("class"));
  facts.attempt = row.get<int>("attempt");
  facts.interruptions = row.get<int>("interruptions");
  facts.due_at = row.get<Instant>("due_at");
  facts.leased_at = row.get<std::optional<Instant>>("leased_at");
  facts.needs_quota = row.get<bool>("needs_quota");
  facts.closed = row.get<std::optional<std::string>>("closed");
  facts.cap = row.get<std::optional<int>>("cap").value_or(0);
  facts.running = row.get<std::optional<int>>("running").value_or(0);
  facts.runs_per_day = row.get<std::optional<int>>("runs_per_day");
  facts.quota_used = row.get<std::optional<int>>("quota_used").value_or(0);
  facts.quota_resets_at = row.get<std::optional<Instant>>("quota_resets_at").value_or(Instant{});
  facts.ahead_in_lane = row.get<std::optional<int>>("ahead_in_lane").value_or(0);
  facts.lanes_ahead = row.get<std::optional<int>>("lanes_ahead").value_or(0);
  facts.mean_run = milliseconds_of(row, "mean_seconds");
  facts.recent_wait = milliseconds_of(row, "recent_wait_seconds");
  return facts;
}

std::vector<RunningScript> read_scripts(const pg::Rows& rows) {
  std::vector<RunningScript> scripts;
  for (const auto row : rows)
    scripts.push_back({.name = fmt::format("{} of data source {}", row.get<std::string_view>("script"),
                                           row.get<std::string_view>("data_source")),
                       .is_own = row.get<bool>("is_own"),
                       .run = row.get<std::optional<PipelineRunId>>("pipeline_run_id")});
  return scripts;
}

}  // namespace

WaitReason over(const std::string& status, const std::optional<std::string>& reason,
                const std::optional<std::string>& error) {
  auto text = fmt::format("it is over: {}", status);
  if (reason) text += fmt::format(", {}", *reason);
  if (error) text += fmt::format(", {}", *error);
  return {"over", std::move(text)};
}

std::string node_text(const std::optional<std::string>& node, Audience audience) {
  return audience == Audience::operators && node ? *node : "a node";
}

void to_json(nlohmann::json& json, const Explanation& explanation) {
  json = {{"run", explanation.run.to_string()},
          {"kind", explanation.script ? "run" : "pipeline_run"},
          {"tenant_id", to_string(explanation.tenant)},
          {"status", explanation.status},
          {"reasons", nlohmann::json::array()}};
  if (const auto& script = explanation.script) {
    json["data_source"] = script->data_source;
    json["script"] = script->script;
    if (script->pipeline_run) json["pipeline_run_id"] = to_string(*script->pipeline_run);
  }
  for (const auto& reason : explanation.reasons) {
    nlohmann::json one = {{"code", reason.code}, {"text", reason.text}};
    if (reason.until) one["until"] = format_rfc3339(*reason.until);
    json["reasons"].push_back(std::move(one));
  }
  if (explanation.expected_start) json["expected_start"] = format_rfc3339(*explanation.expected_start);
}

Explanation explain(PipelineRunId run, const WaitFacts& facts, Audience audience) {
  Explanation said{.run = run.value(), .tenant = facts.tenant, .status = facts.status, .queue_state = facts.state};
  if (facts.state.empty()) {
    said.reasons.push_back(facts.status == "RUNNING" ? works_by_itself(facts, audience)
                                                     : over(facts.status, facts.reason, facts.error));
    return said;
  }
  if (facts.is_cancel_asked) said.reasons.push_back({"cancelling", "somebody has cancelled it"});
  if (facts.state == "leased") {
    said.reasons.push_back(leased(facts, audience));
    if (!facts.is_node_alive) return said;
    for (auto& reason : {dependency(facts), lock(facts)})
      if (reason) said.reasons.push_back(*reason);
    return said;
  }
  for (auto& reason : {in_line(facts), nobody_free(facts, audience), at_cap(facts), not_due(facts), out_of_quota(facts),
                       closed_lane(facts, audience), nobody_there(facts, audience)})
    if (reason) said.reasons.push_back(*reason);
  if (std::ranges::none_of(said.reasons, needs_somebody)) said.expected_start = expected_start(facts, said.reasons);
  return said;
}

Task<std::optional<Explanation>> explain_run(pg::Database& database, PipelineRunId run, Audience audience) {
  const auto rows = co_await database.query(pg::Scope::control(), sql::explain_run, pg::Params(run));
  if (rows.empty()) co_return std::nullopt;
  auto facts = read_facts(rows.one());
  if (facts.state == "leased") {
    const auto tenant = facts.tenant;
    const auto scripts =
        co_await database.query(pg::Scope::tenant(tenant), sql::list_running_scripts, pg::Params(tenant, run));
    facts.scripts = read_scripts(scripts);
  }
  co_return explain(run, facts, audience);
}

}  // namespace weir::queue

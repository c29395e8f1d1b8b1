#include "orchestrator/health.hpp"

#include <fmt/format.h>

#include "base/time.hpp"
#include "orchestrator/sql.hpp"
#include "pg/doctor/read_transaction.hpp"

namespace weir::orchestrator {
namespace {

using enum Verdict;

constexpr auto k_remedy = "the next weir import frees its scripts and goes on from their last checkpoints";

std::string name_of(const NodeHealth& node) {
  return fmt::format("the node {} (process {}, epoch {}, {} scripts)", node.hostname, node.pid, node.epoch.value(),
                     node.runs);
}

Finding judge_node(const NodeHealth& node) {
  const auto silent = format_duration(node.silent);
  if (node.is_lease_over)
    return {"nodes", warning,
            fmt::format("{} was last heard of {} ago and lost its lease: it is dead or frozen", name_of(node), silent),
            k_remedy};
  if (node.is_lock_free)
    return {"nodes", warning, fmt::format("{} lost its connection: it is dead, or about to stop", name_of(node)),
            k_remedy};
  if (node.silent > node.lease / 2)
    return {"nodes", warning, fmt::format("{} is late: last heard of {} ago", name_of(node), silent),
            "look at its machine and its way to the database"};
  return {"nodes", ok, fmt::format("{} is alive", name_of(node))};
}

}  // namespace

RunsHealth read_runs_health(pg::BlockingSession& session, const pg::RoleNames& roles) {
  pg::ReadTransaction transaction(session, roles.control());
  RunsHealth health;
  const auto rows = transaction.query(sql::list_node_health);
  for (const auto row : rows)
    health.nodes.push_back({.epoch = row.get<Epoch>("epoch"),
                            .hostname = row.get<std::string>("hostname"),
                            .pid = row.get<int>("pid"),
                            .is_lease_over = row.get<bool>("is_lease_over"),
                            .is_lock_free = row.get<bool>("is_lock_free"),
                            .silent = std::chrono::milliseconds(row.get<std::int64_t>("silent_ms")),
                            .lease = std::chrono::milliseconds(row.get<std::int64_t>("lease_ms")),
                            .runs = row.get<std::int64_t>("runs")});
  const auto lost = transaction.query(sql::count_lost_runs);
  health.runs_lost = lost.one().get<std::int64_t>("n");
  health.lost_example = lost.one().get<std::optional<std::string>>("example").value_or("");
  return health;
}

Findings judge_runs(const RunsHealth& health) {
  Findings findings;
  for (const auto& node : health.nodes) findings.push_back(judge_node(node));
  if (health.nodes.empty()) findings.push_back({"nodes", ok, "none is at work"});
  if (health.runs_lost > 0)
    findings.push_back({"runs", warning,
                        fmt::format("{} scripts, such as {}, are RUNNING for nodes that are gone", health.runs_lost,
                                    health.lost_example),
                        "the next weir import takes them over"});
  else
    findings.push_back({"runs", ok, "none is left behind by a dead node"});
  return findings;
}

}  // namespace weir::orchestrator

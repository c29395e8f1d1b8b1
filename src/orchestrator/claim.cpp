#include "orchestrator/claim.hpp"

#include <map>

#include <fmt/format.h>

#include "base/random.hpp"
#include "base/task_group.hpp"
#include "orchestrator/sql.hpp"

namespace weir::orchestrator {
namespace {

constexpr auto k_lock_patience = 3s;

ClaimOutcome parse_outcome(const std::string& name) {
  static const std::map<std::string, ClaimOutcome> names{{"claimed", ClaimOutcome::claimed},
                                                         {"held", ClaimOutcome::held},
                                                         {"locked", ClaimOutcome::held},
                                                         {"parked", ClaimOutcome::parked},
                                                         {"cap", ClaimOutcome::cap},
                                                         {"disabled", ClaimOutcome::disabled},
                                                         {"paused", ClaimOutcome::paused},
                                                         {"needs_credentials", ClaimOutcome::needs_credentials},
                                                         {"unknown_source", ClaimOutcome::unknown_source},
                                                         {"node_lost", ClaimOutcome::node_lost}};
  const auto found = names.find(name);
  if (found == names.end()) throw Failure({ErrorCode::internal, fmt::format("a claim was answered with '{}'", name)});
  return found->second;
}

std::string reason_of(const std::string& outcome, const pg::Row& row, const ScriptId& id) {
  const auto detail = row.get<std::optional<std::string>>("detail").value_or("");
  const auto wake_at = row.get<std::optional<Instant>>("wake_at");
  // A tenant reads this: no name of a host.
  if (outcome == "held")
    return fmt::format("held: it runs on node {}, as run {}", row.get<Epoch>("holder_epoch").value(),
                       to_string(row.get<RunId>("run_id")));
  if (outcome == "locked") return "held: somebody else is at this script just now";
  if (outcome == "parked") return fmt::format("parked until {}", wake_at ? format_rfc3339(*wake_at) : "it is woken");
  if (outcome == "cap") return "the tenant has as many scripts running as it may";
  if (outcome == "disabled") return fmt::format("data source {} is disabled: weir source enable", id.data_source);
  if (outcome == "paused") return "the tenant is paused, or its subscription is not active: weir tenant show";
  if (outcome == "needs_credentials")
    return fmt::format("data source {} needs credentials: {}", id.data_source, detail);
  if (outcome == "unknown_source") return fmt::format("data source {} is gone", id.data_source);
  if (outcome == "node_lost") return "this node has lost its lease";
  return "";
}

}  // namespace

Task<Claim> claim_script(pg::Database& database, Node& node, ClaimRequest request) {
  const auto deadline = Deadline::in(k_lock_patience);
  auto random = Random::from_system();
  for (;;) {
    if (!node.may_start()) co_return Claim{.reason = "this node has lost its lease"};
    const auto epoch = node.epoch();
    const auto rows =
        co_await database.query(pg::Scope::tenant(request.tenant), sql::claim_script,
                                pg::Params(request.tenant, request.id.data_source, request.id.script, node.id(), epoch,
                                           request.pipeline_run, request.concurrent_scripts));
    const auto row = rows.one();
    const auto outcome = row.get<std::string>("outcome");
    if (outcome != "locked" || deadline.is_over())
      co_return Claim{.outcome = parse_outcome(outcome),
                      .fence = row.get<Fence>("fence"),
                      .run = row.get<std::optional<RunId>>("run_id").value_or(RunId{}),
                      .epoch = epoch,
                      .wake_at = row.get<std::optional<Instant>>("wake_at"),
                      .reason = reason_of(outcome, row, request.id)};
    co_await sleep_for(std::chrono::milliseconds(20 + random.below(80)));
  }
}

}  // namespace weir::orchestrator

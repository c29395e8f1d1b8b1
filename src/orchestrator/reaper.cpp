#include "orchestrator/reaper.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/log.hpp"
#include "base/task_group.hpp"
#include "orchestrator/sql.hpp"

namespace weir::orchestrator {
namespace {

NodeSighting sighting_of(const pg::Row& row) {
  return {.epoch = row.get<Epoch>("epoch"),
          .is_lease_over = row.get<bool>("is_lease_over"),
          .is_lock_free = row.get<bool>("is_lock_free"),
          .proven_at = row.get<Instant>("proven_at"),
          .server_start = row.get<Instant>("server_start"),
          .has_runs = row.get<bool>("has_runs")};
}

}  // namespace

std::string Reaper::application_name(Epoch epoch) { return fmt::format("weir epoch {}", epoch.value()); }

Task<ReapedRound> Reaper::round(Epoch self) {
  ReapedRound result;
  std::set<Epoch> dead;
  {
    auto transaction = co_await database_.begin(pg::Scope::control(), Deadline::in(10s));
    const auto lock = co_await transaction.query(sql::try_reaper_lock);
    if (!lock.one().get<bool>("is_ours")) {
      co_await transaction.commit();
      result.is_other_reaper_at_work = true;
      co_return result;
    }
    const auto rows = co_await transaction.query(sql::list_nodes, pg::Params(self));
    std::vector<NodeSighting> seen;
    for (const auto row : rows) seen.push_back(sighting_of(row));
    const auto verdict = judge_.judge(seen, clock_.boottime());
    result.is_anyone_suspected = verdict.is_anyone_suspected;
    for (const auto& node : verdict.dead) {
      const auto declared =
          co_await transaction.query(sql::declare_dead, pg::Params(node.epoch, node.proven_at, node.server_start));
      if (!declared.empty()) dead.insert(node.epoch);
    }
    result.nodes_dead = static_cast<int>(dead.size());
    const auto freed = co_await transaction.query(sql::interrupt_orphans);
    result.scripts_freed = freed.one().get<int>("freed");
    const auto locked = co_await transaction.query(sql::list_locked_orphans);
    for (const auto row : locked) dead.insert(row.get<Epoch>("epoch"));
    co_await transaction.commit();
  }
  if (!dead.empty()) co_await end_sessions(dead);
  co_return result;
}

// As the login role itself: no other may end its sessions.
Task<> Reaper::end_sessions(std::set<Epoch> dead) {
  std::vector<std::string> names;
  for (const auto epoch : dead) names.push_back(application_name(epoch));
  const auto lease = co_await database_.pool().acquire(Deadline::in(10s));
  const auto rows = co_await lease->query(sql::terminate_backends, pg::Params().add_array(names), Deadline::in(10s));
  log_info("reaper: {} dead, {} of their sessions ended", fmt::join(names, ", "), rows.one().get<int>("ended"));
}

Task<ReapedRound> Reaper::sweep(Epoch self) {
  ReapedRound total;
  const auto deadline = Deadline::in(gap_ * 3 + 1s);
  for (;;) {
    const auto round = co_await this->round(self);
    total.nodes_dead += round.nodes_dead;
    total.scripts_freed += round.scripts_freed;
    total.is_anyone_suspected = round.is_anyone_suspected;
    total.is_other_reaper_at_work = round.is_other_reaper_at_work;
    if ((!round.is_anyone_suspected && !round.is_other_reaper_at_work) || deadline.is_over()) break;
    co_await sleep_for(std::max<std::chrono::milliseconds>(gap_ / 10, 5ms));
  }
  co_await forget_nodes();
  co_return total;
}

Task<std::int64_t> Reaper::forget_nodes() {
  const auto rows = co_await database_.query(pg::Scope::control(), sql::forget_nodes);
  co_return rows.one().get<std::int64_t>("forgotten");
}

}  // namespace weir::orchestrator

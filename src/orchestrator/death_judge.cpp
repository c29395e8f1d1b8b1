#include "orchestrator/death_judge.hpp"

namespace weir::orchestrator {

// Only those seen free in this round too stay suspected.
Verdict DeathJudge::judge(const std::vector<NodeSighting>& sightings, std::chrono::nanoseconds now) {
  Verdict verdict;
  std::map<Epoch, Suspicion> suspected;
  for (const auto& seen : sightings) {
    if (is_dead(seen, now, suspected))
      verdict.dead.push_back(seen);
    else if (seen.is_lock_free && seen.has_runs)
      verdict.is_anyone_suspected = true;
  }
  suspected_ = std::move(suspected);
  return verdict;
}

bool DeathJudge::is_dead(const NodeSighting& seen, std::chrono::nanoseconds now,
                         std::map<Epoch, Suspicion>& suspected) const {
  if (seen.is_lease_over) return true;
  if (!seen.is_lock_free) return false;
  Suspicion suspicion{now, seen.proven_at, seen.server_start};
  const auto before = suspected_.find(seen.epoch);
  if (before != suspected_.end() && before->second.proven_at == seen.proven_at &&
      before->second.server_start == seen.server_start)
    suspicion.since = before->second.since;
  suspected.insert_or_assign(seen.epoch, suspicion);
  return now - suspicion.since >= gap_;
}

}  // namespace weir::orchestrator

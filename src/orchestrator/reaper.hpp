// Takes the runs of dead nodes away from them, so that others may go on. Any number of nodes may try; one works at a
// time, and correctness never depends on it.
#pragma once
#include <set>
#include <string>

#include "base/asio.hpp"
#include "orchestrator/death_judge.hpp"
#include "pg/database.hpp"

namespace weir::orchestrator {

struct ReapedRound {
  int nodes_dead = 0;
  int scripts_freed = 0;
  bool is_anyone_suspected = false;
  bool is_other_reaper_at_work = false;
};

class Reaper {
 public:
  // `gap`: how long a proven lock must have been free.
  Reaper(pg::Database& database, std::chrono::milliseconds gap, Clock& clock)
      : database_(database), gap_(gap), clock_(clock), judge_(gap) {}

  // One look. `self` is not judged.
  Task<ReapedRound> round(Epoch self);
  // As many looks as it takes to free what is orphaned now, but for nodes whose lease must run out first.
  Task<ReapedRound> sweep(Epoch self);
  // Those that died over a day ago and left nothing behind; how many. sweep() does it, too.
  Task<std::int64_t> forget_nodes();

  // What connections of an epoch are called; the reaper ends them by it.
  static std::string application_name(Epoch epoch);

 private:
  Task<> end_sessions(std::set<Epoch> dead);

  pg::Database& database_;
  std::chrono::milliseconds gap_;
  Clock& clock_;
  DeathJudge judge_;
};

}  // namespace weir::orchestrator

// Time travel: what happens in the world between two instants. The same world, seed and counts give the same events.
#pragma once
#include <functional>
#include <map>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "provider-sim/base/dice.hpp"
#include "provider-sim/world/world.hpp"

namespace weir::sim {

struct ActivityPlan {
  std::map<std::string, std::size_t> counts{};  // by kind
  std::vector<std::string> repositories{};      // names; empty: any
};

// {"commits": 3, …}, a number (so many of a usual mix) or "light" / "heavy"; an unknown kind is an error that lists
// all.
Result<ActivityPlan> parse_activity(const nlohmann::json& json);

class Activity {
 public:
  Activity(World& world, std::uint64_t seed) : world_(world), dice_(mix(seed, 61)) {}
  // Spreads the plan's events over (from, to], in ascending order; the list of what happened, with its ids.
  nlohmann::json perform(const ActivityPlan& plan, Time from, Time to);

  using Event = nlohmann::json;
  // The kinds; each returns what it did, or null when the world has nothing to do it to.
  Event add_commits(Time at);
  Event merge_late(Time at);  // a branch with old dates comes to the default branch
  Event force_push(Time at);
  Event add_branch(Time at);
  Event delete_branch(Time at);
  Event open_pull(Time at);
  Event merge_pull(Time at);
  Event close_pull(Time at);
  Event edit_pull(Time at);
  Event review_pull(Time at);
  Event open_issue(Time at);
  Event close_issue(Time at);
  Event reopen_issue(Time at);
  Event edit_issue(Time at);
  Event publish_release(Time at);
  Event edit_release(Time at);
  Event start_run(Time at);
  Event finish_run(Time at);
  Event rerun(Time at);
  Event create_repository(Time at);
  Event rename_repository(Time at);
  Event transfer_repository(Time at);
  Event archive_repository(Time at);
  Event delete_repository(Time at);
  Event edit_repository(Time at);
  Event first_push(Time at);  // to an empty repository
  Event add_member(Time at);
  Event remove_member(Time at);

 private:
  // One that may be changed: of the organization, alive, not archived or blocked, not empty.
  const Repository* pick_repository();
  const Repository* pick_repository(const std::function<bool(const Repository&)>& is_wanted);
  template <class T, class Wanted>
  T* pick_ticket(Repository*& repository, std::vector<T> Repository::* tickets, Wanted wanted);
  Index push_commit(Repository& repository, Branch& branch, Time at);
  Index make_commit(Repository& repository, Time at, Index parent, Index second_parent);
  void set_pushed(Repository& repository, Time at);
  Event describe(std::string_view kind, Time at, const Repository& repository) const;

  World& world_;
  Dice dice_;
  const ActivityPlan* plan_ = nullptr;
};

}  // namespace weir::sim

// What happens to pull requests and issues.
#include <algorithm>

#include <fmt/format.h>

#include "provider-sim/base/words.hpp"
#include "provider-sim/world/activity.hpp"

namespace weir::sim {
namespace {

bool is_open(const Ticket& ticket) { return ticket.is_open; }
bool is_any(const Ticket&) { return true; }

void fill_new(Ticket& ticket, World& world, Repository& repository, Dice& dice, Time at) {
  ticket.seed = dice.next();
  ticket.number = repository.next_number++;
  ticket.issue_id = world.next_id(50);
  ticket.author = world.pick_account(dice.next());
  ticket.created_at = ticket.updated_at = at;
  if (dice.percent(40)) ticket.labels.push_back(static_cast<std::uint8_t>(dice.below(k_labels.size())));
}

template <class T>
void toggle(std::vector<T>& list, T value) {
  if (std::erase(list, value) == 0) list.push_back(value);
}

void change_people_and_labels(Ticket& ticket, const World& world, Dice& dice) {
  if (dice.percent(50)) toggle(ticket.labels, static_cast<std::uint8_t>(dice.below(k_labels.size())));
  if (dice.percent(30)) toggle(ticket.assignees, world.members()[dice.below(world.members().size())]);
}

}  // namespace

// A random ticket that is wanted, in a random repository that has one; `repository` is then the one to change.
template <class T, class Wanted>
T* Activity::pick_ticket(Repository*& repository, std::vector<T> Repository::* tickets, Wanted wanted) {
  const Repository* picked =
      pick_repository([&](const Repository& candidate) { return std::ranges::any_of(candidate.*tickets, wanted); });
  if (!picked) return nullptr;
  repository = &world_.change(*picked);
  std::vector<T*> found;
  for (T& ticket : repository->*tickets)
    if (wanted(ticket)) found.push_back(&ticket);
  return dice_.pick(found);
}

Activity::Event Activity::open_pull(Time at) {
  const Repository* picked = pick_repository();
  if (!picked) return nullptr;
  Repository& repository = world_.change(*picked);
  Pull pull;
  fill_new(pull, world_, repository, dice_, at);
  pull.id = world_.next_id(50);
  pull.base_ref = repository.branches.front().name;
  pull.base = repository.branches.front().head;
  pull.head = make_commit(repository, at, pull.base, k_none);
  pull.head_ref = fmt::format("{}-{}", make_slug(dice_.next()), pull.number);
  pull.head_repository = dice_.percent(60) ? HeadRepository::same : HeadRepository::fork;
  pull.additions = repository.commits[pull.head].additions;
  pull.deletions = repository.commits[pull.head].deletions;
  pull.changed_files = repository.commits[pull.head].changed_files;
  pull.commits = 1;
  pull.merge_sha = Sha::derive(mix(pull.seed, 51));
  Event event = describe("pull_open", at, repository);
  event["number"] = pull.number;
  repository.pulls.push_back(std::move(pull));
  return event;
}

Activity::Event Activity::merge_pull(Time at) {
  Repository* repository = nullptr;
  Pull* pull = pick_ticket(repository, &Repository::pulls, is_open);
  if (!pull) return nullptr;
  Branch& branch = repository->branches.front();
  branch.head = make_commit(*repository, at, branch.head, pull->head);
  set_pushed(*repository, at);
  pull->is_open = pull->is_draft = false;
  pull->merged_at = pull->closed_at = pull->updated_at = at;
  pull->merged_by = pull->closed_by = world_.pick_account(dice_.next());
  pull->merge_sha = repository->commits[branch.head].sha;
  Event event = describe("pull_merge", at, *repository);
  event["number"] = pull->number;
  event["shas"] = {pull->merge_sha->hex()};
  return event;
}

Activity::Event Activity::close_pull(Time at) {
  Repository* repository = nullptr;
  Pull* pull = pick_ticket(repository, &Repository::pulls, is_open);
  if (!pull) return nullptr;
  pull->is_open = false;
  pull->closed_at = pull->updated_at = at;
  pull->closed_by = world_.pick_account(dice_.next());
  if (dice_.percent(30)) pull->head_repository = HeadRepository::gone;
  Event event = describe("pull_close", at, *repository);
  event["number"] = pull->number;
  return event;
}

Activity::Event Activity::edit_pull(Time at) {
  Repository* repository = nullptr;
  Pull* pull = pick_ticket(repository, &Repository::pulls, is_any);
  if (!pull) return nullptr;
  ++pull->revision;
  pull->comments += 1;
  change_people_and_labels(*pull, world_, dice_);
  if (!pull->requested_reviewers.empty() && dice_.percent(30)) pull->requested_reviewers.pop_back();
  pull->updated_at = at;
  Event event = describe("pull_edit", at, *repository);
  event["number"] = pull->number;
  return event;
}

Activity::Event Activity::review_pull(Time at) {
  Repository* repository = nullptr;
  Pull* pull = pick_ticket(repository, &Repository::pulls, is_open);
  if (!pull) return nullptr;
  Review review{.id = world_.next_id(20), .seed = dice_.next(), .submitted_at = at, .commit = pull->head};
  review.author = world_.pick_account(dice_.next());
  review.state = dice_.percent(60) ? ReviewState::approved : ReviewState::changes_requested;
  pull->reviews.push_back(review);
  pull->updated_at = at;
  Event event = describe("review", at, *repository);
  event["number"] = pull->number;
  event["review_id"] = review.id;
  return event;
}

Activity::Event Activity::open_issue(Time at) {
  const Repository* picked = pick_repository([](const Repository& r) { return r.has_issues && !r.is_empty(); });
  if (!picked) return nullptr;
  Repository& repository = world_.change(*picked);
  Issue issue;
  fill_new(issue, world_, repository, dice_, at);
  Event event = describe("issue_open", at, repository);
  event["number"] = issue.number;
  repository.issues.push_back(std::move(issue));
  return event;
}

Activity::Event Activity::close_issue(Time at) {
  Repository* repository = nullptr;
  Issue* issue = pick_ticket(repository, &Repository::issues, is_open);
  if (!issue) return nullptr;
  issue->is_open = false;
  issue->closed_at = issue->updated_at = at;
  issue->closed_by = world_.pick_account(dice_.next());
  issue->reason = StateReason::completed;
  Event event = describe("issue_close", at, *repository);
  event["number"] = issue->number;
  return event;
}

Activity::Event Activity::reopen_issue(Time at) {
  Repository* repository = nullptr;
  Issue* issue =
      pick_ticket(repository, &Repository::issues, [](const Issue& candidate) { return !candidate.is_open; });
  if (!issue) return nullptr;
  issue->is_open = true;
  issue->closed_at.reset();
  issue->closed_by = k_none;
  issue->reason = StateReason::reopened;
  issue->updated_at = at;
  Event event = describe("issue_reopen", at, *repository);
  event["number"] = issue->number;
  return event;
}

Activity::Event Activity::edit_issue(Time at) {
  Repository* repository = nullptr;
  Issue* issue = pick_ticket(repository, &Repository::issues, is_any);
  if (!issue) return nullptr;
  ++issue->revision;
  issue->comments += 1;
  change_people_and_labels(*issue, world_, dice_);
  issue->updated_at = at;
  Event event = describe("issue_edit", at, *repository);
  event["number"] = issue->number;
  return event;
}

}  // namespace weir::sim

// The pull requests of a generated repository, and the numbers they share with its issues.
#include <algorithm>

#include <fmt/format.h>

#include "provider-sim/base/words.hpp"
#include "provider-sim/world/generator.hpp"

namespace weir::sim {

using namespace std::chrono_literals;

void RepositoryGenerator::make_pulls() {
  for (std::size_t i = 0; i < sizes_.pulls; ++i) {
    Pull pull = make_pull(i);
    make_reviews(pull, i < 2 ? world_.options().list_items : 0);
    repository_.pulls.push_back(std::move(pull));
  }
}

// Seven in ten are merged while there are landings for them; the others are half open, half closed.
Pull RepositoryGenerator::make_pull(std::size_t position) {
  Pull pull;
  pull.base_ref = repository_.default_branch;
  const auto wanted = sizes_.pulls * 7 / 10;
  const auto merged = std::min(wanted, landings_.size());
  const Landing* landing = position < merged ? &landings_[position * landings_.size() / merged] : nullptr;
  const Time end = landing ? repository_.commits[landing->merge].committed_at : now_ - 3h;
  fill_ticket(pull,
              between(landing ? std::max(repository_.created_at, end - 240h) : repository_.created_at + 3min, end));
  pull.base = landing ? landing->base : line_[static_cast<std::size_t>(dice_.below(line_.size()))];
  const auto own_branch = position - merged;
  const bool has_branch = !landing && own_branch + 1 < repository_.branches.size();
  if (has_branch) {
    const Branch& branch = repository_.branches[own_branch + 1];
    pull.head = branch.head;
    pull.head_ref = branch.name;
  } else {
    pull.head = landing && landing->head != k_none
                    ? landing->head
                    : make_commit(between(pull.created_at, end), pull.base, k_none, false);
    pull.head_ref = fmt::format("{}-{}", make_slug(dice_.next()), position + 1);
    const auto kind = dice_.below(100);
    pull.head_repository = kind < 45 ? HeadRepository::same : kind < 75 ? HeadRepository::fork : HeadRepository::gone;
  }
  const bool is_open = !landing && (has_branch || dice_.percent(50));
  pull.is_draft = is_open && dice_.percent(20);
  pull.additions = static_cast<std::int32_t>(dice_.below(1500));
  pull.deletions = static_cast<std::int32_t>(dice_.below(700));
  pull.changed_files = static_cast<std::int32_t>(1 + std::min(dice_.below(20), dice_.below(90)));
  pull.commits = landing && landing->head != k_none ? 2 : 1;
  pull.review_comments = static_cast<std::int32_t>(std::min(dice_.below(6), dice_.below(40)));
  if (!is_open)
    close_pull(pull, landing);
  else
    pull.merge_sha = Sha::derive(mix(pull.seed, 51));
  if (is_open && dice_.percent(40)) pull.requested_reviewers.push_back(world_.pick_account(dice_.next()));
  return pull;
}

void RepositoryGenerator::close_pull(Pull& pull, const Landing* landing) {
  pull.is_open = false;
  if (landing) {
    const Commit& merge = repository_.commits[landing->merge];
    pull.merged_at = pull.closed_at = merge.committed_at;
    pull.merge_sha = merge.sha;
    pull.merged_by = pull.closed_by = world_.pick_account(dice_.next());
    return;
  }
  pull.closed_at = between(pull.created_at, now_ - 1h);
  pull.closed_by = world_.pick_account(dice_.next());
  if (dice_.percent(70)) pull.merge_sha = Sha::derive(mix(pull.seed, 51));
}

void RepositoryGenerator::make_reviews(Pull& pull, std::size_t wanted) {
  Time last = pull.closed_at.value_or(pull.created_at);
  const auto drawn = dice_.below(2 * world_.options().reviews + 1);
  const auto count = wanted > 0 ? wanted : drawn;
  Time at = pull.created_at;
  for (std::uint64_t i = 0; i < count; ++i) {
    at = between(at, pull.closed_at.value_or(now_ - 3h));
    Review review{.seed = dice_.next(), .submitted_at = at, .commit = pull.head};
    review.author = dice_.percent(3) ? k_none : world_.pick_account(dice_.next());
    const auto kind = dice_.below(100);
    review.state = kind < 50   ? ReviewState::approved
                   : kind < 70 ? ReviewState::changes_requested
                   : kind < 92 ? ReviewState::commented
                   : kind < 97 ? ReviewState::dismissed
                               : ReviewState::pending;
    if (review.state == ReviewState::pending) review.submitted_at.reset();
    last = std::max(last, at);
    pull.reviews.push_back(review);
  }
  touch(pull, last);
}

void RepositoryGenerator::number_tickets() {
  std::vector<std::pair<Ticket*, Pull*>> tickets;
  tickets.reserve(repository_.issues.size() + repository_.pulls.size());
  for (Issue& issue : repository_.issues) tickets.emplace_back(&issue, nullptr);
  for (Pull& pull : repository_.pulls) tickets.emplace_back(&pull, &pull);
  std::ranges::sort(tickets, {},
                    [](const auto& entry) { return std::pair(entry.first->created_at, entry.first->seed); });
  for (auto& [ticket, pull] : tickets) {
    ticket->number = repository_.next_number++;
    ticket->issue_id = world_.next_id(50);
    if (!pull) continue;
    pull->id = world_.next_id(50);
    for (Review& review : pull->reviews) review.id = world_.next_id(20);
  }
  std::ranges::sort(repository_.issues, {}, &Issue::number);
  std::ranges::sort(repository_.pulls, {}, &Pull::number);
}

}  // namespace weir::sim

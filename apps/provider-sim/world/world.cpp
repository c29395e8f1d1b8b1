#include "provider-sim/world/world.hpp"

#include <algorithm>
#include <queue>

#include "provider-sim/base/dice.hpp"
#include "provider-sim/world/generator.hpp"

namespace weir::sim {
namespace {

constexpr std::size_t k_histories_max = 512;

// Git's own order: of what is known so far the newest committer date first.
template <class Visit>
void walk(const Repository& repository, Index head, std::vector<bool>& seen, Visit visit) {
  const auto older = [&repository](Index a, Index b) {
    const auto& left = repository.commits[a];
    const auto& right = repository.commits[b];
    return left.committed_at != right.committed_at ? left.committed_at < right.committed_at : a < b;
  };
  std::priority_queue<Index, std::vector<Index>, decltype(older)> open(older);
  const auto push = [&](Index commit) {
    if (commit == k_none || seen[commit]) return;
    seen[commit] = true;
    open.push(commit);
  };
  push(head);
  while (!open.empty()) {
    const Index commit = open.top();
    open.pop();
    visit(commit);
    for (const Index parent : repository.commits[commit].parents) push(parent);
  }
}

}  // namespace

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return result;
}

World::World(const WorldOptions& options) : options_(options) { Generator(*this).generate(); }

const Account* World::find_account(std::string_view login) const {
  const Index index = find_account_index(login);
  return index == k_none ? nullptr : &accounts_[index];
}

Index World::find_account_index(std::string_view login) const {
  const auto found = by_login_.find(lower(login));
  return found == by_login_.end() ? k_none : found->second;
}

const Repository* World::find_repository(std::string_view full_name) const {
  const auto found = by_name_.find(lower(full_name));
  if (found == by_name_.end() || repositories_[found->second]->is_deleted) return nullptr;
  return repositories_[found->second].get();
}

const Repository* World::find_moved_repository(std::string_view full_name) const {
  const auto found = by_former_name_.find(lower(full_name));
  if (found == by_former_name_.end() || repositories_[found->second]->is_deleted) return nullptr;
  return repositories_[found->second].get();
}

const Repository* World::find_repository(std::int64_t id) const {
  const auto found = by_id_.find(id);
  if (found == by_id_.end() || repositories_[found->second]->is_deleted) return nullptr;
  return repositories_[found->second].get();
}

std::string World::full_name(const Repository& repository) const {
  return accounts_[repository.owner].login + "/" + repository.name;
}

std::vector<Index> World::team_members(const Team& team) const {
  std::vector<Index> members = team.members;
  const auto self = static_cast<Index>(&team - teams_.data());
  for (const Team& child : teams_)
    if (child.parent == self) members.insert(members.end(), child.members.begin(), child.members.end());
  std::ranges::sort(members);
  members.erase(std::ranges::unique(members).begin(), members.end());
  return members;
}

std::shared_ptr<const std::vector<Index>> World::history(const Repository& repository, Index head) const {
  auto& entry = histories_[{repository.id, head}];
  entry.used = ++history_uses_;
  if (entry.commits) return entry.commits;
  auto commits = std::make_shared<std::vector<Index>>();
  std::vector<bool> seen(repository.commits.size());
  walk(repository, head, seen, [&commits](Index commit) { commits->push_back(commit); });
  entry.commits = commits;
  if (histories_.size() > k_histories_max)
    std::erase_if(histories_,
                  [limit = history_uses_ - k_histories_max / 2](const auto& item) { return item.second.used < limit; });
  return commits;
}

std::vector<Index> World::history_between(const Repository& repository, Index base, Index head) const {
  std::vector<bool> seen(repository.commits.size());
  for (const Index commit : *history(repository, base)) seen[commit] = true;
  std::vector<Index> commits;
  walk(repository, head, seen, [&commits](Index commit) { commits.push_back(commit); });
  return commits;
}

Repository& World::change(const Repository& repository) {
  Repository& target = *repositories_[by_id_.at(repository.id)];
  target.version = ++version_;
  return target;
}

Repository& World::add_repository(Repository repository) {
  repository.version = ++version_;
  const auto index = static_cast<Index>(repositories_.size());
  by_name_[lower(full_name(repository))] = index;
  by_former_name_.erase(lower(full_name(repository)));
  by_id_[repository.id] = index;
  repositories_.push_back(std::make_unique<Repository>(std::move(repository)));
  return *repositories_.back();
}

void World::rename(const Repository& repository, std::string name, Index owner) {
  const std::string former = full_name(repository);
  const Index index = by_id_.at(repository.id);
  by_name_.erase(lower(former));
  by_former_name_[lower(former)] = index;
  former_names_[repository.id] = former;
  Repository& target = change(repository);
  target.name = std::move(name);
  target.owner = owner;
  by_name_[lower(full_name(target))] = index;
  by_former_name_.erase(lower(full_name(target)));
}

std::int64_t World::next_id(std::int64_t step_max) {
  last_id_ += 1 + static_cast<std::int64_t>(mix(options_.seed, static_cast<std::uint64_t>(last_id_)) %
                                            static_cast<std::uint64_t>(step_max));
  return last_id_;
}

Index World::add_commit(Repository& repository, Commit commit) {
  commit.sha = Sha::derive(mix(commit.seed, static_cast<std::uint64_t>(repository.id), repository.commits.size()));
  repository.commits.push_back(commit);
  return static_cast<Index>(repository.commits.size() - 1);
}

Index World::pick_account(std::uint64_t seed) const {
  Dice dice(mix(seed, 21));
  const auto count = accounts_.size() - first_person_account_;
  // A few do most of the work: the lower of two throws.
  const auto pick = std::min(dice.below(count), dice.below(count));
  return first_person_account_ + static_cast<Index>(pick);
}

Index World::pick_person(std::uint64_t seed) const {
  Dice dice(mix(seed, 22));
  const auto count = persons_.size() - 1;  // the last one is GitHub's web flow
  return static_cast<Index>(std::min(dice.below(count), dice.below(count)));
}

}  // namespace weir::sim

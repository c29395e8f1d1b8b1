#include "provider-sim/world/contributors.hpp"

#include <algorithm>
#include <map>

namespace weir::sim {

std::vector<Contributor> count_contributors(const World& world, const Repository& repository) {
  constexpr std::size_t linked_max = 500;
  if (repository.is_empty()) return {};
  std::vector<std::int64_t> by_person(world.persons().size());
  for (const Index commit : *world.history(repository, repository.branches.front().head))
    if (repository.commits[commit].parent_count() < 2) ++by_person[repository.commits[commit].author];
  std::vector<Contributor> contributors;
  std::map<Index, std::size_t> by_account;
  std::size_t addresses = 0;
  for (Index person = 0; person < by_person.size(); ++person) {
    if (by_person[person] == 0) continue;
    const Index account = ++addresses <= linked_max ? world.person(person).account : k_none;
    const auto found = account == k_none ? by_account.end() : by_account.find(account);
    if (found != by_account.end()) {
      contributors[found->second].contributions += by_person[person];
      continue;
    }
    if (account != k_none) by_account[account] = contributors.size();
    contributors.push_back({.account = account, .person = person, .contributions = by_person[person]});
  }
  std::ranges::sort(contributors, [](const Contributor& a, const Contributor& b) {
    return a.contributions != b.contributions ? a.contributions > b.contributions : a.person < b.person;
  });
  return contributors;
}

}  // namespace weir::sim

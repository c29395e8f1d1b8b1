// Who contributed how many commits to a default branch, as GitHub counts them.
#pragma once
#include <vector>

#include "provider-sim/world/world.hpp"

namespace weir::sim {

struct Contributor {
  Index account = k_none;  // k_none: anonymous, known by name and address only
  Index person = k_none;   // one of the addresses
  std::int64_t contributions = 0;
};
// Most contributions first. Only the first 500 addresses are linked to accounts; the others stay anonymous.
std::vector<Contributor> count_contributors(const World& world, const Repository& repository);

}  // namespace weir::sim

// Dividing whole units fairly: max-min over what each would then have in all. Pure.
#pragma once
#include <cstdint>
#include <vector>

namespace weir::http {

struct Claim {
  std::int64_t wanted = 0;
  std::int64_t used = 0;  // counts as had before; also breaks ties
  std::int64_t rank = 0;  // breaks ties among equals: the lowest first
};

// What each claim gets, in their order: never more than it wants, never more than `capacity` together, all of the
// capacity when enough is wanted, and nobody could get more without somebody with less getting less.
std::vector<std::int64_t> divide_fairly(std::int64_t capacity, const std::vector<Claim>& claims);

}  // namespace weir::http

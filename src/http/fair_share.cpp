#include "http/fair_share.hpp"

#include <algorithm>
#include <numeric>
#include <tuple>

namespace weir::http {
namespace {

// What a claim gets when everybody is filled up to `level`.
std::int64_t filled(const Claim& claim, std::int64_t level) {
  return std::clamp<std::int64_t>(level - claim.used, 0, std::max<std::int64_t>(claim.wanted, 0));
}

// The sum, as soon as it exceeds `capacity` only that it does: no overflow.
std::int64_t filled_up_to(const std::vector<Claim>& claims, std::int64_t level, std::int64_t capacity) {
  std::int64_t sum = 0;
  for (const auto& claim : claims) {
    sum += std::min(filled(claim, level), capacity + 1);
    if (sum > capacity) return sum;
  }
  return sum;
}

}  // namespace

std::vector<std::int64_t> divide_fairly(std::int64_t capacity, const std::vector<Claim>& claims) {
  std::vector<std::int64_t> shares(claims.size(), 0);
  if (claims.empty() || capacity <= 0) return shares;
  constexpr std::int64_t k_level_max = std::int64_t{1} << 60;
  std::int64_t low = 0;
  std::int64_t high = k_level_max;
  while (low < high) {  // the highest level that fits
    const auto middle = low + (high - low + 1) / 2;
    if (filled_up_to(claims, middle, capacity) <= capacity)
      low = middle;
    else
      high = middle - 1;
  }
  std::int64_t left = capacity;
  for (std::size_t i = 0; i < claims.size(); ++i) left -= shares[i] = filled(claims[i], low);
  // What is left is less than one for each that stands at the level.
  std::vector<std::size_t> order(claims.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, {}, [&](std::size_t i) { return std::tuple(claims[i].used, claims[i].rank, i); });
  for (const auto i : order)
    if (left > 0 && filled(claims[i], low + 1) > shares[i]) {
      ++shares[i];
      --left;
    }
  return shares;
}

}  // namespace weir::http

#include "base/nearest.hpp"

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

namespace weir {

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const auto replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1, replaced}));
    }
  }
  return row.back();
}

std::string nearest_word(std::string_view word, std::span<const std::string> known) {
  constexpr std::size_t k_typos_max = 2;
  constexpr std::size_t k_word_bytes_max = 100;
  if (word.size() > k_word_bytes_max) return "";
  std::string best;
  std::size_t best_distance = k_typos_max + 1;
  for (const auto& candidate : known)
    if (const auto distance = edit_distance(word, candidate); distance < best_distance && distance < candidate.size()) {
      best = candidate;
      best_distance = distance;
    }
  return best;
}

}  // namespace weir

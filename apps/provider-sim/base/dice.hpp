// Determinism: every choice of the simulator comes from a Dice, and every Dice from the seed.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace weir::sim {

// A well-mixed 64-bit value of any number of inputs.
std::uint64_t mix(std::uint64_t value);
template <class... More>
std::uint64_t mix(std::uint64_t first, std::uint64_t second, More... more) {
  return mix(mix(first) ^ (second + 0x9e3779b97f4a7c15ULL), static_cast<std::uint64_t>(more)...);
}
std::uint64_t hash_text(std::string_view text);

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next();
  std::uint64_t below(std::uint64_t bound);                   // uniform in [0, bound); 0 when bound is 0
  std::int64_t between(std::int64_t low, std::int64_t high);  // both ends included
  bool percent(unsigned chance) { return below(100) < chance; }
  double unit();  // [0, 1)
  template <class List>
  decltype(auto) pick(const List& from) {
    return from[static_cast<std::size_t>(below(from.size()))];
  }

 private:
  std::uint64_t state_;
};

}  // namespace weir::sim

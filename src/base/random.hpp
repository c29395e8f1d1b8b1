// The source of randomness; tests give a seed. Not for keys (those come from libsodium).
#pragma once
#include <cstdint>
#include <random>

namespace weir {

class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}
  static Random from_system();

  std::uint64_t below(std::uint64_t bound);  // uniform in [0, bound); bound > 0
  double unit();                             // uniform in [0, 1)

 private:
  std::mt19937_64 engine_;
};

}  // namespace weir

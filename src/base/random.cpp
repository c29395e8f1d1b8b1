#include "base/random.hpp"

namespace weir {

Random Random::from_system() {
  std::random_device device;
  return Random((static_cast<std::uint64_t>(device()) << 32) | device());
}

std::uint64_t Random::below(std::uint64_t bound) {
  return std::uniform_int_distribution<std::uint64_t>(0, bound - 1)(engine_);
}

double Random::unit() { return std::uniform_real_distribution<double>(0.0, 1.0)(engine_); }

}  // namespace weir

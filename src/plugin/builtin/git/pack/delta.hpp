// git's binary deltas. Their bytes are untrusted.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace weir::plugin::git {

struct DeltaSizes {
  std::uint64_t base = 0;
  std::uint64_t result = 0;
};
// nullopt: these are no instructions.
std::optional<DeltaSizes> read_delta_sizes(std::string_view delta);

// Fills `result`, which has the size that the delta says, from a base of the size that it says. False, with anything in
// `result`, when the instructions leave the base, do not fill the result exactly, or are none.
bool apply_delta(std::string_view base, std::string_view delta, std::span<char> result);

}  // namespace weir::plugin::git

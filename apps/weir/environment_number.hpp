// Numbers among the environment's variables.
#pragma once
#include <cstdint>

#include "base/error.hpp"

namespace weir::app {

// `otherwise` when the variable is not set or empty; configuration error for what is no whole number of that range.
Result<std::int64_t> read_number(const char* name, std::int64_t otherwise, std::int64_t min, std::int64_t max);

}  // namespace weir::app

// Checks of JSON that people write by hand.
#pragma once
#include <nlohmann/json.hpp>

namespace weir::sim {

// A whole number from 0 on.
inline bool is_count(const nlohmann::json& json) {
  return json.is_number_unsigned() || (json.is_number_integer() && json.get<std::int64_t>() >= 0);
}

}  // namespace weir::sim

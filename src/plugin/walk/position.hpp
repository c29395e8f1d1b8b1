// The form in which walks write their positions down: {"walk": "<kind>", …}, instants as microseconds since 1970.
#pragma once
#include <optional>
#include <string_view>

#include <nlohmann/json.hpp>

#include "base/time.hpp"

namespace weir::plugin {

inline nlohmann::json make_position(std::string_view kind) { return {{"walk", kind}}; }

inline bool is_position_of(const nlohmann::json& position, std::string_view kind) {
  return position.is_object() && position.contains("walk") && position["walk"] == kind;
}

inline std::int64_t write_instant(Instant at) { return at.time_since_epoch().count(); }

inline std::optional<Instant> read_instant(const nlohmann::json& position, const char* key) {
  const auto found = position.find(key);
  if (found == position.end() || !found->is_number_integer()) return std::nullopt;
  return Instant(Duration(found->get<std::int64_t>()));
}

}  // namespace weir::plugin

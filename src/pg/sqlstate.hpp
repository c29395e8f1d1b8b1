// SQLSTATE to meaning; nobody above this module sees the number.
#pragma once
#include <string_view>

#include "base/error.hpp"

namespace weir::pg {

// The states Weir's own functions raise.
constexpr std::string_view k_sqlstate_lease_lost = "WE001";
constexpr std::string_view k_sqlstate_conflict = "WE002";
constexpr std::string_view k_sqlstate_not_found = "WE003";

ErrorCode meaning_of(std::string_view sqlstate);

}  // namespace weir::pg

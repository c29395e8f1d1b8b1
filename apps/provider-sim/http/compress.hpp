// gzip, as GitHub sends it to whoever accepts it.
#pragma once
#include <string>
#include <string_view>

namespace weir::sim {

std::string gzip(std::string_view text);  // the fastest level

}  // namespace weir::sim

// The target of a request, read strictly.
#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace weir::api {

struct Target {
  std::vector<std::string> segments;  // decoded; of /a/b%20c: a, "b c"
  std::map<std::string, std::string> query;
};

// usage: it is no path, a parameter was given twice, or something decodes to no plain UTF-8 text.
Result<Target> parse_target(std::string_view text);

}  // namespace weir::api

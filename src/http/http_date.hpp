// Dates as HTTP writes them (RFC 9110, 5.6.7).
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "base/time.hpp"

namespace weir::http {

// "Sun, 06 Nov 1994 08:49:37 GMT", and the two obsolete forms "Sunday, 06-Nov-94 08:49:37 GMT" and
// "Sun Nov  6 08:49:37 1994". The name of the day is not checked; a year of two digits is 1970 to 2069.
std::optional<Instant> parse_http_date(std::string_view text);

std::string format_http_date(Instant instant);  // the first form; whole seconds

}  // namespace weir::http

// How long a provider asks to wait, in each spelling seen.
#pragma once
#include <optional>
#include <string_view>

#include "base/time.hpp"

namespace weir::http {

// No provider means more; it also keeps sums of instants from overflowing.
constexpr Duration k_wait_max = std::chrono::days(3650);

// The Retry-After header: seconds (a fraction is rounded up) or a date of HTTP or RFC 3339. Between zero and
// k_wait_max; nullopt when it is none of these.
std::optional<Duration> parse_retry_after(std::string_view value, Instant now);

// When a limit is reset: epoch seconds (GitHub, GitLab), epoch milliseconds, seconds to go (CircleCI), an RFC 3339 time
// with or without seconds (Jira), a date of HTTP. The numbers tell themselves apart: below 10^8 it is seconds to go,
// from 10^11 on milliseconds. Within k_wait_max of now.
std::optional<Instant> parse_reset(std::string_view value, Instant now);

}  // namespace weir::http

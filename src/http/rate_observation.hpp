// What an answer's headers say about the provider's limits, whatever the dialect:
//
//   GitHub      X-RateLimit-Limit/-Remaining/-Used/-Reset (epoch seconds)/-Resource
//   GitLab      RateLimit-Limit/-Remaining/-Observed/-Reset (epoch seconds)/-Name/-ResetTime
//   Jira Cloud  X-RateLimit-Limit/-Remaining/-Reset (RFC 3339)/-NearLimit, RateLimit-Reason
//   Jira DC     X-RateLimit-Limit/-Remaining/-Interval-Seconds/-FillRate: a token bucket
//   CircleCI    RateLimit-… or X-RateLimit-… with -Reset in seconds to go, or X-RateLimit-Limit-Minute and the like
//   IETF draft  RateLimit: limit=100, remaining=50, reset=30, and RateLimit: "name";r=50;t=30
//   all         Retry-After
#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "base/time.hpp"
#include "http/headers.hpp"

namespace weir::http {

struct RateObservation {
  std::string bucket;  // as the provider names it ("core", "graphql"); empty when it does not, at most 100 bytes
  std::optional<std::int64_t> limit, remaining, used;  // never negative
  std::optional<Instant> reset_at;                     // when the window ends
  // What the end of the window gives back; nullopt: everything.
  std::optional<std::int64_t> refill;
  std::optional<Duration> retry_after;
  bool is_near_limit = false;
  std::string reason;  // which limit was hit, in the provider's words; at most 100 bytes

  // Something is known about the units of a window. A limit of zero means that limits are off (GitHub Enterprise
  // Server), not that nothing is allowed.
  bool has_units() const { return remaining.has_value() && limit != 0; }
  bool is_exhausted() const { return has_units() && *remaining == 0; }
};

// Reads what is there; a value that cannot be read counts as absent. `now` is the local clock's.
RateObservation observe_rate(const Headers& headers, Instant now);

}  // namespace weir::http

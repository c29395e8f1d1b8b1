// Faults on demand: rules that say what goes wrong, for which requests, how often. Whether a rule strikes depends on
// the seed, the request and how often that request was seen, not on the order in which clients happen to ask.
#pragma once
#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "provider-sim/limits/identity.hpp"

namespace weir::sim {

enum class FaultKind {
  status_500,
  status_502,
  status_503,
  html,               // a login page with status 200
  empty_body,         // 200 and nothing
  reset,              // the connection is reset before any byte
  truncated,          // half of the body, then the end of the connection
  hang,               // no answer at all
  slow,               // an answer after `ms`
  drip,               // the answer a few bytes at a time, `ms` apart
  secondary,          // a secondary limit, told as `form`, for `seconds`
  exhaust,            // the primary budget is suddenly used up
  graphql_error,      // 200 with errors and no data
  graphql_partial,    // 200 with data, one node of it null, and an error
  graphql_secondary,  // 200 with an error that tells of a secondary limit
  duplicate_page,     // the page before this one once more
  short_page,         // half a page, the rest on the next
  self_link,          // a page whose next link is itself
  drift,              // a record of this repository is edited right after this page was made
  invalid_utf8,       // bytes that are no UTF-8 in the first text
  nul,                // \u0000 in the first text
  huge,               // a body of `bytes`
  deep                // a million nested arrays
};

struct Fault {
  FaultKind kind = FaultKind::status_500;
  std::chrono::milliseconds pause{2'000};
  std::chrono::seconds seconds{60};
  std::uint64_t bytes = 1'000'000'000;
  RefusalForm form{};
};

struct FaultRule {
  Fault fault{};
  double rate = 1.0;        // of the matching requests
  std::uint64_t count = 0;  // at most so often; 0: no end
  std::uint64_t after = 0;  // not for the first so many matching requests
  std::string match{};      // part of the path and query; empty: any
  std::string resource{};   // core, graphql; empty: both
  std::string identity{};   // empty: any

  std::uint64_t matched = 0;
  std::uint64_t struck = 0;
};

class FaultPlan {
 public:
  // {"seed": 1, "rules": [{"kind": "reset", "rate": 0.05, "match": "/issues", "count": 3, …}]}; replaces the plan.
  Result<void> load(const nlohmann::json& json);
  void clear() { rules_.clear(); }
  // The faults for a request: at most one, the first rule that strikes.
  const Fault* strike(std::string_view target, std::string_view resource, std::string_view identity);
  nlohmann::json describe() const;

 private:
  std::uint64_t seed_ = 1;
  std::vector<FaultRule> rules_;
  std::map<std::string, std::uint64_t, std::less<>> seen_;  // how often a target was asked for
};

std::string_view fault_name(FaultKind kind);

}  // namespace weir::sim

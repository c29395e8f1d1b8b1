// The shared half of a rate budget: what all nodes together know of one bucket of one provider identity, and how much
// of it one node may use next. Pure: the same report on the same state at the same instant gives the same answer; the
// store commits it by compare-and-set (see rate_store.hpp), the node's half is rate_ledger.hpp.
//
// Promises, as long as every node keeps to what it was given:
//   - the slots held by living nodes never exceed RateRules::slots_max;
//   - the units held never exceed what the provider last said is left, less the reserve for manual work;
//   - after a wait is told no units and slots are given until it ends; what was given before lapses within the
//     reservation, hence their one second.
// Fair: tenants share the slots equally, and the units of a window equally counted from its start.
#pragma once
#include <compare>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "base/strong_id.hpp"
#include "base/time.hpp"
#include "http/rate_observation.hpp"

namespace weir::http {

enum class RatePriority { manual, scheduled };

// Who asks: a tenant's manual work and its scheduled work are served apart.
struct RateClient {
  TenantId tenant;
  RatePriority priority = RatePriority::scheduled;
  auto operator<=>(const RateClient&) const = default;
};

struct RateRules {
  std::int64_t slots_max = 0;   // requests at once over all nodes; 0: no limit
  double reserve_share = 0.05;  // of the limit, kept for manual work
};

// What one client may use on one node.
struct RateHolder {
  Epoch epoch;
  RateClient client;
  std::int64_t slots = 0;                           // requests that may be running
  std::int64_t units = 0;                           // under way, and given but not yet used
  std::int64_t slots_wanted = 0, units_wanted = 0;  // altogether; forgotten when it reports no more
  Instant reported_at;
  Instant served_at;  // when it last was given a slot
  auto operator<=>(const RateHolder&) const = default;
};

// What a tenant has used of the current window.
struct RateShare {
  TenantId tenant;
  std::int64_t used = 0;
  auto operator<=>(const RateShare&) const = default;
};

struct RateBucket {
  std::optional<std::int64_t> limit, remaining, refill;  // as the provider last said; of a window
  std::optional<Instant> reset_at;
  std::optional<Instant> wait_until;  // told to wait
  // Set at once by whoever was told, before its report says for how long: see RateStore::hold().
  std::optional<Instant> hold_until;
  std::string wait_reason;
  int strikes = 0;  // waits without a length told in a row: each doubles the next
  std::vector<RateHolder> holders;
  std::vector<RateShare> shares;
  bool operator==(const RateBucket&) const = default;
};

struct RateWait {
  std::optional<Duration> length;  // nullopt: the provider did not say
  std::string reason;
};

// What a node says since its last report. Durations count from the report.
struct RateReport {
  struct Client {
    RateClient client;
    std::int64_t slots_held = 0, units_held = 0;      // it keeps to these until it has the answer
    std::int64_t slots_wanted = 0, units_wanted = 0;  // altogether, what is held included
    std::int64_t units_used = 0;                      // by requests that ended
  };
  Epoch epoch;
  std::vector<Client> clients;          // those absent hold and want nothing
  std::int64_t units_unobserved = 0;    // used by requests whose answer did not say what is left
  std::optional<RateObservation> seen;  // the newest answer's
  std::optional<Duration> reset_in;     // its reset_at, counted from the report by the provider's own clock
  std::optional<RateWait> told;
  bool has_succeeded = false;  // some request was answered without a limit
};

struct RateGrant {
  RateClient client;
  std::int64_t slots = 0;       // altogether; fewer than held: let them end
  std::int64_t more_units = 0;  // on top of those held
};

struct RateReservation {
  std::vector<RateGrant> grants;
  std::optional<Instant> wait_until;  // nothing starts before
  std::string wait_reason;
  // The units that scheduled and manual work could get if nobody held any; nullopt: no limit is known.
  std::optional<std::int64_t> left_for_scheduled, left_for_manual;
  std::optional<Instant> reset_at;  // when there will be more
  std::optional<std::int64_t> limit;
};

constexpr Duration k_longest_wait = std::chrono::hours(24);  // longer ones are taken as this long
constexpr Duration k_unsaid_wait = std::chrono::minutes(1);  // where the provider does not say; doubled by strikes
constexpr Duration k_unsaid_wait_max = std::chrono::hours(1);
constexpr Duration k_hold = std::chrono::seconds(2);
constexpr Duration k_demand_lifetime = std::chrono::seconds(3);

// Takes the report into the bucket and decides. `alive`: the epochs whose nodes live; a node that is not among them
// gets nothing, and what others of the dead held is free again. `now` is the database's.
RateReservation reserve(RateBucket& bucket, const RateReport& report, const RateRules& rules,
                        const std::set<Epoch>& alive, Instant now);

// The part of the state that has no column of its own: holders and shares.
nlohmann::json state_to_json(const RateBucket& bucket);
void state_from_json(const nlohmann::json& json, RateBucket& bucket);  // unreadable: as if empty

}  // namespace weir::http

// The node's half of a rate budget: what this process may still start on one bucket, and what it has to report. Pure:
// time comes in, nothing waits. Its reports go to reserve() (rate_bucket.hpp), the answers come back through apply().
//
// What was given lapses `reservation` after the report was begun. So from the moment any node has told everybody to
// wait, no node starts a request later than that.
#pragma once
#include <chrono>
#include <map>
#include <optional>
#include <string>

#include "http/rate_bucket.hpp"

namespace weir::http {

using Moment = std::chrono::steady_clock::time_point;

// How many, of what kind: one request and what it costs.
struct RateCharge {
  RateClient client;
  std::int64_t units = 1;
};

enum class RateDecision {
  go,
  ask,   // not given yet: report, and look again after the answer
  busy,  // the slots or units are with others: look again soon
  wait,  // told to wait, or the window is spent: nothing before `until`
};

struct RateAnswer {
  RateDecision decision = RateDecision::ask;
  Moment until{};           // of wait
  std::string_view reason;  // of wait; valid until the ledger changes
};

// What an answer said about the bucket; `reset_in` by the provider's own clock.
struct RateSeen {
  RateObservation observation;
  std::optional<Duration> reset_in;
  Moment at;
};

class RateLedger {
 public:
  // May a request start now? Changes nothing.
  RateAnswer look(const RateCharge& charge, Moment now) const;
  // It starts: only right after look() said go.
  void start(const RateCharge& charge);
  // It ended. `units`: what it really cost, when that is known by now.
  void finish(const RateCharge& charge, std::int64_t units, std::optional<RateSeen> seen, bool is_success);
  // The provider said: not now. Holds here at once, and for all nodes with the next report.
  void tell(RateWait wait, Moment now);
  // How many requests of this client wait, and the units that the largest of them costs.
  void set_waiting(const RateClient& client, std::int64_t requests, std::int64_t largest);

  // Begins a report. Until it is applied (or abandoned) the ledger keeps to what it says is held.
  RateReport report(Epoch epoch, Moment now);
  // The answer to `report`: sent and received then, decided at `database_now`.
  void apply(const RateReport& report, const RateReservation& answer, Instant database_now, Moment sent,
             Moment received, std::chrono::nanoseconds reservation);
  // The report, sent then, did not get through: what it said is said again.
  void abandon(const RateReport& report, Moment sent);

  bool is_idle() const;  // nothing runs, waits or is to be reported, and nothing is held at the store
  bool is_urgent() const { return told_.has_value(); }  // all other nodes should know
  bool learnt_of_a_limit() const { return seen_ && !left_for_manual_ && seen_->observation.has_units(); }

 private:
  struct ClientState {
    std::int64_t running = 0, running_units = 0;
    std::int64_t waiting = 0, largest_waiting = 0;
    std::int64_t slots = 0;  // may run at once
    std::int64_t units = 0;  // may still be spent by new requests
    std::int64_t used = 0;   // by requests that ended since the last report
    std::int64_t used_before = 0;
    bool is_known = false;                                      // an answer has covered it …
    bool is_short_of_slots = false, is_short_of_units = false;  // … and gave less than was wanted
    bool is_idle() const { return running == 0 && waiting == 0 && used == 0; }
  };

  RateReport::Client report_of(const RateClient& client, ClientState& state, bool is_valid) const;
  std::int64_t needed_for(std::int64_t units) const;
  RateAnswer look_at_units(const ClientState& state, const RateCharge& charge, Moment now) const;
  void take_waits(const RateReservation& answer, Instant database_now, Moment received);

  std::map<RateClient, ClientState> clients_;
  Moment valid_until_{};  // what was given lapses then
  std::optional<Moment> wait_until_;
  std::string wait_reason_;
  // Where the units stand: what could be had at most, and when there will be more.
  std::optional<std::int64_t> left_for_scheduled_, left_for_manual_, limit_;
  std::optional<Moment> reset_at_;
  // To be reported.
  std::int64_t unobserved_ = 0;
  std::optional<RateSeen> seen_;
  std::optional<RateWait> told_;
  bool has_succeeded_ = false;
  bool is_held_at_store_ = false;
};

}  // namespace weir::http

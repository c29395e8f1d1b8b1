// Admission to a provider: before each request a coroutine asks here, and goes now, waits a little, or is told until
// when to park. The node's ledgers (rate_ledger.hpp) answer from what was reserved; one loop reports them to the store,
// all together, at least every RateSettings::refresh while anything runs or waits.
//
// Each request is counted in up to three buckets of its identity: "*" (concurrency, and waits that concern everything),
// its own bucket (units: requests, GraphQL points) and, where the provider limits single endpoints, one for that.
// On the executor given, one thread. Throws Failure when the database stays away.
#pragma once
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include <boost/asio/steady_timer.hpp>

#include "base/random.hpp"
#include "base/task_group.hpp"
#include "http/answer_class.hpp"
#include "http/rate_ledger.hpp"
#include "http/rate_store.hpp"

namespace weir::http {

struct RateSettings {
  std::chrono::milliseconds reservation = std::chrono::milliseconds(800);  // with a report's way under 1 s
  std::chrono::milliseconds refresh = std::chrono::milliseconds(400);
  std::chrono::milliseconds busy_poll = std::chrono::milliseconds(100);
  std::chrono::milliseconds short_wait_max = std::chrono::seconds(30);  // a longer wait parks
  std::chrono::milliseconds queue_max = std::chrono::seconds(60);       // so does a longer time behind others
  std::chrono::milliseconds wake_jitter = std::chrono::seconds(2);      // not all parked scripts wake at one instant
  std::chrono::milliseconds database_timeout = std::chrono::seconds(5);
  double reserve_share = 0.05;
};

struct RateCall {
  std::string identity;  // see rate_identity.hpp
  RateClient client;
  std::string bucket = "core";
  std::int64_t units = 1;
  std::string endpoint{};      // empty: the provider does not limit single endpoints
  std::int64_t slots_max = 0;  // requests at once with this identity; 0: no limit
};

struct Park {
  Instant until;       // by the local clock
  std::string reason;  // for the tenant: says nothing of others
};

class RateBroker;

// The right to one request, held until it has ended.
class RatePermit {
 public:
  RatePermit(RatePermit&& other) noexcept;
  RatePermit& operator=(RatePermit&&) = delete;
  ~RatePermit();  // without finish(): it ended, and nothing was learnt

  // What the answer said. `answered_at`: the provider's clock (its Date header) when it did; `units`: what the request
  // really cost, when that differs.
  void finish(const RateObservation& seen, Instant answered_at, std::optional<std::int64_t> units = std::nullopt);
  // The answer was a limit: nobody starts anything in its scope until the wait is over.
  void finish_limited(const Verdict& verdict, const RateObservation& seen, Instant answered_at);

  std::chrono::milliseconds waited() const { return waited_; }  // before it was given

 private:
  friend class RateBroker;
  RatePermit(RateBroker& broker, RateCall call, std::chrono::milliseconds waited)
      : broker_(&broker), call_(std::move(call)), waited_(waited) {}
  RateBroker* broker_;  // null: over
  RateCall call_;
  std::chrono::milliseconds waited_;
};

using Admission = std::variant<RatePermit, Park>;

class RateBroker {
 public:
  // All of these outlive it. `epoch` says in whose name it reserves at the moment; a dead epoch gets nothing.
  RateBroker(const Executor& executor, RateStore& store, RateSettings settings, std::function<Epoch()> epoch,
             Clock& clock, Random& random);
  ~RateBroker();  // stop() was awaited; every permit is over

  // Error timed_out: no turn until the deadline.
  Task<Result<Admission>> admit(RateCall call, Deadline deadline);

  // Ends the loop and gives back what is held; what is not given back by the deadline lapses with the epoch.
  Task<> stop(Deadline deadline);

 private:
  friend class RatePermit;
  struct Entry {
    RateKey key;
    RateRules rules;
    RateLedger ledger;
    std::optional<Moment> next_report;
    Moment earliest_report{};  // so that a node that gets nothing does not ask without a pause
  };
  struct Waiter;
  struct Prepared;
  using Buckets = std::vector<Entry*>;

  Entry& entry(const std::string& identity, const std::string& bucket);
  Buckets buckets_of(const RateCall& call);
  RateCharge charge_of(const RateCall& call, const Entry& entry) const;
  RateAnswer look(const RateCall& call, const Buckets& buckets, Moment now) const;
  void start(const RateCall& call, const Buckets& buckets);
  void finish(const RateCall& call, std::int64_t units, std::optional<RateSeen> seen, bool is_success);
  void tell(const RateCall& call, LimitScope scope, RateWait wait);
  void count_waiters(const Waiter& of);
  void ask_for(const RateCall& call, const Buckets& buckets, Moment now);
  void report_by(Entry& entry, Moment when);
  void wake_waiters(const std::string* identity = nullptr);  // null: all
  Park park(Moment until, Moment now, std::string_view reason);

  Task<> hold(RateKey key);
  Task<> report_loop();
  Task<> wait_for_reports();
  Task<> report(std::vector<Entry*> due);
  Task<Instant> reserve_all(std::vector<Prepared>& prepared, Durability durability);
  void note_failure(const std::optional<Error>& failure);
  void plan_next(const Prepared& done, Moment now);
  void forget_idle();

  Executor executor_;
  RateStore& store_;
  RateSettings settings_;
  std::function<Epoch()> epoch_;
  Clock& clock_;
  Random& random_;
  std::map<RateKey, Entry> entries_;
  std::list<Waiter*> waiters_;
  asio::steady_timer next_report_;
  bool is_looping_ = false;
  int failures_ = 0;              // of reports, in a row
  std::optional<Error> failure_;  // when there were too many
  TaskGroup tasks_;
};

}  // namespace weir::http

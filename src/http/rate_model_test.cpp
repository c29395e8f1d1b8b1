// Several nodes and one provider in virtual time: reports that race, arrive late or get lost, nodes that die, waits
// that are told, windows that end. The promises of rate_bucket.hpp and rate_ledger.hpp are checked at every request.
#include <functional>
#include <map>
#include <queue>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/random.hpp"
#include "http/rate_bucket.hpp"
#include "http/rate_ledger.hpp"

namespace weir::http {
namespace {

using std::chrono::milliseconds;

constexpr auto k_reservation = 800ms;
constexpr auto k_refresh = 400ms;
constexpr auto k_busy_poll = 100ms;
const Instant k_epoch_start = parse_rfc3339("2026-03-02T10:00:00Z").value();

class Simulation {
 public:
  explicit Simulation(std::uint64_t seed) : random(seed) {}

  void at(Duration when, std::function<void()> action) { events_.push({when, next_++, std::move(action)}); }
  void in(Duration pause, std::function<void()> action) { at(now + pause, std::move(action)); }
  void run_until(Duration end) {
    while (!events_.empty() && events_.top().when <= end) {
      const auto event = events_.top();
      events_.pop();
      now = event.when;
      event.action();
    }
    now = end;
  }
  Duration between(Duration low, Duration high) {
    return low +
           Duration(static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>((high - low).count()) + 1)));
  }
  Moment moment() const { return Moment(std::chrono::hours(1) + now); }
  Instant instant() const { return k_epoch_start + now; }

  Random random;
  Duration now{0};

 private:
  struct Event {
    Duration when;
    std::uint64_t number;
    std::function<void()> action;
    bool operator<(const Event& other) const { return std::tie(other.when, other.number) < std::tie(when, number); }
  };
  std::priority_queue<Event> events_;
  std::uint64_t next_ = 0;
};

// Counts by fixed windows and refuses what exceeds them, as GitHub does.
struct Provider {
  std::int64_t limit = 0;
  Duration window{0};
  std::int64_t used = 0;
  Duration window_end{0};
  std::int64_t refused = 0, in_flight = 0, most_in_flight = 0;
  std::map<TenantId, std::int64_t> used_by;

  RateObservation answer(Duration now, TenantId tenant) {
    if (now >= window_end) {
      window_end = now + window;
      used = 0;
      used_by.clear();
    }
    used >= limit ? ++refused : ++used;
    ++used_by[tenant];
    RateObservation seen;
    seen.limit = limit;
    seen.remaining = limit - used;
    seen.reset_at = k_epoch_start + window_end;
    return seen;
  }
};

struct World {
  World(std::uint64_t seed, RateRules rules_of, std::int64_t limit, Duration window)
      : simulation(seed), rules(rules_of) {
    provider.limit = limit;
    provider.window = provider.window_end = window;
    bucket.limit = bucket.remaining = limit;
    bucket.reset_at = k_epoch_start + window;
  }
  Simulation simulation;
  RateRules rules;
  Provider provider;
  RateBucket bucket;
  int version = 0;
  std::set<Epoch> alive;
  // When starts were last forbidden, and until when.
  Duration told_at{-1}, told_until{-1};
  std::int64_t started = 0, lost_races = 0;
  std::map<TenantId, std::int64_t> started_by;
};

class Node {
 public:
  Node(World& world, std::int64_t epoch) : world_(world), epoch_(epoch) { world.alive.insert(epoch_); }

  void demand(RateClient client, std::int64_t requests) {
    pending_[client] += requests;
    work();
  }
  void drop_demand(RateClient client) { pending_[client] = 0; }
  void tell(Duration wait) {
    ledger_.tell({wait, "told"}, world_.simulation.moment());
    if (world_.simulation.now + wait > world_.told_until) world_.told_until = world_.simulation.now + wait;
    world_.told_at = world_.simulation.now;
    world_.simulation.in(world_.simulation.between(0ms, 60ms), [this] {
      world_.bucket.hold_until = world_.simulation.instant() + k_hold;
      ++world_.version;
    });
    report();
  }
  // Its requests are cut off, as a killed process's are.
  void die() {
    is_dead_ = true;
    world_.provider.in_flight -= running_;
    world_.alive.erase(epoch_);
  }
  std::int64_t pending() const {
    std::int64_t sum = 0;
    for (const auto& [_, count] : pending_) sum += count;
    return sum;
  }
  const RateLedger& ledger() const { return ledger_; }

 private:
  void work() {
    if (is_dead_) return;
    std::optional<Duration> look_again;
    for (auto& [client, count] : pending_) {
      ledger_.set_waiting(client, count, 1);
      while (count > 0 && start_one(client, look_again)) {
        --count;
        ledger_.set_waiting(client, count, 1);
      }
    }
    if (look_again) wake_in(*look_again);
    if (running_ > 0) wake_in(k_refresh);
  }

  bool start_one(const RateClient& client, std::optional<Duration>& look_again) {
    const auto moment = world_.simulation.moment();
    const auto answer = ledger_.look({client, 1}, moment);
    if (answer.decision == RateDecision::go) {
      start(client);
      return true;
    }
    auto pause = Duration(k_busy_poll);
    if (answer.decision == RateDecision::ask) pause = Duration::zero();
    if (answer.decision == RateDecision::wait) pause = std::chrono::ceil<Duration>(answer.until - moment) + Duration(1);
    look_again = std::min(look_again.value_or(pause), pause);
    return false;
  }

  void start(const RateClient& client) {
    auto& provider = world_.provider;
    const auto now = world_.simulation.now;
    ledger_.start({client, 1});
    ++running_;
    ++world_.started;
    ++world_.started_by[client.tenant];
    provider.most_in_flight = std::max(provider.most_in_flight, ++provider.in_flight);
    if (world_.told_at >= Duration::zero() && now < world_.told_until)
      EXPECT_LE(now - world_.told_at, Duration(1s)) << "a request started long after everybody was told to wait";
    const auto there = world_.simulation.between(1ms, 100ms);
    const auto back = world_.simulation.between(1ms, 300ms);
    world_.simulation.in(there, [this, client, back] {
      if (is_dead_) return;
      const auto seen = world_.provider.answer(world_.simulation.now, client.tenant);
      const auto answered_at = world_.simulation.instant();
      world_.simulation.in(back, [this, client, seen, answered_at] { finish(client, seen, answered_at); });
    });
  }

  void finish(const RateClient& client, const RateObservation& seen, Instant answered_at) {
    if (is_dead_) return;
    --running_;
    --world_.provider.in_flight;
    // Some answers say nothing about the limit; the reset is told by the provider's clock.
    std::optional<RateSeen> told;
    if (world_.simulation.random.below(50) != 0)
      told = RateSeen{seen, Duration(*seen.reset_at - answered_at), world_.simulation.moment()};
    ledger_.finish({client, 1}, 1, told, true);
    work();
  }

  void wake_in(Duration pause) {
    const auto when = world_.simulation.now + pause;
    if (wake_at_ && *wake_at_ <= when && *wake_at_ > world_.simulation.now) return;
    wake_at_ = when;
    world_.simulation.at(when, [this, when] {
      if (wake_at_ != when) return;
      wake_at_.reset();
      report();
    });
  }

  // Read, decide, compare-and-set, answer: each takes its time, and each may find that somebody was faster.
  void report() {
    if (is_dead_ || is_reporting_) {
      report_again_ = is_reporting_;
      return;
    }
    is_reporting_ = true;
    const auto sent = world_.simulation.moment();
    auto report = ledger_.report(epoch_, sent);
    world_.simulation.in(world_.simulation.between(0ms, 20ms), [this, report, sent] { decide(report, sent); });
  }

  void decide(const RateReport& report, Moment sent) {
    auto bucket = world_.bucket;
    const auto version = world_.version;
    const auto database_now = world_.simulation.instant();
    auto answer = reserve(bucket, report, world_.rules, world_.alive, database_now);
    world_.simulation.in(world_.simulation.between(0ms, 20ms), [=, this] {
      if (is_dead_ && world_.simulation.random.below(2) == 0) return;  // died before or after its write
      if (version != world_.version) {
        ++world_.lost_races;
        ledger_.abandon(report, sent);
        return reported();
      }
      world_.bucket = bucket;
      ++world_.version;
      world_.simulation.in(world_.simulation.between(0ms, 20ms), [=, this] {
        ledger_.apply(report, answer, database_now, sent, world_.simulation.moment(), k_reservation);
        report_again_ = report_again_ || ledger_.is_urgent();
        reported();
      });
    });
  }

  void reported() {
    is_reporting_ = false;
    const bool is_lost = ledger_.is_urgent() || std::exchange(report_again_, false);
    work();
    if (is_lost) wake_in(Duration::zero());
    if (!ledger_.is_idle()) wake_in(k_refresh);
  }

  World& world_;
  Epoch epoch_;
  RateLedger ledger_;
  std::map<RateClient, std::int64_t> pending_;
  std::int64_t running_ = 0;
  bool is_dead_ = false, is_reporting_ = false, report_again_ = false;
  std::optional<Duration> wake_at_;
};

RateClient client(int number, RatePriority priority = RatePriority::scheduled) {
  Uuid id;
  id.bytes[15] = static_cast<std::uint8_t>(number);
  return {TenantId(id), priority};
}

TEST(RateModel, KeepsWithinSlotsAndUnitsWhateverHappens) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    Random dice(seed);
    const auto slots = 1 + static_cast<std::int64_t>(dice.below(6));
    const auto limit = 50 + static_cast<std::int64_t>(dice.below(400));
    World world(seed, {.slots_max = slots, .reserve_share = 0.05}, limit, 20s);
    std::vector<std::unique_ptr<Node>> nodes;
    for (int i = 0; i < 8; ++i) nodes.push_back(std::make_unique<Node>(world, i + 1));
    auto& simulation = world.simulation;
    for (int i = 0; i < 60; ++i)
      simulation.at(simulation.between(0s, 60s), [&] {
        nodes[simulation.random.below(8)]->demand(client(static_cast<int>(simulation.random.below(4))),
                                                  static_cast<std::int64_t>(simulation.random.below(40)));
      });
    for (int i = 0; i < 3; ++i)
      simulation.at(simulation.between(0s, 60s), [&, i] { nodes[static_cast<std::size_t>(i)]->die(); });
    simulation.run_until(900s);
    ASSERT_LE(world.provider.most_in_flight, slots) << "seed " << seed;
    ASSERT_EQ(world.provider.refused, 0) << "seed " << seed << " limit " << limit;
    std::int64_t pending = 0;
    for (std::size_t i = 3; i < nodes.size(); ++i) pending += nodes[i]->pending();
    EXPECT_EQ(pending, 0) << "work was left lying, seed " << seed << ": " << state_to_json(world.bucket).dump();
    EXPECT_GT(world.lost_races, 0);
    EXPECT_EQ(world.provider.in_flight, 0);
    // Everything was given back.
    RateReport nothing;
    nothing.epoch = Epoch(8);
    reserve(world.bucket, nothing, world.rules, world.alive, simulation.instant());
    EXPECT_TRUE(world.bucket.holders.empty()) << "seed " << seed;
  }
}

TEST(RateModel, NoNodeStartsLongAfterAnotherWasTold) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    World world(seed, {.slots_max = 6}, 1'000'000, 1h);
    std::vector<std::unique_ptr<Node>> nodes;
    for (int i = 0; i < 6; ++i) nodes.push_back(std::make_unique<Node>(world, i + 1));
    auto& simulation = world.simulation;
    for (std::size_t i = 0; i < nodes.size(); ++i) nodes[i]->demand(client(static_cast<int>(i % 3)), 100'000);
    for (int i = 0; i < 6; ++i)
      simulation.at(simulation.between(1s, 60s),
                    [&] { nodes[simulation.random.below(6)]->tell(simulation.between(1s, 8s)); });
    simulation.run_until(90s);
    const auto before = world.started;
    simulation.run_until(95s);
    EXPECT_GT(world.started, before) << "the waits are over, seed " << seed;
  }
}

TEST(RateModel, SpendsAWindowAndDividesItFairly) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    World world(seed, {.slots_max = 4}, 300, 60s);
    Node one(world, 1), two(world, 2), three(world, 3);
    auto& simulation = world.simulation;
    // Tenant 1 works on two nodes, tenant 2 on one, tenant 3 comes late: each gets a third of the window.
    one.demand(client(1), 10'000);
    two.demand(client(1), 10'000);
    two.demand(client(2), 10'000);
    simulation.at(4s, [&] { three.demand(client(3), 10'000); });
    simulation.run_until(40s);  // soon enough that nobody's slots lie idle
    EXPECT_GE(world.provider.used, 300 * 95 / 100 - 4) << "seed " << seed;
    for (const int tenant : {1, 2, 3})
      EXPECT_NEAR(static_cast<double>(world.provider.used_by[client(tenant).tenant]), 95.0, 12.0)
          << "tenant " << tenant << ", seed " << seed;
  }
}

TEST(RateModel, ManualWorkGoesFirstAndHasAReserve) {
  World world(7, {.slots_max = 2, .reserve_share = 0.1}, 200, 60s);
  Node one(world, 1), two(world, 2);
  auto& simulation = world.simulation;
  one.demand(client(1), 10'000);
  simulation.run_until(40s);
  const auto scheduled = world.started_by[client(1).tenant];
  EXPECT_LE(scheduled, 180);
  EXPECT_GE(scheduled, 170);
  two.demand(client(2, RatePriority::manual), 15);
  simulation.run_until(50s);
  EXPECT_EQ(world.started_by[client(2).tenant], 15) << "the reserve is for it";
  EXPECT_EQ(world.provider.refused, 0);
}

TEST(RateModel, ADeadNodesShareIsFreeAtOnce) {
  World world(3, {.slots_max = 3}, 1'000'000, 1h);
  Node one(world, 1), two(world, 2);
  auto& simulation = world.simulation;
  one.demand(client(1), 1'000'000);
  simulation.run_until(5s);
  two.demand(client(2), 1'000'000);
  one.die();
  const auto before = world.started_by[client(2).tenant];
  simulation.run_until(7s);
  EXPECT_GT(world.started_by[client(2).tenant] - before, 10);
}

}  // namespace
}  // namespace weir::http

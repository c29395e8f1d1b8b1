// Eight nodes, each with a broker of its own, on one credential and one database: the promises of rate_broker.hpp with
// real time and real races. What happens in rare orders is in rate_model_test.cpp.
#include "http/rate_broker.hpp"

#include <numeric>

#include <gtest/gtest.h>

#include "http/rate_identity.hpp"
#include "tests/support/run.hpp"
#include "tests/support/test_database.hpp"

namespace weir::http {
namespace {

using std::chrono::milliseconds;
using test::TestDatabase;

struct Node {
  Node(test::Context context, TestDatabase& database_of, std::uint64_t seed)
      : pool(context.executor(), context.blocking, database_of.pool_settings(2)),
        database(pool, database_of.roles()),
        store(database),
        epoch(database_of.add_node()),
        random(seed),
        broker(context.executor(), store, {}, [this] { return epoch; }, system_clock(), random) {}

  pg::Pool pool;
  pg::Database database;
  RateStore store;
  Epoch epoch;
  Random random;
  RateBroker broker;
};

// What the provider sees, and what the scripts were told.
struct Provider {
  std::int64_t limit = 0;  // 0: it says nothing of limits
  Instant reset_at = system_clock().now() + 1h;
  std::int64_t used = 0, in_flight = 0, most_in_flight = 0;
  std::map<TenantId, std::int64_t> used_by;
  std::vector<Moment> starts;
  std::vector<Park> parks;
  bool is_over = false;

  void begin(TenantId tenant) {
    most_in_flight = std::max(most_in_flight, ++in_flight);
    ++used_by[tenant];
    ++used;
    starts.push_back(std::chrono::steady_clock::now());
  }
  RateObservation end() {
    --in_flight;
    if (limit == 0) return {};
    RateObservation seen;
    seen.limit = limit;
    seen.remaining = std::max<std::int64_t>(0, limit - used);
    seen.reset_at = reset_at;
    return seen;
  }
};

struct Fleet {
  Fleet(test::Context context, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) nodes.push_back(std::make_unique<Node>(context, database, i));
    for (const char* key : {"acme", "globex"}) tenants.push_back(database.add_tenant(key));
  }
  RateCall call(TenantId tenant, RatePriority priority = RatePriority::scheduled) const {
    return {.identity = std::string(64, 'a'), .client = {tenant, priority}, .slots_max = 4};
  }
  Task<> stop() {
    for (auto& node : nodes) co_await node->broker.stop(Deadline::in(10s));
  }

  TestDatabase database;
  std::vector<std::unique_ptr<Node>> nodes;
  std::vector<TenantId> tenants;
  Provider provider;
};

// A script that has work without end: until it is parked, or the test is over.
Task<> work(RateBroker& broker, RateCall call, Provider& provider, milliseconds length) {
  while (!provider.is_over) {
    auto admission = co_await broker.admit(call, Deadline::in(60s));
    EXPECT_TRUE(admission.has_value());
    if (!admission) co_return;
    if (const auto* park = std::get_if<Park>(&*admission)) {
      provider.parks.push_back(*park);
      co_return;
    }
    auto& permit = std::get<RatePermit>(*admission);
    provider.begin(call.client.tenant);
    co_await sleep_for(length);
    permit.finish(provider.end(), system_clock().now());
  }
}

void start_all(Fleet& fleet, TaskGroup& group) {
  for (std::size_t i = 0; i < fleet.nodes.size(); ++i)
    for (const auto tenant : fleet.tenants)
      group.spawn("script", work(fleet.nodes[i]->broker, fleet.call(tenant), fleet.provider,
                                 milliseconds(20 + 5 * static_cast<int>(i))));
}

TEST(RateBroker, EightNodesOnOneCredentialKeepWithinItsConcurrencyAndBudget) {
  test::run([](test::Context context) -> Task<> {
    Fleet fleet(context, 8);
    auto& provider = fleet.provider;
    provider.limit = 300;
    TaskGroup group(context.executor());
    start_all(fleet, group);
    co_await group.wait();
    EXPECT_LE(provider.most_in_flight, 4);
    EXPECT_GE(provider.most_in_flight, 3) << "the concurrency there is was used";
    EXPECT_LE(provider.used, 285) << "a twentieth is kept for manual work";
    EXPECT_GE(provider.used, 270) << "the budget there is was used";
    for (const auto& [_, used] : provider.used_by) EXPECT_NEAR(static_cast<double>(used), 142, 30);
    EXPECT_EQ(provider.parks.size(), 16U);
    for (const auto& park : provider.parks) {
      EXPECT_GE(park.until, provider.reset_at - 1s) << park.reason;
      EXPECT_LE(park.until, provider.reset_at + 5s);
    }
    // The reserve is there for a person who waits.
    const auto call = fleet.call(fleet.tenants[0], RatePriority::manual);
    auto admission = co_await fleet.nodes[3]->broker.admit(call, Deadline::in(20s));
    EXPECT_TRUE(admission.has_value() && std::holds_alternative<RatePermit>(*admission));
    if (admission) std::get<RatePermit>(*admission).finish({}, system_clock().now());
    co_await fleet.stop();
    EXPECT_EQ(fleet.database.super("SELECT string_agg(state->>'holders', '') FROM weir.rate_budget"), "[][]")
        << "everything was given back";
  });
}

TEST(RateBroker, NoNodeStartsASecondAfterAnyWasTold) {
  test::run([](test::Context context) -> Task<> {
    Fleet fleet(context, 8);
    auto& provider = fleet.provider;
    TaskGroup group(context.executor());
    start_all(fleet, group);
    co_await sleep_for(600ms);  // all are at work: this test is about real time
    const auto call = fleet.call(fleet.tenants[0]);
    auto admission = co_await fleet.nodes[0]->broker.admit(call, Deadline::in(20s));
    EXPECT_TRUE(admission.has_value() && std::holds_alternative<RatePermit>(*admission));
    const auto told = std::chrono::steady_clock::now();
    std::get<RatePermit>(*admission)
        .finish_limited({.meaning = AnswerClass::limited,
                         .scope = LimitScope::identity,
                         .wait = 1500ms,
                         .reason = "answered 403: secondary rate limit"},
                        {}, system_clock().now());
    const auto wait = 2500ms;  // with the second of slack
    co_await sleep_for(4s);
    provider.is_over = true;
    co_await group.wait();
    std::int64_t late = 0;
    std::int64_t after = 0;
    for (const auto start : provider.starts) {
      late += start > told + 1s && start < told + wait - 100ms ? 1 : 0;
      after += start >= told + wait - 100ms ? 1 : 0;
    }
    EXPECT_EQ(late, 0);
    EXPECT_GT(after, 0) << "the wait is over";
    EXPECT_TRUE(provider.parks.empty()) << "a short wait parks nobody";
    co_await fleet.stop();
  });
}

// What a broker says once it has heard of a wait: what it had reserved before may still start.
Task<std::optional<Park>> park_of(RateBroker& broker, RateCall call) {
  const auto deadline = Deadline::in(10s);
  while (!deadline.is_over()) {
    auto admission = co_await broker.admit(call, Deadline::in(20s));
    if (!admission) co_return std::nullopt;
    if (const auto* park = std::get_if<Park>(&*admission)) co_return *park;
    std::get<RatePermit>(*admission).finish({}, system_clock().now());
    co_await sleep_for(50ms);
  }
  co_return std::nullopt;
}

TEST(RateBroker, ALongWaitParksEverybodyOnTheCredentialAndNobodyElse) {
  test::run([](test::Context context) -> Task<> {
    Fleet fleet(context, 2);
    auto call = fleet.call(fleet.tenants[0]);
    auto first = co_await fleet.nodes[0]->broker.admit(call, Deadline::in(20s));
    const Verdict verdict{.meaning = AnswerClass::limited,
                          .scope = LimitScope::identity,
                          .wait = std::chrono::hours(100),
                          .reason = "answered 429: quota"};
    std::get<RatePermit>(*first).finish_limited(verdict, {}, system_clock().now());
    const auto now = system_clock().now();
    for (const std::size_t node : {0U, 1U}) {
      call.client.tenant = fleet.tenants[node];
      const auto park = co_await park_of(fleet.nodes[node]->broker, call);
      EXPECT_TRUE(park.has_value());
      if (!park) continue;
      EXPECT_EQ(park->reason, "answered 429: quota");
      EXPECT_GT(park->until, now + 23h);
      EXPECT_LE(park->until, now + 24h + 10s) << "a longer wait is taken as 24 hours";
    }
    call.identity = std::string(64, 'b');
    const auto other = co_await fleet.nodes[1]->broker.admit(call, Deadline::in(20s));
    EXPECT_TRUE(std::holds_alternative<RatePermit>(*other));
    co_await fleet.stop();
  });
}

TEST(RateStore, KeepsOneKeyAndNoTenantReadsIt) {
  test::run([](test::Context context) -> Task<> {
    Fleet fleet(context, 1);
    auto& store = fleet.nodes[0]->store;
    const auto key = co_await store.identity_key();
    const auto again = co_await store.identity_key();
    EXPECT_EQ(key.reveal().size(), 32U);
    EXPECT_EQ(key.reveal(), again.reveal());
    const Origin origin{"https", "api.example.com", 443};
    const auto identity = rate_identity_of_token(key, origin, Secret("geheim"));
    EXPECT_EQ(identity.size(), 64U);
    EXPECT_NE(identity, rate_identity_of_token(key, origin, Secret("geheim2")));
    EXPECT_NE(identity, rate_identity_of_account(key, origin, "geheim"));
    co_await store.hold({identity, "core"}, Deadline::in(10s));
    for (const char* table : {"rate_budget", "rate_identity_key"}) {
      const auto allowed = fleet.database.super("SELECT has_table_privilege('" + fleet.database.roles().tenant() +
                                                "', 'weir." + table + "', 'SELECT')");
      EXPECT_EQ(allowed, "f") << table;
    }
    fleet.database.super("UPDATE weir.rate_budget SET updated_at = now() - interval '40 days'");
    co_await store.delete_unused(30);
    EXPECT_EQ(fleet.database.super("SELECT count(*) FROM weir.rate_budget"), "0");
  });
}

}  // namespace
}  // namespace weir::http

#include "orchestrator/node.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/support/run.hpp"
#include "tests/support/test_database.hpp"

namespace weir::orchestrator {
namespace {

using test::TestDatabase;

constexpr auto k_patience = 10s;

NodeSettings quick() { return {.heartbeat = 40ms, .lease = 2s, .lock_grace = 200ms, .watch = 20ms, .version = "test"}; }

class ShiftedClock final : public Clock {
 public:
  Instant now() const override { return system_clock().now(); }
  std::chrono::nanoseconds boottime() const override {
    if (failures > 0 && failures-- > 0) throw std::bad_alloc();
    return system_clock().boottime() + shift;
  }
  std::chrono::nanoseconds shift{0};
  mutable int failures = 0;  // so often nobody can tell the time
};

// A node that is always stopped before it dies.
struct TestNode {
  ShiftedClock clock;
  Node node;
  std::vector<Error> ended;

  TestNode(test::Context context, const TestDatabase& database, NodeSettings settings = quick())
      : node(context.executor(), context.blocking, database.pool_settings().connect, database.roles(),
             std::move(settings), clock) {}

  auto run_with(Fence fence) {
    return node.runs().scripts.add({node.epoch(), fence}, [this](const Error& reason) { ended.push_back(reason); });
  }
};

template <class Predicate>
Task<bool> eventually(Predicate predicate) {
  const auto deadline = Deadline::in(k_patience);
  while (!predicate()) {
    if (deadline.is_over()) co_return false;
    co_await sleep_for(5ms);
  }
  co_return true;
}

// Ends the session that holds the epoch's advisory lock.
void cut_direct_connection(const TestDatabase& database, Epoch epoch) {
  database.super(fmt::format(
      "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1 "
      "AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) "
      "AND (classid::bigint << 32) | objid::bigint = weir.node_lock_key({})",
      epoch.value()));
}

TEST(Node, ProvesItsLockAndRenewsItsLease) {
  TestDatabase database;
  test::run([&](test::Context context) -> Task<> {
    TestNode one(context, database);
    co_await one.node.start();
    EXPECT_TRUE(one.node.may_start());
    const auto sql = fmt::format(
        "SELECT lock_proven_at IS NOT NULL AND lock_server_start = pg_postmaster_start_time() AND "
        "weir.is_node_lock_held(epoch) FROM weir.node WHERE epoch = {}",
        one.node.epoch().value());
    EXPECT_EQ(database.super(sql), "t");
    const auto lease = [&] { return database.super("SELECT lease_until FROM weir.node"); };
    const bool is_renewed = co_await eventually([&, first = lease()] { return lease() != first; });
    EXPECT_TRUE(is_renewed);
    co_await one.node.stop();
    EXPECT_EQ(database.super("SELECT died_at IS NOT NULL FROM weir.node"), "t");
  });
}

TEST(Node, ItsConnectionsCarryTheEpoch) {
  TestDatabase database;
  test::run([&](test::Context context) -> Task<> {
    TestNode one(context, database);
    pg::Pool pool(context.executor(), context.blocking, database.pool_settings(1));
    one.node.name_pool(pool);
    co_await one.node.start();
    {
      const auto lease = co_await pool.acquire();
      const auto rows = co_await lease->query(
          {"names",
           "SELECT DISTINCT application_name AS name FROM pg_stat_activity WHERE datname = current_database()"},
          {}, Deadline::in(5s));
      EXPECT_EQ(rows.one().get<std::string>("name"), fmt::format("weir epoch {}", one.node.epoch().value()));
    }
    co_await one.node.stop();
  });
}

TEST(Node, TheLossOfItsDirectConnectionCostsNothingWhenTheLockIsBackInTime) {
  TestDatabase database;
  test::run([&](test::Context context) -> Task<> {
    TestNode one(context, database);
    co_await one.node.start();
    const auto epoch = one.node.epoch();
    const auto run = one.run_with(Fence(1));
    for (int i = 0; i < 5; ++i) {
      const auto proven = database.super("SELECT lock_proven_at FROM weir.node");
      cut_direct_connection(database, epoch);
      const bool is_back = co_await eventually(
          [&] { return database.super("SELECT lock_proven_at FROM weir.node") != proven && one.node.may_start(); });
      EXPECT_TRUE(is_back);
    }
    EXPECT_EQ(one.node.epoch(), epoch);
    // The watch ends the run, for there is none of this fence in the database; the lost connection does not.
    for (const auto& reason : one.ended) EXPECT_TRUE(reason.message.contains("taken away")) << reason.message;
    co_await one.node.stop();
  });
}

TEST(Node, WithoutItsLockForTooLongItEndsItsRunsAndTakesANewEpoch) {
  TestDatabase database;
  test::run([&](test::Context context) -> Task<> {
    auto settings = quick();
    settings.watch = 1h;
    TestNode one(context, database, settings);
    co_await one.node.start();
    const auto epoch = one.node.epoch();
    const auto run = one.run_with(Fence(1));
    // Another session queues for the lock, and so gets it before the node can.
    pg::Pool pool(context.executor(), context.blocking, database.pool_settings(1));
    auto thief = co_await pool.acquire();
    auto take = pg::open_transaction(database.roles(), pg::Scope::control());
    take.push_back({{"steal", "SELECT pg_advisory_lock(weir.node_lock_key($1))"}, pg::Params(epoch)});
    take.push_back(pg::commit_transaction());
    TaskGroup group(context.executor());
    group.spawn("thief", [](pg::Lease& lease, std::vector<pg::Command> commands) -> Task<> {
      co_await lease->pipeline(std::move(commands), Deadline::in(k_patience));
    }(thief, std::move(take)));
    const bool is_queued = co_await eventually([&] {
      return database.super("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted") == "1";
    });
    EXPECT_TRUE(is_queued);
    cut_direct_connection(database, epoch);
    co_await group.wait();
    const bool is_new = co_await eventually([&] { return one.node.epoch() != epoch && one.node.may_start(); });
    EXPECT_TRUE(is_new);
    EXPECT_EQ(one.ended.size(), 1U);
    EXPECT_EQ(database.super(fmt::format("SELECT died_at IS NOT NULL FROM weir.node WHERE epoch = {}", epoch.value())),
              "t");
    co_await one.node.stop();
  });
}

TEST(Node, AHeartbeatNeverRevivesALeaseThatIsOver) {
  TestDatabase database;
  test::run([&](test::Context context) -> Task<> {
    TestNode one(context, database);
    co_await one.node.start();
    const auto epoch = one.node.epoch();
    const auto run = one.run_with(Fence(1));
    database.super("UPDATE weir.node SET lease_until = now() - interval '1 ms'");
    const bool is_new = co_await eventually([&] { return one.node.epoch() != epoch && one.node.may_start(); });
    EXPECT_TRUE(is_new);
    EXPECT_FALSE(one.ended.empty());
    EXPECT_EQ(database.super(fmt::format("SELECT lease_until < now() AND died_at IS NOT NULL FROM weir.node WHERE "
                                         "epoch = {}",
                                         epoch.value())),
              "t");
    co_await one.node.stop();
  });
}

TEST(Node, ALateHeartbeatEndsItsWorkByItself) {
  TestDatabase database;
  test::run([&](test::Context context) -> Task<> {
    auto settings = quick();
    settings.heartbeat = 1h;
    settings.lease = 1h;
    settings.watch = 1h;
    TestNode one(context, database, settings);
    co_await one.node.start();
    const auto epoch = one.node.epoch();
    const auto run = one.run_with(Fence(1));
    one.clock.shift = 1h;
    EXPECT_FALSE(one.node.may_start());
    const bool is_new = co_await eventually([&] { return one.node.epoch() != epoch && one.node.may_start(); });
    EXPECT_TRUE(is_new);
    EXPECT_EQ(one.ended.size(), 1U);
    co_await one.node.stop();
  });
}

TEST(Node, ARunWhoseFenceWasReplacedIsEnded) {
  TestDatabase database;
  const auto tenant = database.add_tenant("acme");
  database.add_data_source(tenant, "git", "git");
  test::run([&](test::Context context) -> Task<> {
    for (const bool is_told : {true, false}) {
      auto settings = quick();
      settings.watch = is_told ? 1h : std::chrono::milliseconds(20ms);
      TestNode one(context, database, settings);
      co_await one.node.start();
      const auto fence = Fence(std::stoll(database.super(
          fmt::format("SELECT fence FROM weir.claim_script('{}', 'git', 'git/commit', '{}', {}, NULL, 4, false)",
                      to_string(tenant), to_string(one.node.id()), one.node.epoch().value()))));
      const auto run = one.run_with(fence);
      co_await sleep_for(100ms);
      EXPECT_TRUE(one.ended.empty());
      if (is_told)
        database.super(fmt::format("SELECT weir.replace_fence('{}', 'git', 'git/commit', 'CANCELLED', 'enough')",
                                   to_string(tenant)));
      else
        database.super("UPDATE weir.data_source_run SET fence = 0, status = 'IDLE'");
      const bool is_ended = co_await eventually([&] { return one.ended.size() == 1; });
      EXPECT_TRUE(is_ended);
      co_await one.node.stop();
    }
  });
}

TEST(Node, ADutyThatMeetsWhatNobodyExpectsGoesOn) {
  TestDatabase database;
  test::run([&](test::Context context) -> Task<> {
    TestNode one(context, database);
    co_await one.node.start();
    const auto epoch = one.node.epoch();
    // The heartbeat and the lease guard look at the clock, the watch ends what is not in the database.
    one.clock.failures = 20;
    const bool have_failed = co_await eventually([&] { return one.clock.failures == 0; });
    EXPECT_TRUE(have_failed);
    const auto breaking = one.node.runs().scripts.add({epoch, Fence(1)}, [](const Error&) { throw std::bad_alloc(); });
    const auto run = one.run_with(Fence(2));
    const bool is_ended = co_await eventually([&] { return one.ended.size() == 1; });
    EXPECT_TRUE(is_ended);
    const auto lease = [&] { return database.super("SELECT lease_until FROM weir.node"); };
    const bool is_renewed = co_await eventually([&, first = lease()] { return lease() != first; });
    EXPECT_TRUE(is_renewed);
    EXPECT_TRUE(one.node.may_start());
    EXPECT_EQ(one.node.epoch(), epoch);
    // And the guard still ends the epoch, even if a run cannot be told.
    const auto silent = one.node.runs().queued.add(epoch, [](const Error&) { throw std::bad_alloc(); });
    one.clock.shift = 1h;
    const bool is_new = co_await eventually([&] { return one.node.epoch() != epoch && one.node.may_start(); });
    EXPECT_TRUE(is_new);
    co_await one.node.stop();
  });
}

TEST(Node, BehindAPoolerItWorksByItsLeaseAlone) {
  TestDatabase database;
  TestDatabase elsewhere;  // a direct URL that leads to another database: no proof
  test::run([&](test::Context context) -> Task<> {
    auto settings = quick();
    settings.direct_url = elsewhere.login_url();
    TestNode one(context, database, settings);
    co_await one.node.start();
    EXPECT_TRUE(one.node.may_start());
    EXPECT_EQ(database.super("SELECT lock_proven_at IS NULL FROM weir.node"), "t");
    co_await one.node.stop();
  });
}

}  // namespace
}  // namespace weir::orchestrator

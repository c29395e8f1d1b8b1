// Who gets a connection of a full pool, and when.
#include "pg/pool.hpp"

#include <cstdlib>

#include <gtest/gtest.h>

#include "base/task_group.hpp"
#include "tests/support/run.hpp"

namespace weir::pg {
namespace {

PoolSettings of_one() {
  PoolSettings settings{.connect = {}, .connections_max = 1};
  const char* url = std::getenv("WEIR_TEST_DATABASE_URL");
  settings.connect.url = url != nullptr ? url : "";
  return settings;
}

using Order = std::vector<std::string>;

Task<> take_turn(Pool& pool, std::string name, Order& order, Deadline deadline = Deadline::never()) {
  try {
    const auto lease = co_await pool.acquire(deadline);
    const auto rows = co_await lease->query({"one", "SELECT 1 AS one"}, {}, Deadline::in(10s));
    order.push_back(name);
    EXPECT_EQ(rows.one().get<int>("one"), 1);
  } catch (const Failure& failure) {
    order.push_back(name + " " + std::string(failure.error().name()));
  }
}

// All that was spawned waits now: a timer's end comes after what was posted before it began.
Task<> let_them_wait() { return sleep_for(1ms); }

TEST(PoolQueue, ANewcomerStandsBehindThoseWhoWait) {
  test::run([](test::Context context) -> Task<> {
    Pool pool(context.executor(), context.blocking, of_one());
    TaskGroup group(context.executor());
    Order order;
    std::optional<Lease> lease(co_await pool.acquire());
    group.spawn("first", take_turn(pool, "first", order));
    group.spawn("second", take_turn(pool, "second", order));
    co_await let_them_wait();
    lease.reset();
    // In the very moment in which a connection came free.
    co_await take_turn(pool, "newcomer", order);
    co_await group.wait();
    EXPECT_EQ(order, (Order{"first", "second", "newcomer"}));
    EXPECT_EQ(pool.open_count(), 1U);
    EXPECT_EQ(pool.idle_count(), 1U);
  });
}

TEST(PoolQueue, ATurnOfOneWhoIsCancelledGoesToTheNext) {
  test::run([](test::Context context) -> Task<> {
    Pool pool(context.executor(), context.blocking, of_one());
    TaskGroup leaving(context.executor()), staying(context.executor());
    Order order;
    std::optional<Lease> lease(co_await pool.acquire());
    leaving.spawn("first", take_turn(pool, "first", order));
    co_await let_them_wait();
    staying.spawn("second", take_turn(pool, "second", order));
    co_await let_them_wait();
    lease.reset();     // to the first,
    leaving.cancel();  // who does not want it any more
    co_await leaving.wait();
    co_await staying.wait();
    EXPECT_EQ(order, Order{"second"});
    EXPECT_EQ(pool.idle_count(), 1U);
  });
}

TEST(PoolQueue, ATurnHandedOnUnderAnOldNameIsNotKept) {
  test::run([](test::Context context) -> Task<> {
    Pool pool(context.executor(), context.blocking, of_one());
    TaskGroup leaving(context.executor());
    Order order;
    std::optional<Lease> lease(co_await pool.acquire());
    leaving.spawn("first", take_turn(pool, "first", order));
    co_await let_them_wait();
    lease.reset();
    pool.rename("weir epoch 8");
    leaving.cancel();
    co_await leaving.wait();
    EXPECT_EQ(pool.idle_count(), 0U);
    EXPECT_EQ(pool.open_count(), 0U);
    co_await take_turn(pool, "next", order);
    EXPECT_EQ(order, Order{"next"});
  });
}

TEST(PoolQueue, WhoWaitsTooLongLeavesTheQueue) {
  test::run([](test::Context context) -> Task<> {
    Pool pool(context.executor(), context.blocking, of_one());
    TaskGroup group(context.executor());
    Order order;
    std::optional<Lease> lease(co_await pool.acquire());
    co_await take_turn(pool, "hasty", order, Deadline::in(5ms));
    EXPECT_EQ(order, Order{"hasty timed_out"});
    group.spawn("patient", take_turn(pool, "patient", order));
    co_await let_them_wait();
    lease.reset();
    co_await group.wait();
    EXPECT_EQ(order.back(), "patient");
  });
}

TEST(PoolQueue, APlaceWithoutAConnectionIsHandedOnToo) {
  test::run([](test::Context context) -> Task<> {
    Pool pool(context.executor(), context.blocking, of_one());
    TaskGroup group(context.executor());
    Order order;
    std::optional<Lease> lease(co_await pool.acquire());
    group.spawn("first", take_turn(pool, "first", order));
    group.spawn("second", take_turn(pool, "second", order));
    co_await let_them_wait();
    co_await (*lease)->query({"begin", "BEGIN"}, {}, Deadline::in(10s));
    lease.reset();  // dropped: it was left inside a transaction
    co_await group.wait();
    EXPECT_EQ(order, (Order{"first", "second"}));
    EXPECT_EQ(pool.open_count(), 1U);
  });
}

TEST(PoolQueue, ConnectionsThatCannotBeOpenedLeaveNobodyWaiting) {
  test::run([](test::Context context) -> Task<> {
    auto settings = of_one();
    settings.connect.url = "postgresql://nobody@/none?host=/nowhere";
    Pool pool(context.executor(), context.blocking, settings);
    TaskGroup group(context.executor());
    Order order;
    for (int i = 0; i < 3; ++i) group.spawn("one", take_turn(pool, "one", order));
    co_await group.wait();
    EXPECT_EQ(order, Order(3, "one database_unreachable"));
    EXPECT_EQ(pool.open_count(), 0U);
  });
}

}  // namespace
}  // namespace weir::pg

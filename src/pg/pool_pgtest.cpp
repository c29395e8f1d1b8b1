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

// Those who want the one connection of a pool.
struct Crowd {
  explicit Crowd(test::Context context, PoolSettings settings = of_one())
      : pool(context.executor(), context.blocking, std::move(settings)), group(context.executor()) {}

  void join(std::string name) { group.spawn(name, take_turn(pool, name, order)); }

  Pool pool;
  Order order;
  TaskGroup group;
};

// All that was spawned waits now: a timer's end comes after what was posted before it began.
Task<> let_them_wait() { return sleep_for(1ms); }

TEST(PoolQueue, ANewcomerStandsBehindThoseWhoWait) {
  test::run([](test::Context context) -> Task<> {
    Crowd crowd(context);
    std::optional<Lease> lease(co_await crowd.pool.acquire());
    crowd.join("first");
    crowd.join("second");
    co_await let_them_wait();
    lease.reset();
    // In the very moment in which a connection came free.
    co_await take_turn(crowd.pool, "newcomer", crowd.order);
    co_await crowd.group.wait();
    EXPECT_EQ(crowd.order, (Order{"first", "second", "newcomer"}));
    EXPECT_EQ(crowd.pool.open_count(), 1U);
    EXPECT_EQ(crowd.pool.idle_count(), 1U);
  });
}

TEST(PoolQueue, ATurnOfOneWhoIsCancelledGoesToTheNext) {
  test::run([](test::Context context) -> Task<> {
    Crowd crowd(context);
    TaskGroup leaving(context.executor());
    std::optional<Lease> lease(co_await crowd.pool.acquire());
    leaving.spawn("first", take_turn(crowd.pool, "first", crowd.order));
    co_await let_them_wait();
    crowd.join("second");
    co_await let_them_wait();
    lease.reset();     // to the first,
    leaving.cancel();  // who does not want it any more
    co_await leaving.wait();
    co_await crowd.group.wait();
    EXPECT_EQ(crowd.order, Order{"second"});
    EXPECT_EQ(crowd.pool.idle_count(), 1U);
  });
}

TEST(PoolQueue, ATurnHandedOnUnderAnOldNameIsNotKept) {
  test::run([](test::Context context) -> Task<> {
    Crowd crowd(context);
    TaskGroup leaving(context.executor());
    std::optional<Lease> lease(co_await crowd.pool.acquire());
    leaving.spawn("first", take_turn(crowd.pool, "first", crowd.order));
    co_await let_them_wait();
    lease.reset();
    crowd.pool.rename("weir epoch 8");
    leaving.cancel();
    co_await leaving.wait();
    EXPECT_EQ(crowd.pool.idle_count(), 0U);
    EXPECT_EQ(crowd.pool.open_count(), 0U);
    co_await take_turn(crowd.pool, "next", crowd.order);
    EXPECT_EQ(crowd.order, Order{"next"});
  });
}

TEST(PoolQueue, WhoWaitsTooLongLeavesTheQueue) {
  test::run([](test::Context context) -> Task<> {
    Crowd crowd(context);
    std::optional<Lease> lease(co_await crowd.pool.acquire());
    co_await take_turn(crowd.pool, "hasty", crowd.order, Deadline::in(5ms));
    EXPECT_EQ(crowd.order, Order{"hasty timed_out"});
    crowd.join("patient");
    co_await let_them_wait();
    lease.reset();
    co_await crowd.group.wait();
    EXPECT_EQ(crowd.order.back(), "patient");
  });
}

TEST(PoolQueue, APlaceWithoutAConnectionIsHandedOnToo) {
  test::run([](test::Context context) -> Task<> {
    Crowd crowd(context);
    std::optional<Lease> lease(co_await crowd.pool.acquire());
    crowd.join("first");
    crowd.join("second");
    co_await let_them_wait();
    co_await (*lease)->query({"begin", "BEGIN"}, {}, Deadline::in(10s));
    lease.reset();  // dropped: it was left inside a transaction
    co_await crowd.group.wait();
    EXPECT_EQ(crowd.order, (Order{"first", "second"}));
    EXPECT_EQ(crowd.pool.open_count(), 1U);
  });
}

TEST(PoolQueue, ConnectionsThatCannotBeOpenedLeaveNobodyWaiting) {
  test::run([](test::Context context) -> Task<> {
    auto settings = of_one();
    settings.connect.url = "postgresql://nobody@/none?host=/nowhere";
    Crowd crowd(context, settings);
    for (int i = 0; i < 3; ++i) crowd.join("one");
    co_await crowd.group.wait();
    EXPECT_EQ(crowd.order, Order(3, "one database_unreachable"));
    EXPECT_EQ(crowd.pool.open_count(), 0U);
  });
}

}  // namespace
}  // namespace weir::pg

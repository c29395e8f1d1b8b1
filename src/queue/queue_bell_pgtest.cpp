#include "queue/queue_bell.hpp"

#include <gtest/gtest.h>

#include "tests/support/run.hpp"
#include "tests/support/test_database.hpp"

namespace weir::queue {
namespace {

// Two nodes on one database.
struct Node {
  Node(test::Context context, const test::TestDatabase& database, Random& random, BellSettings settings)
      : pool(context.executor(), context.blocking, database.pool_settings(2)),
        door(pool, database.roles()),
        bell(context.executor(), context.blocking, door, database.pool_settings().connect, random, settings) {}
  pg::Pool pool;
  pg::Database door;
  QueueBell bell;
};

Task<> until_listening(const QueueBell& bell) {
  while (!bell.is_listening()) co_await sleep_for(1ms);
}

constexpr BellSettings k_patient{.debounce = 20ms, .poll_min = 60s, .poll_max = 60s};

TEST(QueueBell, IsHeardByTheOthersAndOnceForMany) {
  test::TestDatabase database;
  test::run([&](test::Context context) -> Task<> {
    Random random(1);
    Node here(context, database, random, k_patient), there(context, database, random, k_patient);
    here.bell.start();
    there.bell.start();
    co_await until_listening(here.bell);
    co_await until_listening(there.bell);
    const auto seen = there.bell.count();
    const auto own = here.bell.count();
    for (int i = 0; i < 500; ++i) here.bell.ring();
    EXPECT_EQ(here.bell.count(), own + 500);  // at once
    co_await there.bell.wait(seen);           // or it would take a minute
    EXPECT_GT(there.bell.count(), seen);
    co_await sleep_for(100ms);
    EXPECT_LE(there.bell.count(), seen + 2);
    co_await here.bell.stop();
    co_await there.bell.stop();
  });
}

TEST(QueueBell, ARingBeforeTheWaitIsNotLost) {
  test::TestDatabase database;
  test::run([&](test::Context context) -> Task<> {
    Random random(1);
    Node node(context, database, random, k_patient);
    const auto seen = node.bell.count();
    node.bell.ring();
    co_await node.bell.wait(seen);
    EXPECT_EQ(node.bell.count(), seen + 1);
  });
}

TEST(QueueBell, ItListensAgainWhenItsSessionIsGone) {
  test::TestDatabase database;
  test::run([&](test::Context context) -> Task<> {
    Random random(1);
    Node node(context, database, random, k_patient);
    node.bell.start();
    co_await until_listening(node.bell);
    const auto seen = node.bell.count();
    database.super("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'");
    while (node.bell.is_listening()) co_await sleep_for(1ms);
    co_await until_listening(node.bell);
    EXPECT_GT(node.bell.count(), seen);  // whoever waited looks: something may have rung meanwhile
    co_await node.bell.stop();
  });
}

TEST(QueueBell, WithPollsOnlyTheWaitEndsByItself) {
  test::TestDatabase database;
  test::run([&](test::Context context) -> Task<> {
    Random random(1);
    Node node(context, database, random, {.poll_min = 5ms, .poll_max = 10ms, .is_poll_only = true});
    node.bell.start();
    co_await node.bell.wait(node.bell.count());
    EXPECT_EQ(node.bell.count(), 0U);
    EXPECT_EQ(node.pool.open_count(), 0U);
    co_await node.bell.stop();
  });
}

}  // namespace
}  // namespace weir::queue

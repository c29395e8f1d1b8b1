#include "orchestrator/reaper.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/task_group.hpp"
#include "orchestrator/node_lock.hpp"
#include "tests/support/run.hpp"
#include "tests/support/test_database.hpp"

namespace weir::orchestrator {
namespace {

using test::TestDatabase;

class StandingClock final : public Clock {
 public:
  Instant now() const override { return Instant{}; }
  std::chrono::nanoseconds boottime() const override { return time; }
  std::chrono::nanoseconds time = 100s;
};

// A reaper, and another process's node as the database sees it: its row, its lock, and a script that it runs.
struct World {
  TestDatabase database;
  TenantId tenant = database.add_tenant("acme");
  Epoch epoch = database.add_node();
  StandingClock clock;

  World() {
    database.add_data_source(tenant, "git", "git");
    database.super(claim(epoch));
  }

  std::string claim(Epoch by) const {
    return fmt::format(
        "SELECT outcome FROM weir.claim_script('{}', 'git', 'git/commit', weir.uuid_v7(), {}, NULL, 4, false)",
        to_string(tenant), by.value());
  }
  std::string status() const { return database.super("SELECT status FROM weir.data_source_run"); }
  bool is_dead(Epoch which) const {
    return database.super(fmt::format("SELECT died_at IS NOT NULL FROM weir.node WHERE epoch = {}", which.value())) ==
           "t";
  }
  void end_lease() const {
    database.super(
        fmt::format("UPDATE weir.node SET lease_until = now() - interval '1 ms' WHERE epoch = {}", epoch.value()));
  }
};

struct Tools {
  pg::Pool pool;
  pg::Database database;
  Reaper reaper;
  NodeLock lock;

  Tools(test::Context context, World& world)
      : pool(context.executor(), context.blocking, world.database.pool_settings(2)),
        database(pool, world.database.roles()),
        reaper(database, 1s, world.clock),
        lock(database, context.blocking, named(world), world.epoch) {}

  static pg::ConnectSettings named(World& world) {
    auto settings = world.database.pool_settings().connect;
    settings.application_name = Reaper::application_name(world.epoch);
    return settings;
  }
  Task<> prove() {
    const auto proof = co_await lock.take(Deadline::in(5s));
    EXPECT_EQ(proof, LockProof::proven);
  }
};

const Epoch k_self(0);

TEST(Reaper, AProvenNodeWhoseLockStaysFreeIsDeadAndItsScriptsAreFree) {
  World world;
  test::run([&](test::Context context) -> Task<> {
    Tools tools(context, world);
    co_await tools.prove();
    const auto alive = co_await tools.reaper.round(k_self);
    EXPECT_FALSE(alive.is_anyone_suspected);
    tools.lock.drop();  // the process was killed
    while (world.database.super(fmt::format("SELECT weir.is_node_lock_held({})", world.epoch.value())) == "t")
      co_await sleep_for(1ms);
    const auto first = co_await tools.reaper.round(k_self);
    EXPECT_TRUE(first.is_anyone_suspected);
    EXPECT_EQ(first.nodes_dead, 0);
    EXPECT_EQ(world.status(), "RUNNING");
    world.clock.time += 1s;
    const auto fence = world.database.super("SELECT fence FROM weir.data_source_run");
    const auto second = co_await tools.reaper.round(k_self);
    EXPECT_EQ(second.nodes_dead, 1);
    EXPECT_EQ(second.scripts_freed, 1);
    EXPECT_EQ(world.status(), "INTERRUPTED");
    EXPECT_NE(world.database.super("SELECT fence FROM weir.data_source_run"), fence);
  });
}

TEST(Reaper, APipelineRunOfTheQueueGoesBackThereAndNowhereElse) {
  World world;
  world.database.super(
      fmt::format("SELECT weir.enqueue_run('{}', NULL, 0::smallint, 0::smallint, 'ann', '{{}}'); "
                  "SELECT weir.claim_pipeline_runs(weir.uuid_v7(), {}, 1, false); "
                  "INSERT INTO weir.scheduled_pipeline_runs (tenant_id, trigger, epoch) VALUES ('{}', 'manual', {})",
                  to_string(world.tenant), world.epoch.value(), to_string(world.tenant), world.epoch.value()));
  test::run([&](test::Context context) -> Task<> {
    Tools tools(context, world);
    world.end_lease();
    const auto swept = co_await tools.reaper.sweep(k_self);
    EXPECT_EQ(swept.nodes_dead, 1);
  });
  const auto status_of = [&](const std::string& which) {
    return world.database.super("SELECT status FROM weir.scheduled_pipeline_runs WHERE user_id IS " + which);
  };
  EXPECT_EQ(status_of("NULL"), "INTERRUPTED");
  EXPECT_EQ(status_of("NOT NULL"), "RUNNING");
  EXPECT_EQ(world.database.super("SELECT outcome FROM weir.reap_queue(5, 10)"), "requeued");
  EXPECT_EQ(status_of("NOT NULL"), "IDLE");
}

TEST(Reaper, AFreshlyRegisteredNodeIsNeverTakenForDead) {
  World world;
  test::run([&](test::Context context) -> Task<> {
    Tools tools(context, world);
    for (int i = 0; i < 4; ++i) {
      const auto round = co_await tools.reaper.round(k_self);
      EXPECT_EQ(round.nodes_dead, 0);
      EXPECT_FALSE(round.is_anyone_suspected);
      world.clock.time += 10s;
    }
    EXPECT_EQ(world.database.super(world.claim(world.database.add_node())), "held");
  });
}

TEST(Reaper, AfterARestartOfTheServerFreeLocksSayNothing) {
  World world;
  test::run([&](test::Context context) -> Task<> {
    Tools tools(context, world);
    co_await tools.prove();
    tools.lock.drop();
    world.database.super("UPDATE weir.node SET lock_server_start = lock_server_start - interval '1 minute'");
    for (int i = 0; i < 4; ++i) {
      const auto round = co_await tools.reaper.round(k_self);
      EXPECT_EQ(round.nodes_dead, 0);
      world.clock.time += 10s;
    }
    world.end_lease();
    const auto round = co_await tools.reaper.round(k_self);
    EXPECT_EQ(round.nodes_dead, 1);
    EXPECT_EQ(world.status(), "INTERRUPTED");
  });
}

TEST(Reaper, AFrozenNodeIsDeadWhenItsLeaseIsOverAndItsSessionsEnd) {
  World world;
  test::run([&](test::Context context) -> Task<> {
    Tools tools(context, world);
    co_await tools.prove();
    // Frozen inside a checkpoint: a session of it holds the run's row.
    auto frozen = co_await pg::Connection::open(context.blocking, Tools::named(world));
    auto commands = pg::open_transaction(world.database.roles(), pg::Scope::control());
    commands.push_back({{"lock", "SELECT FROM weir.data_source_run FOR UPDATE"}, {}});
    co_await frozen->pipeline(std::move(commands), Deadline::in(5s));

    for (int i = 0; i < 3; ++i) {
      const auto early = co_await tools.reaper.round(k_self);
      EXPECT_EQ(early.nodes_dead, 0);
      world.clock.time += 10s;
    }
    world.end_lease();
    const auto round = co_await tools.reaper.round(k_self);
    EXPECT_EQ(round.nodes_dead, 1);
    EXPECT_EQ(round.scripts_freed, 0);  // the row was locked
    std::optional<Error> lost;
    try {
      co_await frozen->query({"commit", "COMMIT"}, {}, Deadline::in(5s));
    } catch (const Failure& failure) {
      lost = failure.error();
    }
    EXPECT_TRUE(lost && lost->code == ErrorCode::database_unreachable);
    while (world.status() == "RUNNING") co_await tools.reaper.round(k_self);
    EXPECT_EQ(world.status(), "INTERRUPTED");
  });
}

TEST(Reaper, ASessionOfAnotherEpochIsLeftAlone) {
  World world;
  test::run([&](test::Context context) -> Task<> {
    Tools tools(context, world);
    const auto other = co_await pg::Connection::open(context.blocking, Tools::named(world));
    world.end_lease();
    const auto neighbour = world.database.add_node();
    auto settings = Tools::named(world);
    settings.application_name = Reaper::application_name(neighbour);
    auto alive = co_await pg::Connection::open(context.blocking, settings);
    co_await tools.reaper.round(k_self);
    const auto rows = co_await alive->query({"ping", "SELECT 1 AS one"}, {}, Deadline::in(5s));
    EXPECT_EQ(rows.one().get<int>("one"), 1);
    EXPECT_TRUE(world.is_dead(world.epoch));
    EXPECT_FALSE(world.is_dead(neighbour));
  });
}

TEST(Reaper, ARunClaimedAnewMeanwhileKeepsItsNewHolder) {
  World world;
  test::run([&](test::Context context) -> Task<> {
    Tools tools(context, world);
    world.end_lease();
    const auto heir = world.database.add_node();
    EXPECT_EQ(world.database.super(world.claim(heir)), "claimed");
    const auto round = co_await tools.reaper.round(k_self);
    EXPECT_EQ(round.scripts_freed, 0);
    EXPECT_EQ(world.status(), "RUNNING");
    EXPECT_EQ(world.database.super("SELECT epoch FROM weir.data_source_run"), std::to_string(heir.value()));
  });
}

TEST(Reaper, OneWorksAtATime) {
  World world;
  test::run([&](test::Context context) -> Task<> {
    Tools tools(context, world);
    world.end_lease();
    auto other = co_await tools.database.begin(pg::Scope::control());
    co_await other.query({"lock", "SELECT pg_advisory_xact_lock(hashtextextended('weir.reaper', 0))"});
    const auto refused = co_await tools.reaper.round(k_self);
    EXPECT_TRUE(refused.is_other_reaper_at_work);
    EXPECT_FALSE(world.is_dead(world.epoch));
    co_await other.commit();
    const auto round = co_await tools.reaper.round(k_self);
    EXPECT_EQ(round.nodes_dead, 1);
  });
}

TEST(Reaper, NodesLongDeadAreForgotten) {
  World world;
  test::run([&](test::Context context) -> Task<> {
    Tools tools(context, world);
    world.database.super("UPDATE weir.node SET died_at = now() - interval '2 days'");
    const auto other = world.database.add_node();
    co_await tools.reaper.sweep(k_self);
    EXPECT_EQ(world.database.super("SELECT string_agg(epoch::text, ',') FROM weir.node"),
              std::to_string(other.value()));
    world.database.super("UPDATE weir.node SET died_at = now() - interval '2 days'");
    const auto forgotten = co_await tools.reaper.forget_nodes();
    EXPECT_EQ(forgotten, 1);
    EXPECT_EQ(world.database.super("SELECT count(*) FROM weir.node"), "0");
  });
}

}  // namespace
}  // namespace weir::orchestrator

#include "scheduler/upkeep.hpp"

#include "base/task_group.hpp"
#include "scheduler/history_retention.hpp"
#include "tests/support/queue_world.hpp"

namespace weir::scheduler {
namespace {

using nlohmann::json;

struct Service {
  Service(test::Context given, const test::TestDatabase& database, Random& random)
      : context(given),
        pool(context.executor(), context.blocking, database.pool_settings(4)),
        door(pool, database.roles()),
        bell(context.executor(), context.blocking, door, database.pool_settings().connect, random,
             {.is_poll_only = true}),
        queue(door, random),
        scheduler(door, bell, random) {}
  test::Context context;
  pg::Pool pool;
  pg::Database door;
  queue::QueueBell bell;
  queue::Queue queue;
  Scheduler scheduler;
};

class Upkeeps : public test::QueueWorld {
 protected:
  Upkeeps() { set_clock("2026-03-10T12:00:00Z"); }

  void with_service(const std::function<Task<>(Service&)>& body) {
    test::run([&](test::Context context) -> Task<> {
      Service service(context, database, random);
      co_await body(service);
    });
  }
  Job counting(std::string name, std::chrono::seconds period) {
    return {std::move(name), period, [this]() -> Task<json> {
              ++done;
              co_return json{{"done", done}};
            }};
  }
  static JobState state_of(const std::vector<JobState>& all, std::string_view name) {
    for (const auto& one : all)
      if (one.name == name) return one;
    return {};
  }
  Task<JobState> state(Service& service, std::string name) {
    const auto all = co_await list_jobs(service.door);
    co_return state_of(all, name);
  }

  int done = 0;
};

TEST_F(Upkeeps, AJobIsDoneOnceInItsPeriodOnAnyNumberOfNodes) {
  with_service([&](Service& service) -> Task<> {
    std::vector<Job> jobs{counting("count", 1h)};
    Upkeep one(service.door, random, "one", jobs), two(service.door, random, "two", jobs);
    co_await one.round();
    co_await two.round();
    EXPECT_EQ(done, 1);
    set_clock("2026-03-10T12:59:59Z");
    co_await two.round();
    EXPECT_EQ(done, 1);
    set_clock("2026-03-10T13:00:00Z");
    co_await two.round();
    co_await one.round();
    EXPECT_EQ(done, 2);
    const auto last = co_await state(service, "count");
    EXPECT_EQ(*last.node, "two");
    EXPECT_EQ(last.runs, 2);
    EXPECT_EQ(last.result, json({{"done", 2}}));
    EXPECT_EQ(format_rfc3339(last.started_at), "2026-03-10T13:00:00Z");
    EXPECT_EQ(format_rfc3339(last.next_at), "2026-03-10T14:00:00Z");
    EXPECT_FALSE(last.is_running);
  });
}

TEST_F(Upkeeps, WhoeverIsAtItIsLeftToItUntilItsLeaseIsOver) {
  with_service([&](Service& service) -> Task<> {
    std::optional<Result<json>> other;
    Upkeep* second = nullptr;
    const Job slow{"slow", 1h, [&]() -> Task<json> {
                     ++done;
                     if (done == 1) other = co_await second->run_now("slow");
                     co_return json::object();
                   }};
    Upkeep one(service.door, random, "one", {slow}), two(service.door, random, "two", {slow});
    second = &two;
    co_await one.round();
    EXPECT_EQ(done, 1);
    EXPECT_EQ(other->error().code, ErrorCode::conflict);
    // One that never came back: long before the next period.
    super("UPDATE weir.upkeep_job SET busy_until = weir.clock() + interval '1 minute'");
    set_clock("2026-03-10T12:00:59Z");
    co_await two.round();
    EXPECT_EQ(done, 1);
    set_clock("2026-03-10T12:01:00Z");
    const auto due = co_await state(service, "slow");
    EXPECT_EQ(format_rfc3339(due.next_at), "2026-03-10T12:01:00Z");
    co_await two.round();
    EXPECT_EQ(done, 2);
    set_clock("2026-03-10T12:30:00Z");
    co_await two.round();
    EXPECT_EQ(done, 2);
  });
}

TEST_F(Upkeeps, WhatAStopInterruptsIsDoneByAnotherNodeSoon) {
  with_service([&](Service& service) -> Task<> {
    const Job slow{"slow", 24h, [&]() -> Task<json> {
                     if (++done == 1) co_await sleep_for(1h);
                     co_return json::object();
                   }};
    Upkeep one(service.door, random, "one", {slow}), two(service.door, random, "two", {slow});
    TaskGroup first(service.context.executor());
    first.spawn("upkeep", one.run());
    while (done == 0) co_await sleep_for(1ms);
    co_await first.stop(Deadline::in(5s));
    co_await first.wait();
    set_clock("2026-03-10T12:10:00Z");  // the lease
    co_await two.round();
    EXPECT_EQ(done, 2);
    const auto last = co_await state(service, "slow");
    EXPECT_EQ(last.runs, 1);
  });
}

TEST_F(Upkeeps, AJobThatTakesLongKeepsItsLease) {
  with_service([&](Service& service) -> Task<> {
    UpkeepSettings settings;
    settings.lease = 1s;
    const Job slow{"slow", 24h, [&]() -> Task<json> {
                     set_clock("2026-03-10T12:00:10Z");
                     const auto is_kept = [&] {
                       return super("SELECT busy_until > weir.clock() FROM weir.upkeep_job");
                     };
                     const auto patience = Deadline::in(10s);
                     while (is_kept() != "t" && !patience.is_over()) co_await sleep_for(5ms);
                     co_return json(is_kept());
                   }};
    Upkeep upkeep(service.door, random, "one", {slow}, settings);
    co_await upkeep.round();
    const auto last = co_await state(service, "slow");
    EXPECT_EQ(last.result, "t");
    EXPECT_FALSE(last.is_running);
  });
}

TEST_F(Upkeeps, AFailureIsTriedAgainAfterAPause) {
  with_service([&](Service& service) -> Task<> {
    const Job broken{"broken", 1h, [&]() -> Task<json> {
                       if (++done == 1) throw Failure({ErrorCode::disk_full, "the disk is full"});
                       co_return json::object();
                     }};
    Upkeep upkeep(service.door, random, "one", {broken});
    co_await upkeep.round();
    set_clock("2026-03-10T12:05:59Z");
    co_await upkeep.round();
    EXPECT_EQ(done, 1);
    const auto failed = co_await state(service, "broken");
    EXPECT_EQ(format_rfc3339(failed.next_at), "2026-03-10T12:06:00Z");
    set_clock("2026-03-10T12:06:00Z");
    co_await upkeep.round();
    EXPECT_EQ(done, 2);
    set_clock("2026-03-10T12:20:00Z");
    co_await upkeep.round();
    EXPECT_EQ(done, 2);
    const auto last = co_await state(service, "broken");
    EXPECT_FALSE(last.error);
    EXPECT_EQ(format_rfc3339(last.next_at), "2026-03-10T13:06:00Z");
  });
}

TEST_F(Upkeeps, AFailureIsKeptAndTheOthersAreDone) {
  with_service([&](Service& service) -> Task<> {
    const Job broken{"broken", 1h, []() -> Task<json> {
                       throw Failure({ErrorCode::disk_full, "the disk is full"});
                       co_return json();
                     }};
    Upkeep upkeep(service.door, random, "one", {broken, counting("count", 1h)});
    const auto attempted = co_await upkeep.round();
    EXPECT_EQ(attempted, 2);
    EXPECT_EQ(done, 1);
    const auto last = co_await state(service, "broken");
    EXPECT_EQ(*last.error, "the disk is full");
    EXPECT_EQ(last.failures, 1);
    const auto again = co_await upkeep.run_now("broken");
    EXPECT_EQ(again.error().code, ErrorCode::disk_full);
    const auto unknown = co_await upkeep.run_now("nothing");
    EXPECT_EQ(unknown.error().code, ErrorCode::not_found);
  });
}

TEST_F(Upkeeps, TheQueuesJobsTriggerWakeArchiveAndCleanUp) {
  const auto acme = add_tenant("acme", {.cap = 5, .runs_per_day = 5});
  add_pipeline(acme, "often");
  super("UPDATE weir.tenant_pipeline_configs SET next_fire_at = weir.clock()");
  add_node();
  with_service([&](Service& service) -> Task<> {
    Upkeep upkeep(
        service.door, random, "one",
        queue_jobs(service.scheduler, service.queue, service.bell, []() -> Task<std::int64_t> { co_return 3; }));
    const auto triggered = co_await upkeep.run_now("trigger");
    EXPECT_EQ(triggered->at("enqueued"), 1);
    const auto claimed = co_await service.queue.claim(node, epoch, 10);
    EXPECT_EQ(claimed.size(), 1U);
    super("UPDATE weir.node SET lease_until = now() - interval '1 second'");
    const auto cleaned = co_await upkeep.run_now("orphans");
    EXPECT_EQ(cleaned->at("requeued"), 1);
    EXPECT_EQ(cleaned->at("differences"), 0);
    EXPECT_EQ(cleaned->at("nodes_forgotten"), 3);
    super("UPDATE weir.pipeline_execution_queue SET state = 'scheduled', due_at = weir.clock() - interval '1 second'");
    const auto processed = co_await upkeep.run_now("process");
    EXPECT_EQ(processed->at("woken"), 1);
    super("UPDATE weir.lane SET quota_used = 3");
    set_clock("2026-03-11T00:00:01Z");
    const auto archived = co_await upkeep.run_now("quotas");
    EXPECT_EQ(archived->at("archived"), 1);
    EXPECT_EQ(super("SELECT day || ' ' || runs_used FROM weir.usage_quota"), "2026-03-10 3");
    const auto all = co_await list_jobs(service.door);
    EXPECT_EQ(all.size(), 4U);
  });
}

class Histories : public Upkeeps {
 protected:
  Task<json> keep(Service& service, HistoryRetention settings) {
    const auto job = history_job(service.door, service.context.blocking, database.pool_settings().connect, settings);
    co_return co_await job.work();
  }
  std::string attached(const std::string& parent) const {
    return super(
        fmt::format("SELECT string_agg(right(c.relname, 8), ' ' ORDER BY c.relname) FROM pg_inherits i "
                    "JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'weir.{}'::regclass",
                    parent));
  }
};

TEST_F(Histories, WeeksAreMadeAheadAndOldOnesGo) {
  const auto acme = database.add_tenant("acme");
  with_service([&](Service& service) -> Task<> {
    co_await keep(service, {});
    EXPECT_TRUE(attached("run").starts_with("20260309 20260316 20260323 20260330")) << attached("run");
    super(
        fmt::format("INSERT INTO weir.run (tenant_id, id, data_source, script, status) "
                    "VALUES ('{}', weir.uuid_v7_floor('2026-03-12'), 's', 'p/s', 'COMPLETED')",
                    to_string(acme)));
    // The week of 9 March ends with the 15th: 90 days later it is kept, a day later it is not.
    set_clock("2026-06-14T12:00:00Z");
    const auto kept = co_await keep(service, {.run_days = 90, .audit_days = 100});
    EXPECT_EQ(kept.at("partitions_dropped"), 0);
    EXPECT_EQ(count("weir.run"), "1");
    set_clock("2026-06-15T12:00:00Z");
    const auto dropped = co_await keep(service, {.run_days = 90, .audit_days = 100});
    EXPECT_EQ(dropped.at("partitions_dropped"), 3);  // of run, import_log and scheduled_pipeline_runs
    EXPECT_EQ(count("weir.run"), "0");
    EXPECT_FALSE(attached("run").contains("20260309"));
    EXPECT_TRUE(attached("audit_log").contains("20260309"));
    EXPECT_EQ(super("SELECT to_regclass('weir.run_20260309') IS NULL"), "t");
    EXPECT_TRUE(attached("run").contains("20260706")) << attached("run");
  });
}

TEST_F(Histories, OneThatWasDetachedAndNotDroppedGoesToo) {
  with_service([&](Service& service) -> Task<> {
    co_await keep(service, {});
    super("ALTER TABLE weir.import_log DETACH PARTITION weir.import_log_20260309");
    set_clock("2026-09-01T00:00:00Z");
    co_await keep(service, {});
    EXPECT_EQ(super("SELECT to_regclass('weir.import_log_20260309') IS NULL"), "t");
  });
}

TEST_F(Histories, WhatIsNotPartitionedGoesInBatches) {
  const auto acme = database.add_tenant("acme");
  const auto id = to_string(acme);
  super(fmt::format(
      "INSERT INTO weir.ledger (tenant_id, data_source, script, partition, run_id) "
      "SELECT '{0}', 's', 'p/s', n::text, weir.uuid_v7_floor(timestamptz '2026-03-10' - make_interval(days => n)) "
      "FROM generate_series(1, 100) n; "
      "INSERT INTO weir.gap (tenant_id, data_source, script, partition, kind, reason, closed_at) "
      "SELECT '{0}', 's', 'p/s', n::text, 'failed', 'x', CASE WHEN n > 1 THEN timestamptz '2025-01-01' END "
      "FROM generate_series(1, 5) n; "
      "INSERT INTO weir.idempotency_key (tenant_id, api_key_id, key, request_hash, created_at) "
      "VALUES ('{0}', weir.uuid_v7(), 'old', 'h', '2026-03-09T11:59:59Z'), ('{0}', weir.uuid_v7(), 'new', 'h', "
      "'2026-03-09T12:00:01Z')",
      id));
  with_service([&](Service& service) -> Task<> {
    const auto done = co_await keep(service, {.run_days = 90, .batch_rows = 3});
    EXPECT_EQ(done.at("ledger"), 11);
    EXPECT_EQ(done.at("gaps"), 4);
    EXPECT_EQ(done.at("idempotency_keys"), 1);
    EXPECT_EQ(count("weir.ledger"), "89");
    EXPECT_EQ(count("weir.gap"), "1");
    EXPECT_EQ(super("SELECT key FROM weir.idempotency_key"), "new");
  });
}

}  // namespace
}  // namespace weir::scheduler

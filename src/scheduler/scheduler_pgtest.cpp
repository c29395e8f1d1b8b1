#include "scheduler/scheduler.hpp"

#include <set>

#include "base/task_group.hpp"
#include "tests/support/queue_world.hpp"

namespace weir::scheduler {
namespace {

using test::ended;
using Names = std::vector<std::string>;

struct Service {
  Service(test::Context context, const test::TestDatabase& database, Random& random, SchedulerSettings settings)
      : pool(context.executor(), context.blocking, database.pool_settings(8)),
        door(pool, database.roles()),
        bell(context.executor(), context.blocking, door, database.pool_settings().connect, random,
             {.is_poll_only = true}),
        queue(door, random),
        scheduler(door, bell, random, settings) {}
  pg::Pool pool;
  pg::Database door;
  queue::QueueBell bell;
  queue::Queue queue;
  Scheduler scheduler;
};

class Ticks : public test::QueueWorld {
 protected:
  // The tenant acme, at one minute past ten.
  Ticks() {
    add_node();
    at("2026-05-01T10:01:00Z");
    acme = add_tenant("acme");
  }

  void with_service(const std::function<Task<>(Service&)>& body) {
    test::run([&](test::Context context) -> Task<> {
      Service service(context, database, random, scheduler_settings);
      co_await body(service);
    });
  }
  void at(std::string_view text) { set_clock(std::string(text)); }
  static PipelineData every(std::string name, std::chrono::seconds interval) {
    return {.name = std::move(name), .schedule = {.every = interval}};
  }
  static Task<Pipeline> added(Service& service, TenantId tenant, PipelineData data) {
    const auto pipeline = co_await scheduler::add_pipeline(service.door, "alice", tenant, std::move(data));
    if (!pipeline) throw Failure(pipeline.error());
    co_return *pipeline;
  }
  static Task<> tick_until_done(Scheduler& scheduler, int& open) {
    for (;;) {
      const auto tick = co_await scheduler.tick();
      if (!tick.is_other_at_work && tick.changed == 0) break;
    }
    --open;
  }
  Task<> work_off(Service& service) {
    for (;;) {
      const auto runs = co_await service.queue.claim(node, epoch, 100);
      if (runs.empty()) co_return;
      for (const auto& run : runs) co_await service.queue.finish(run, ended());
    }
  }
  std::string fires(PipelineId pipeline, const std::string& condition = "status <> 'SKIPPED'") const {
    return super(
        fmt::format("SELECT coalesce(string_agg(to_char(fire_at, 'HH24:MI') || CASE WHEN missed > 0 THEN '+' || "
                    "missed ELSE '' END, ' ' ORDER BY fire_at), '') FROM weir.scheduled_pipeline_runs "
                    "WHERE pipeline_id = '{}' AND {}",
                    to_string(pipeline), condition));
  }

  SchedulerSettings scheduler_settings{};
  TenantId acme;
};

TEST_F(Ticks, WhatIsDueIsEnqueuedOnce) {
  with_service([&](Service& service) -> Task<> {
    const auto pipeline = co_await added(service, acme, every("p", 15min));
    EXPECT_EQ(pipeline.next_fire_at, parse_rfc3339("2026-05-01T10:15:00Z"));
    const auto early = co_await service.scheduler.tick();
    EXPECT_EQ(early.due, 0);
    at("2026-05-01T10:15:00Z");
    const auto heard = service.bell.count();
    const auto tick = co_await service.scheduler.tick();
    EXPECT_EQ(tick.due, 1);
    EXPECT_EQ(tick.enqueued, 1);
    EXPECT_GT(service.bell.count(), heard);
    const auto again = co_await service.scheduler.tick();
    EXPECT_EQ(again.due, 0);
    const auto runs = co_await service.queue.claim(node, epoch, 10);
    EXPECT_EQ(runs.size(), 1U);
    EXPECT_EQ(runs[0].pipeline, pipeline.id);
    EXPECT_EQ(runs[0].user, std::nullopt);
    EXPECT_EQ(runs[0].fire_at, parse_rfc3339("2026-05-01T10:15:00Z"));
    EXPECT_EQ(super("SELECT trigger FROM weir.scheduled_pipeline_runs"), "schedule");
    const auto found = co_await find_pipeline(service.door, acme, "p");
    EXPECT_EQ(found.value().next_fire_at, parse_rfc3339("2026-05-01T10:30:00Z"));
    EXPECT_EQ(found->last_fire_at, parse_rfc3339("2026-05-01T10:15:00Z"));
  });
}

// Four tickers at every minute of two hours, over small batches; runs are worked off in between. Every fire of every
// pipeline happens exactly once.
TEST_F(Ticks, SeveralTickersLoseAndDoubleNothing) {
  scheduler_settings.batch_rows = 7;
  const auto start = *parse_rfc3339("2026-05-01T00:00:00Z");
  set_clock(format_rfc3339(start));
  std::map<PipelineId, int> minutes_of;
  with_service([&](Service& service) -> Task<> {
    for (int t = 0; t < 8; ++t) {
      const auto tenant = add_tenant(fmt::format("t{}", t), {.cap = 50});
      for (const int minutes : {1, 2, 5, 15}) {
        const auto pipeline =
            co_await added(service, tenant, every(fmt::format("every-{}", minutes), std::chrono::minutes(minutes)));
        minutes_of[pipeline.id] = minutes;
      }
    }
    for (int minute = 1; minute <= 120; ++minute) {
      set_clock(format_rfc3339(start + std::chrono::minutes(minute)));
      TaskGroup tasks(co_await asio::this_coro::executor);
      int open = 4;
      for (int i = 0; i < 4; ++i) tasks.spawn("ticker", tick_until_done(service.scheduler, open));
      co_await tasks.wait();
      EXPECT_EQ(open, 0);
      co_await work_off(service);
    }
  });
  for (const auto& [pipeline, minutes] : minutes_of) {
    const auto where = fmt::format("weir.scheduled_pipeline_runs WHERE pipeline_id = '{}'", to_string(pipeline));
    EXPECT_EQ(count(where), std::to_string(120 / minutes));
    EXPECT_EQ(super("SELECT count(DISTINCT fire_at) FROM " + where), std::to_string(120 / minutes));
    EXPECT_EQ(count(where + " AND (status <> 'COMPLETED' OR missed > 0)"), "0");
  }
}

TEST_F(Ticks, AfterAnOutageOneRunStandsForAllThatWereMissed) {
  with_service([&](Service& service) -> Task<> {
    const auto once = co_await added(service, acme, every("once", 15min));
    auto skipping = every("skip", 15min);
    skipping.schedule.missed = MissedRule::skip;
    const auto skip = co_await added(service, acme, skipping);
    at("2026-05-01T13:25:00Z");
    const auto tick = co_await service.scheduler.tick();
    EXPECT_EQ(tick.enqueued, 1);
    EXPECT_EQ(tick.skipped, 1);
    EXPECT_EQ(fires(once.id), "13:15+12");
    EXPECT_EQ(fires(skip.id), "");
    EXPECT_EQ(fires(skip.id, "status = 'SKIPPED'"), "13:15+12");
    at("2026-05-01T13:30:00Z");
    co_await work_off(service);
    co_await service.scheduler.tick();
    EXPECT_EQ(fires(once.id), "13:15+12 13:30");
    EXPECT_EQ(fires(skip.id), "13:30");
  });
}

TEST_F(Ticks, ARunThatIsNotOverMakesTheNextFireSkipped) {
  with_service([&](Service& service) -> Task<> {
    const auto pipeline = co_await added(service, acme, every("p", 15min));
    at("2026-05-01T10:15:00Z");
    co_await service.scheduler.tick();
    at("2026-05-01T10:30:00Z");
    const auto tick = co_await service.scheduler.tick();
    EXPECT_EQ(tick.overlapping, 1);
    EXPECT_EQ(fires(pipeline.id, "status = 'SKIPPED'"), "10:30");
    co_await work_off(service);
    at("2026-05-01T10:45:00Z");
    co_await service.scheduler.tick();
    EXPECT_EQ(fires(pipeline.id), "10:15 10:45");
  });
}

TEST_F(Ticks, EditedWhileDueItKeepsItsFireUnlessTheScheduleChanges) {
  with_service([&](Service& service) -> Task<> {
    const auto renamed = co_await added(service, acme, every("old", 15min));
    const auto replanned = co_await added(service, acme, every("plan", 15min));
    at("2026-05-01T10:20:00Z");  // both are due since five minutes
    const auto first = co_await change_pipeline(service.door, "bob", acme, renamed.id, 1, every("new", 15min));
    const auto second = co_await change_pipeline(service.door, "bob", acme, replanned.id, 1, every("plan", 10min));
    EXPECT_EQ(first.value().next_fire_at, parse_rfc3339("2026-05-01T10:15:00Z"));
    EXPECT_EQ(second.value().next_fire_at, parse_rfc3339("2026-05-01T10:30:00Z"));
    const auto stale = co_await change_pipeline(service.door, "carol", acme, renamed.id, 1, every("newer", 15min));
    EXPECT_EQ(stale.error().code, ErrorCode::conflict);
    const auto taken = co_await change_pipeline(service.door, "carol", acme, renamed.id, 2, every("plan", 15min));
    EXPECT_EQ(taken.error().code, ErrorCode::already_exists);
    co_await service.scheduler.tick();
    EXPECT_EQ(fires(renamed.id), "10:15");
    EXPECT_EQ(fires(replanned.id), "");
  });
}

// What a ticker saw before somebody else fired, or changed, the pipeline.
TEST_F(Ticks, AFireOfAStateThatIsGoneIsLeftForTheNextLook) {
  with_service([&](Service& service) -> Task<> {
    const auto pipeline = co_await added(service, acme, every("p", 15min));
    at("2026-05-01T10:30:00Z");
    for (const auto* state : {"version, next_fire_at - interval '1 s'", "version + 1, next_fire_at"})
      EXPECT_EQ(
          super(fmt::format(
              "SELECT d FROM (SELECT id, {} FROM weir.tenant_pipeline_configs) c (id, version, seen), "
              "weir.enqueue_due(ARRAY[id], ARRAY[version], ARRAY[seen], ARRAY[timestamptz '2026-05-01T10:30:00Z'], "
              "ARRAY[timestamptz '2026-05-01T10:45:00Z'], ARRAY[1], ARRAY[false]) d",
              state)),
          "(0,0,0,0,1)");
    EXPECT_EQ(fires(pipeline.id), "");
    co_await service.scheduler.tick();
    EXPECT_EQ(fires(pipeline.id), "10:30+1");
  });
}

TEST_F(Ticks, DisabledOrPausedForDaysItComesBackWithoutAFlood) {
  with_service([&](Service& service) -> Task<> {
    auto data = every("p", 15min);
    const auto pipeline = co_await added(service, acme, data);
    data.is_enabled = false;
    const auto disabled = co_await change_pipeline(service.door, "bob", acme, pipeline.id, 1, data);
    EXPECT_EQ(disabled.value().next_fire_at, std::nullopt);
    at("2026-05-04T10:01:00Z");
    const auto nothing = co_await service.scheduler.tick();
    EXPECT_EQ(nothing.due, 0);
    data.is_enabled = true;
    const auto enabled = co_await change_pipeline(service.door, "bob", acme, pipeline.id, 2, data);
    EXPECT_EQ(enabled.value().next_fire_at, parse_rfc3339("2026-05-04T10:15:00Z"));
    super("UPDATE weir.tenant SET state = 'PAUSED'");
    for (const auto* time : {"2026-05-04T10:15:00Z", "2026-05-04T10:30:00Z"}) {
      at(time);
      const auto resting = co_await service.scheduler.tick();
      EXPECT_EQ(resting.resting, 1);
    }
    at("2026-05-04T10:40:00Z");
    super("UPDATE weir.tenant SET state = 'ACTIVE'");
    const auto resumed = co_await service.scheduler.tick();
    EXPECT_EQ(resumed.due, 0);
    at("2026-05-04T10:45:00Z");
    co_await service.scheduler.tick();
    EXPECT_EQ(fires(pipeline.id), "10:45");
  });
}

TEST_F(Ticks, AFireThatHappenedNeverHappensAgain) {
  with_service([&](Service& service) -> Task<> {
    const auto pipeline = co_await added(service, acme, every("p", 15min));
    at("2026-05-01T10:15:00Z");
    co_await service.scheduler.tick();
    co_await work_off(service);
    super("UPDATE weir.tenant_pipeline_configs SET next_fire_at = last_fire_at");  // a plan from a restored backup
    const auto tick = co_await service.scheduler.tick();
    EXPECT_EQ(tick.enqueued, 0);
    EXPECT_EQ(fires(pipeline.id), "10:15");
    EXPECT_EQ(super("SELECT next_fire_at FROM weir.tenant_pipeline_configs"), "2026-05-01 10:30:00+00");
  });
}

// Two batches at once, again and again, and a last one that is not full.
TEST_F(Ticks, OneTickSettlesAllThatIsDue) {
  scheduler_settings.batch_rows = 2;
  with_service([&](Service& service) -> Task<> {
    for (int i = 0; i < 7; ++i) co_await added(service, acme, every(fmt::format("p{}", i), 15min));
    at("2026-05-01T10:15:00Z");
    const auto tick = co_await service.scheduler.tick();
    EXPECT_EQ(tick.due, 7);
    EXPECT_EQ(tick.enqueued, 7);
    EXPECT_FALSE(tick.is_other_at_work);
  });
  EXPECT_EQ(count("weir.pipeline_execution_queue WHERE state = 'ready'"), "7");
}

TEST_F(Ticks, ABrokenScheduleStopsOnlyItself) {
  scheduler_settings.batch_rows = 1;
  with_service([&](Service& service) -> Task<> {
    const auto broken = co_await added(service, acme, {.name = "broken", .schedule = {.cron = "*/15 * * * *"}});
    const auto good = co_await added(service, acme, every("good", 15min));
    super("UPDATE weir.tenant_pipeline_configs SET time_zone = 'Mars/Olympus' WHERE name = 'broken'");
    at("2026-05-01T10:15:00Z");
    const auto tick = co_await service.scheduler.tick();
    EXPECT_EQ(tick.broken, 1);
    EXPECT_EQ(tick.enqueued, 1);
    EXPECT_EQ(fires(good.id), "10:15");
    const auto found = co_await find_pipeline(service.door, acme, to_string(broken.id));
    EXPECT_TRUE(found.value().plan_error.value_or("").contains("Mars/Olympus"));
    EXPECT_EQ(found->next_fire_at, parse_rfc3339("2026-05-01T11:15:00Z"));
    const auto mended = co_await change_pipeline(service.door, "bob", acme, broken.id, 1, broken.data);
    EXPECT_EQ(mended.value().plan_error, std::nullopt);
    EXPECT_EQ(mended->next_fire_at, parse_rfc3339("2026-05-01T10:30:00Z"));
  });
}

TEST_F(Ticks, WhileAnotherNodePlansThisOneDoesNot) {
  with_service([&](Service& service) -> Task<> {
    co_await added(service, acme, every("p", 15min));
    at("2026-05-01T10:15:00Z");
    auto other = co_await service.door.begin(pg::Scope::control());
    co_await other.query({"test.lock", "SELECT pg_advisory_xact_lock(hashtextextended('weir.planner', 0))"});
    const auto refused = co_await service.scheduler.tick();
    EXPECT_TRUE(refused.is_other_at_work);
    EXPECT_EQ(refused.enqueued, 0);
    co_await other.commit();
    const auto tick = co_await service.scheduler.tick();
    EXPECT_EQ(tick.enqueued, 1);
  });
}

TEST_F(Ticks, PipelinesAreCheckedListedRemovedAndRecorded) {
  const auto other = add_tenant("other");
  with_service([&](Service& service) -> Task<> {
    const auto wrong_name = co_await scheduler::add_pipeline(service.door, "alice", acme, every("Nightly!", 15min));
    EXPECT_EQ(wrong_name.error().code, ErrorCode::invalid_input);
    auto urgent = every("urgent", 15min);
    urgent.priority = 11;
    const auto too_urgent = co_await scheduler::add_pipeline(service.door, "alice", acme, urgent);
    EXPECT_EQ(too_urgent.error().code, ErrorCode::invalid_input);
    auto data = every("b", 15min);
    data.data_sources = {"github", "jira"};
    data.parameters = {{"depth", 3}};
    const auto b = co_await added(service, acme, data);
    co_await added(service, acme, {.name = "a", .schedule = {.cron = "@daily", .time_zone = "Europe/Berlin"}});
    const auto twice = co_await scheduler::add_pipeline(service.door, "alice", acme, data);
    EXPECT_EQ(twice.error().code, ErrorCode::already_exists);
    Names names;
    for (const auto& pipeline : co_await list_pipelines(service.door, acme)) names.push_back(pipeline.data.name);
    EXPECT_EQ(names, (Names{"a", "b"}));
    const auto found = co_await find_pipeline(service.door, acme, "b");
    EXPECT_EQ(nlohmann::json(found.value().data), nlohmann::json(data));
    const auto foreign = co_await find_pipeline(service.door, other, to_string(b.id));
    EXPECT_EQ(foreign.error().code, ErrorCode::not_found);
    at("2026-05-01T10:15:00Z");
    co_await service.scheduler.tick();
    const auto removed = co_await remove_pipeline(service.door, "alice", acme, b.id);
    EXPECT_TRUE(removed.has_value());
    EXPECT_EQ(count("weir.pipeline_execution_queue"), "0");
    EXPECT_EQ(fires(b.id, "status = 'CANCELLED'"), "10:15");
    EXPECT_EQ(super("SELECT string_agg(action || ' ' || target, ', ' ORDER BY id) FROM weir.audit_log"),
              "pipeline.add acme/b, pipeline.add acme/a, pipeline.rm acme/b");
    EXPECT_EQ(
        super("SELECT actor || ' ' || (before -> 'schedule' ->> 'every_seconds') FROM weir.audit_log WHERE action = "
              "'pipeline.rm'"),
        "alice 900");
  });
}

TEST_F(Ticks, APipelineNamedLikeTheIdOfAnotherIsTheOneThatIsMeant) {
  with_service([&](Service& service) -> Task<> {
    const auto first = co_await added(service, acme, every("first", 15min));
    const auto second = co_await added(service, acme, every(to_string(first.id), 15min));
    const auto found = co_await find_pipeline(service.door, acme, to_string(first.id));
    EXPECT_EQ(found.value().id, second.id);
  });
}

TEST_F(Ticks, APreviewMarksTheDaysOnWhichClocksChange) {
  const auto fires = preview_fires({.cron = "30 2 * * *", .time_zone = "Europe/Berlin"}, acme,
                                   *parse_rfc3339("2026-03-28T00:00:00Z"), 3);
  ASSERT_EQ(fires.value().size(), 3U);
  EXPECT_EQ(fires->at(0).note, FireNote::none);
  EXPECT_EQ(fires->at(1).note, FireNote::after_gap);
  EXPECT_TRUE(preview_fires({}, acme, {}, 3).value().empty());
}

}  // namespace
}  // namespace weir::scheduler

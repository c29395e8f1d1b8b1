#include <algorithm>

#include "queue/queue.hpp"
#include "tests/support/queue_world.hpp"

namespace weir::queue {
namespace {

using test::ended;

class Fairness : public test::QueueWorld {
 protected:
  Fairness() { add_node(); }
  // Entries as an enqueue would leave them.
  void add_backlog(TenantId tenant, int entries, int run_class = 0) {
    super(
        fmt::format("INSERT INTO weir.pipeline_execution_queue (pipeline_run_id, tenant_id, class, state, needs_quota, "
                    "priority, order_at, "
                    "due_at, queued_at) SELECT gen_random_uuid(), '{0}', {2}, 'ready', {2} > 0, 0, t, t, t FROM "
                    "(SELECT weir.clock() - "
                    "interval '1 hour' + i * interval '1 millisecond' AS t FROM generate_series(1, {1}) i) s; "
                    "SELECT weir.raise_lanes(ARRAY['{0}'::uuid], {2}::smallint)",
                    to_string(tenant), entries, run_class));
  }
  // The tenants of `claims` claims of one run each, every one finished before the next.
  Task<std::map<TenantId, int>> serve(Queue& queue, int claims) {
    std::map<TenantId, int> served;
    for (int i = 0; i < claims; ++i) {
      const auto runs = co_await queue.claim(node, epoch, 1);
      for (const auto& run : runs) {
        ++served[run.tenant];
        co_await queue.finish(run, ended());
      }
    }
    co_return served;
  }
};

TEST_F(Fairness, LanesShareByWeight) {
  const auto heavy = add_tenant("heavy", {.weight = 300});
  const auto light = add_tenant("light", {.weight = 100});
  add_backlog(heavy, 200);
  add_backlog(light, 200);
  with_queue([&](Queue& queue) -> Task<> {
    const auto served = co_await serve(queue, 100);
    EXPECT_NEAR(served.at(heavy), 75, 1);
    EXPECT_NEAR(served.at(light), 25, 1);
  });
}

TEST_F(Fairness, OneClaimOfManySharesToo) {
  const auto heavy = add_tenant("heavy", {.cap = 100, .weight = 300});
  const auto light = add_tenant("light", {.cap = 100, .weight = 100});
  add_backlog(heavy, 200);
  add_backlog(light, 200);
  with_queue([&](Queue& queue) -> Task<> {
    const auto runs = co_await queue.claim(node, epoch, 40);
    EXPECT_EQ(runs.size(), 40U);
    EXPECT_NEAR(static_cast<double>(std::ranges::count(runs, heavy, &ClaimedRun::tenant)), 30, 1);
  });
}

TEST_F(Fairness, IdlingEarnsNoCreditAndHavingBeenAloneCostsNothing) {
  const auto busy = add_tenant("busy");
  const auto idle = add_tenant("idle");
  add_backlog(busy, 300);
  with_queue([&](Queue& queue) -> Task<> {
    co_await serve(queue, 100);
    add_backlog(idle, 100);
    auto served = co_await serve(queue, 20);
    EXPECT_NEAR(served.at(busy), 10, 1);
    EXPECT_NEAR(served.at(idle), 10, 1);
  });
}

TEST_F(Fairness, WaitingForASlotEarnsNoCreditEither) {
  const auto capped = add_tenant("capped", {.cap = 1});
  const auto other = add_tenant("other");
  add_backlog(capped, 50);
  add_backlog(other, 300);
  with_queue([&](Queue& queue) -> Task<> {
    std::optional<ClaimedRun> held;
    while (!held) {
      const auto runs = co_await queue.claim(node, epoch, 1);
      if (runs.at(0).tenant == capped)
        held = runs[0];
      else
        co_await queue.finish(runs[0], ended());
    }
    co_await serve(queue, 100);
    co_await queue.finish(*held, ended());
    const auto served = co_await serve(queue, 20);
    EXPECT_NEAR(served.at(capped), 10, 1);
  });
}

TEST_F(Fairness, ManualComesBeforeScheduledBeforeBackfillAndNothingStarves) {
  const auto manual = add_tenant("manual"), scheduled = add_tenant("scheduled"), backfill = add_tenant("backfill");
  settings.class_blind_every = 8;
  add_backlog(backfill, 100, 2);
  add_backlog(scheduled, 100, 1);
  add_backlog(manual, 200, 0);
  with_queue([&](Queue& queue) -> Task<> {
    auto served = co_await serve(queue, 7);
    EXPECT_EQ(served.at(manual), 7);
    served = co_await serve(queue, 80);  // ten of them see no classes
    EXPECT_GE(served[scheduled], 4);
    EXPECT_GE(served[backfill], 4);
    EXPECT_GE(served[manual], 70);
  });
}

// In one lane that is always full of urgent runs, a run of the lowest priority is behind those only that came due at
// most twenty steps later.
TEST_F(Fairness, AgeingBoundsEveryWaitWithinALane) {
  const auto acme = add_tenant("acme", {.cap = 1});
  const auto start = *parse_rfc3339("2026-05-01T00:00:00Z");
  with_queue([&](Queue& queue) -> Task<> {
    set_clock(format_rfc3339(start));
    const auto low = co_await queue.enqueue({.tenant = acme, .priority = -10});
    int minutes = 0;
    for (; minutes < 60; ++minutes) {
      set_clock(format_rfc3339(start + std::chrono::minutes(minutes)));
      co_await queue.enqueue({.tenant = acme, .priority = 10});
      const auto runs = co_await queue.claim(node, epoch, 1);
      co_await queue.finish(runs.at(0), ended());
      if (runs[0].id == *low.run) break;
    }
    EXPECT_GE(minutes, 19);
    EXPECT_LE(minutes, 21);
  });
}

// Rounds of 20 slots; in each, ten other tenants ask for a run. How many rounds they wait, with and without a neighbour
// that has 100,000 runs to do.
TEST_F(Fairness, ABacklogOfOneTenantDoesNotDelayTheOthers) {
  std::vector<TenantId> others;
  for (int i = 0; i < 60; ++i) others.push_back(add_tenant(fmt::format("t{}", i)));
  const auto big = add_tenant("big", {.cap = 20});
  const auto p95_wait = [&](Queue& queue) -> Task<int> {
    std::map<PipelineRunId, int> asked;
    std::vector<int> waits;
    for (int round = 0; round < 40; ++round) {
      for (int i = 0; i < 10; ++i) {
        const auto answer =
            co_await queue.enqueue({.tenant = others[random.below(others.size())], .run_class = RunClass::backfill});
        asked[*answer.run] = round;
      }
      const auto runs = co_await queue.claim(node, epoch, 20);
      for (const auto& run : runs) {
        if (asked.contains(run.id)) waits.push_back(round - asked[run.id] + 1);
        co_await queue.finish(run, ended());
      }
    }
    std::ranges::sort(waits);
    EXPECT_GT(waits.size(), 350U);
    co_return waits.at(waits.size() * 95 / 100);
  };
  int idle = 0, loaded = 0;
  with_queue([&](Queue& queue) -> Task<> { idle = co_await p95_wait(queue); });
  add_backlog(big, 100'000, 2);
  with_queue([&](Queue& queue) -> Task<> { loaded = co_await p95_wait(queue); });
  EXPECT_LE(loaded, 2 * idle) << idle;
  EXPECT_LT(std::stoi(count("weir.pipeline_execution_queue")), 100'000);  // and the backlog gets on
}

}  // namespace
}  // namespace weir::queue

#include "queue/queue.hpp"
#include "tests/support/queue_world.hpp"

namespace weir::queue {
namespace {

using test::ended;

class QueueDays : public test::QueueWorld {
 protected:
  QueueDays() { add_node(); }
  Task<std::size_t> claim_and_finish(Queue& queue) {
    const auto runs = co_await queue.claim(node, epoch, 100);
    for (const auto& run : runs) co_await queue.finish(run, ended());
    co_return runs.size();
  }
  std::string hours_of_day(const std::string& at, const std::string& zone) const {
    return super(
        fmt::format("WITH begins AS (SELECT (weir.local_day('{0}', '{1}')::timestamp AT TIME ZONE '{1}') AS at) "
                    "SELECT trim_scale(extract(epoch FROM weir.next_local_day(at, '{1}') - at) / 3600) FROM begins",
                    at, zone));
  }
};

TEST_F(QueueDays, HaveTheHoursOfTheTenantsCalendar) {
  EXPECT_EQ(hours_of_day("2026-03-28T12:00Z", "Europe/Berlin"), "24");
  EXPECT_EQ(hours_of_day("2026-03-29T12:00Z", "Europe/Berlin"), "23");
  EXPECT_EQ(hours_of_day("2026-10-25T12:00Z", "Europe/Berlin"), "25");
  EXPECT_EQ(hours_of_day("2026-04-04T20:00Z", "Australia/Lord_Howe"), "24.5");
  EXPECT_EQ(hours_of_day("2026-09-06T12:00Z", "America/Santiago"), "23");  // it begins at one
  EXPECT_EQ(hours_of_day("2026-04-04T12:00Z", "America/Santiago"), "25");
  EXPECT_EQ(super("SELECT weir.next_local_day('2011-12-30T09:59:59Z', 'Pacific/Apia')"), "2011-12-30 10:00:00+00");
  EXPECT_EQ(super("SELECT weir.local_day('2011-12-30T10:00:00Z', 'Pacific/Apia')"),
            "2011-12-31");  // the 30th never was
}

TEST_F(QueueDays, ADayOf25HoursHasOneQuota) {
  set_clock("2026-10-24T21:59:59Z");
  const auto acme = add_tenant("acme", {.cap = 100, .runs_per_day = 2, .time_zone = "Europe/Berlin"});
  with_queue([&](Queue& queue) -> Task<> {
    const auto before = co_await queue.enqueue({.tenant = acme});
    EXPECT_EQ(before.quota.remaining(), 1);
    EXPECT_EQ(before.quota.resets_at, parse_rfc3339("2026-10-24T22:00:00Z"));
    set_clock("2026-10-24T22:00:00Z");
    for (int left = 1; left >= 0; --left) {
      const auto answer = co_await queue.enqueue({.tenant = acme});
      EXPECT_EQ(answer.outcome, EnqueueOutcome::enqueued);
      EXPECT_EQ(answer.quota.remaining(), left);
      EXPECT_EQ(answer.quota.resets_at, parse_rfc3339("2026-10-25T23:00:00Z"));
    }
    set_clock("2026-10-25T22:59:59Z");  // 24 h 59 min 59 s later
    const auto spent = co_await queue.enqueue({.tenant = acme});
    EXPECT_EQ(spent.outcome, EnqueueOutcome::quota_spent);
    EXPECT_EQ(spent.quota.remaining(), 0);
    set_clock("2026-10-25T23:00:00Z");
    const auto next = co_await queue.enqueue({.tenant = acme});
    EXPECT_EQ(next.outcome, EnqueueOutcome::enqueued);
    EXPECT_EQ(
        super(
            "SELECT string_agg(day || '=' || runs_used || '/' || runs_limit, ' ' ORDER BY day) FROM weir.usage_quota"),
        "2026-10-24=1/2 2026-10-25=2/2");
  });
}

TEST_F(QueueDays, ADayOf23HoursEndsAfter23) {
  set_clock("2026-03-28T23:00:00Z");
  const auto acme = add_tenant("acme", {.cap = 100, .runs_per_day = 1, .time_zone = "Europe/Berlin"});
  with_queue([&](Queue& queue) -> Task<> {
    co_await queue.enqueue({.tenant = acme});
    set_clock("2026-03-29T21:59:59Z");
    const auto spent = co_await queue.enqueue({.tenant = acme});
    EXPECT_EQ(spent.outcome, EnqueueOutcome::quota_spent);
    EXPECT_EQ(spent.quota.resets_at, parse_rfc3339("2026-03-29T22:00:00Z"));
    set_clock("2026-03-29T22:00:00Z");
    const auto next = co_await queue.enqueue({.tenant = acme});
    EXPECT_EQ(next.outcome, EnqueueOutcome::enqueued);
  });
}

TEST_F(QueueDays, ScheduledRunsBeyondTheQuotaWaitForTheNextDay) {
  set_clock("2026-03-28T23:30:00Z");
  const auto acme = add_tenant("acme", {.cap = 100, .runs_per_day = 3, .time_zone = "Europe/Berlin"});
  for (int i = 0; i < 8; ++i) EXPECT_EQ(fire(add_pipeline(acme, fmt::format("p{}", i))), "1");
  with_queue([&](Queue& queue) -> Task<> {
    const auto first = co_await claim_and_finish(queue);
    EXPECT_EQ(first, 3U);
    EXPECT_EQ(lane(acme, "coalesce(ready_class, -1) || ' ' || wake_at"), "-1 2026-03-29 22:00:00+00");
    set_clock("2026-03-29T21:59:59Z");
    auto woken = co_await queue.promote_due();
    EXPECT_EQ(woken, 0);
    set_clock("2026-03-29T22:00:00Z");
    woken = co_await queue.promote_due();
    EXPECT_EQ(woken, 1);
    const auto second = co_await claim_and_finish(queue);
    EXPECT_EQ(second, 3U);
    super("UPDATE weir.plan SET runs_per_day = 4");  // a larger plan counts at once
    const auto third = co_await claim_and_finish(queue);
    EXPECT_EQ(third, 1U);
    super("UPDATE weir.plan SET runs_per_day = NULL");
    const auto fourth = co_await claim_and_finish(queue);
    EXPECT_EQ(fourth, 1U);
  });
}

TEST_F(QueueDays, WhatIsPaidStartsOnASpentDay) {
  const auto acme = add_tenant("acme", {.cap = 100, .runs_per_day = 2});
  settings.backoff = {.first_delay = 0ms, .delay_max = 0ms};
  const auto fired = add_pipeline(acme, "fired");
  fire(fired);
  with_queue([&](Queue& queue) -> Task<> {
    co_await queue.enqueue({.tenant = acme});
    const auto runs = co_await queue.claim(node, epoch, 10);
    EXPECT_EQ(runs.size(), 2U);  // the day is spent
    fire(add_pipeline(acme, "waits"));
    for (const auto& run : runs) co_await queue.finish(run, ended(RunEndStatus::failed));
    co_await queue.promote_due();
    const auto retries = co_await queue.claim(node, epoch, 10);
    EXPECT_EQ(retries.size(), 2U);
    for (const auto& run : retries) EXPECT_EQ(run.attempt, 1);
    // One that is interrupted gives its place to whoever comes first.
    co_await queue.finish(retries.at(retries[0].pipeline ? 0 : 1), ended(RunEndStatus::released));
    EXPECT_EQ(lane(acme, "quota_used"), "1");
    const auto last = co_await queue.claim(node, epoch, 10);
    EXPECT_EQ(last.size(), 1U);
    EXPECT_EQ(lane(acme, "quota_used"), "2");
  });
}

TEST_F(QueueDays, ARefundGoesToTheDayThatPaid) {
  set_clock("2026-05-01T23:00:00Z");
  const auto acme = add_tenant("acme", {.runs_per_day = 5});
  fire(add_pipeline(acme, "p"));
  with_queue([&](Queue& queue) -> Task<> {
    const auto runs = co_await queue.claim(node, epoch, 10);
    set_clock("2026-05-02T00:10:00Z");
    const auto lanes = co_await queue.archive_quotas();
    EXPECT_EQ(lanes, 1);
    EXPECT_EQ(super("SELECT runs_used FROM weir.usage_quota WHERE day = '2026-05-01'"), "1");
    fire(add_pipeline(acme, "of-today"));
    co_await queue.claim(node, epoch, 10);
    co_await queue.finish(runs.at(0), ended(RunEndStatus::released));
    EXPECT_EQ(super("SELECT runs_used FROM weir.usage_quota WHERE day = '2026-05-01'"), "0");
    EXPECT_EQ(lane(acme, "quota_day || ' ' || quota_used"), "2026-05-02 1");
    co_await queue.claim(node, epoch, 10);
    EXPECT_EQ(lane(acme, "quota_used"), "2");
    const auto again = co_await queue.archive_quotas();
    EXPECT_EQ(again, 0);
  });
}

TEST_F(QueueDays, ATenantThatMovesBackKeepsItsDay) {
  set_clock("2026-05-01T12:00:00Z");  // the 2nd on Kiritimati
  const auto acme = add_tenant("acme", {.runs_per_day = 1, .time_zone = "Pacific/Kiritimati"});
  with_queue([&](Queue& queue) -> Task<> {
    co_await queue.enqueue({.tenant = acme});
    super("UPDATE weir.tenant SET time_zone = 'Pacific/Honolulu'");  // still the 1st
    const auto spent = co_await queue.enqueue({.tenant = acme});
    EXPECT_EQ(spent.outcome, EnqueueOutcome::quota_spent);
    EXPECT_EQ(lane(acme, "quota_day"), "2026-05-02");
  });
}

}  // namespace
}  // namespace weir::queue

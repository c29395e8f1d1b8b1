#include "queue/queue.hpp"
#include "tests/support/queue_world.hpp"

namespace weir::queue {
namespace {

using test::ended;

class QueueParks : public test::QueueWorld {
 protected:
  QueueParks() { add_node(); }
  Task<std::vector<ClaimedRun>> claim(Queue& queue, int max = 10) { return queue.claim(node, epoch, max); }
};

TEST_F(QueueParks, AParkedRunLetsTheNextFirePassAndGoesOnLater) {
  const auto acme = add_tenant("acme", {.cap = 2, .runs_per_day = 2});
  const auto pipeline = add_pipeline(acme, "p");
  fire(pipeline);
  with_queue([&](Queue& queue) -> Task<> {
    const auto runs = co_await claim(queue);
    auto end = ended(RunEndStatus::parked);
    end.wake_at = *parse_rfc3339("2020-01-01T00:00:00Z");  // over already
    const auto parked = co_await queue.finish(runs[0], end);
    EXPECT_EQ(parked.outcome, FinishOutcome::parked);
    EXPECT_EQ(history(runs[0].id, "status"), "PARKED");
    EXPECT_EQ(lane(acme, "running"), "0");
    EXPECT_EQ(fire(pipeline), "1");
    const auto early = co_await queue.promote_due();  // another run of the pipeline is active
    EXPECT_EQ(early, 0);
    const auto next = co_await claim(queue);
    EXPECT_EQ(next.size(), 1U);
    EXPECT_FALSE(next[0].was_parked);
    co_await queue.finish(next[0], ended());
    EXPECT_EQ(lane(acme, "quota_used"), "2");
    const auto woken = co_await queue.wake_parked(acme);
    EXPECT_EQ(woken, 1);
    const auto promoted = co_await queue.promote_due();
    EXPECT_EQ(promoted, 1);
    EXPECT_EQ(fire(pipeline), "0");  // now it is the active one
    const auto goes_on = co_await claim(queue);
    EXPECT_EQ(goes_on.size(), 1U);
    EXPECT_EQ(goes_on[0].id, runs[0].id);
    EXPECT_TRUE(goes_on[0].was_parked);
    EXPECT_EQ(goes_on[0].attempt, 0);
    EXPECT_EQ(lane(acme, "quota_used"), "2");  // nothing more to pay, though the day is spent
  });
}

// One goes on for all of them, or each would do again what the first has done.
TEST_F(QueueParks, ScheduledRunsThatParkBehindAParkedOneAreOver) {
  const auto acme = add_tenant("acme", {.cap = 10});
  const auto pipeline = add_pipeline(acme, "p");
  const auto park = [](Instant at) {
    auto end = ended(RunEndStatus::parked);
    end.wake_at = at;
    return end;
  };
  set_clock("2026-05-01T10:00:00Z");
  const auto later = *parse_rfc3339("2026-05-01T12:00:00Z");
  with_queue([&](Queue& queue) -> Task<> {
    fire(pipeline);
    auto runs = co_await claim(queue);
    const auto first = runs.at(0).id;
    auto answer = co_await queue.finish(runs.at(0), park(later));
    EXPECT_EQ(answer.outcome, FinishOutcome::parked);
    set_clock("2026-05-01T10:15:00Z");
    fire(pipeline);
    runs = co_await claim(queue);
    answer = co_await queue.finish(runs.at(0), park(later));
    EXPECT_EQ(answer.outcome, FinishOutcome::finished);
    EXPECT_EQ(history(runs.at(0).id, "status || ': ' || error"),
              "COMPLETED_WITH_GAPS: what is parked goes on with an earlier run of the pipeline");
    EXPECT_EQ(super("SELECT pipeline_run_id FROM weir.pipeline_execution_queue"), to_string(first));
    const auto asked = co_await queue.enqueue({.tenant = acme, .pipeline = pipeline, .user = "ann"});
    runs = co_await claim(queue);
    EXPECT_EQ(runs.at(0).id, *asked.run);
    answer = co_await queue.finish(runs.at(0), park(later));
    EXPECT_EQ(answer.outcome, FinishOutcome::parked) << "somebody waits for it";
  });
}

TEST_F(QueueParks, AParkBesideAFailureOutlivesTheRetries) {
  const auto acme = add_tenant("acme");
  settings.retries_max = 0;
  with_queue([&](Queue& queue) -> Task<> {
    co_await queue.enqueue({.tenant = acme, .user = "ann"});
    const auto runs = co_await claim(queue);
    auto end = ended(RunEndStatus::failed);
    end.wake_at = *parse_rfc3339("2126-05-01T12:00:00Z");
    const auto answer = co_await queue.finish(runs.at(0), end);
    EXPECT_EQ(answer.outcome, FinishOutcome::parked);
  });
}

TEST_F(QueueParks, AParkIsAtMostADay) {
  const auto acme = add_tenant("acme");
  with_queue([&](Queue& queue) -> Task<> {
    co_await queue.enqueue({.tenant = acme, .user = "ann"});
    const auto runs = co_await claim(queue);
    auto end = ended(RunEndStatus::parked);
    end.wake_at = *parse_rfc3339("2999-01-01T00:00:00Z");
    co_await queue.finish(runs[0], end);
    EXPECT_EQ(super("SELECT due_at <= now() + interval '24 hours' FROM weir.pipeline_execution_queue"), "t");
  });
}

TEST_F(QueueParks, OfSeveralParkedRunsOfAPipelineOneGoesOnAtATime) {
  const auto acme = add_tenant("acme", {.cap = 5});
  const auto pipeline = add_pipeline(acme, "p");
  with_queue([&](Queue& queue) -> Task<> {
    for (int i = 0; i < 2; ++i) {
      co_await queue.enqueue({.tenant = acme, .pipeline = pipeline, .user = "ann"});
      const auto runs = co_await claim(queue);
      co_await queue.finish(runs.at(0), ended(RunEndStatus::parked));
    }
    co_await queue.wake_parked(acme);
    co_await queue.promote_due();
    const auto runs = co_await claim(queue);
    EXPECT_EQ(runs.size(), 1U);
    EXPECT_EQ(count("weir.pipeline_execution_queue WHERE state = 'parked'"), "1");
  });
}

}  // namespace
}  // namespace weir::queue

#include "queue/queue.hpp"

#include "base/task_group.hpp"
#include "queue/sql.hpp"
#include "queue/why.hpp"
#include "tests/support/queue_world.hpp"

namespace weir::queue {
namespace {

using test::ended;

class QueueRules : public test::QueueWorld {
 protected:
  QueueRules() { add_node(); }
  // A manual run of its own.
  static RunRequest manual(TenantId tenant, int priority = 0) {
    return {.tenant = tenant, .priority = priority, .user = "alice"};
  }
  Task<std::vector<ClaimedRun>> claim(Queue& queue, int max = 10) { return queue.claim(node, epoch, max); }
  static Task<> raise_and_tell(pg::Database& door, TenantId tenant, bool& is_done) {
    co_await door.query(pg::Scope::control(), {"test.raise", "SELECT weir.raise_lanes(ARRAY[$1::uuid], 1::smallint)"},
                        pg::Params(tenant));
    is_done = true;
  }
  bool is_anybody_waiting() const {
    return count("pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'") != "0";
  }
};

TEST_F(QueueRules, ARunGoesInAndOut) {
  const auto acme = add_tenant("acme");
  with_queue([&](Queue& queue) -> Task<> {
    const auto asked =
        co_await queue.enqueue({.tenant = acme, .user = "alice", .parameters = {{"data_sources", {"github"}}}});
    EXPECT_EQ(asked.outcome, EnqueueOutcome::enqueued);
    EXPECT_EQ(history(*asked.run, "status"), "IDLE");
    const auto runs = co_await claim(queue);
    EXPECT_EQ(runs.size(), 1U);
    EXPECT_EQ(runs[0].id, *asked.run);
    EXPECT_EQ(runs[0].user, "alice");
    EXPECT_EQ(runs[0].parameters, nlohmann::json::parse(R"({"data_sources": ["github"]})"));
    EXPECT_EQ(history(runs[0].id, "status || ' ' || epoch"), fmt::format("RUNNING {}", epoch.value()));
    EXPECT_EQ(lane(acme, "running"), "1");
    const auto again = co_await claim(queue);
    EXPECT_TRUE(again.empty());
    auto end = ended(RunEndStatus::completed_with_gaps);
    end.summary = {{"scripts", 3}};
    const auto finished = co_await queue.finish(runs[0], end);
    EXPECT_EQ(finished.outcome, FinishOutcome::finished);
    EXPECT_EQ(history(runs[0].id, "status || ' ' || (summary ->> 'scripts')"), "COMPLETED_WITH_GAPS 3");
    EXPECT_EQ(lane(acme, "running"), "0");
    EXPECT_EQ(count("weir.pipeline_execution_queue"), "0");
  });
}

// The claim has taken all it saw and is about to say that nothing is left.
TEST_F(QueueRules, WhatComesWhileItsLaneIsClaimedIsNotForgotten) {
  const auto acme = add_tenant("acme");
  fire(add_pipeline(acme, "first"));
  test::run([&](test::Context context) -> Task<> {
    pg::Pool pool(context.executor(), context.blocking, database.pool_settings(4));
    pg::Database door(pool, database.roles());
    auto claiming = co_await door.begin(pg::Scope::control());
    const auto claimed = co_await claiming.query(sql::claim_pipeline_runs, pg::Params(node, epoch, 10, false));
    EXPECT_EQ(claimed.size(), 1U);
    TaskGroup tasks(co_await asio::this_coro::executor);
    bool is_raised = false;
    tasks.spawn("raise", raise_and_tell(door, acme, is_raised));
    while (!is_raised && !is_anybody_waiting()) co_await sleep_for(std::chrono::milliseconds(2));
    co_await claiming.commit();
    co_await tasks.wait();
    EXPECT_EQ(lane(acme, "ready_class"), "1");
  });
}

TEST_F(QueueRules, AnEpochThatIsOverClaimsNothing) {
  const auto acme = add_tenant("acme");
  end_lease(epoch);
  with_queue([&](Queue& queue) -> Task<> {
    co_await queue.enqueue(manual(acme));
    auto code = ErrorCode::internal;
    try {
      co_await claim(queue);
    } catch (const Failure& failure) {
      code = failure.error().code;
    }
    EXPECT_EQ(code, ErrorCode::lease_lost);
    EXPECT_EQ(lane(acme, "running"), "0");
  });
}

TEST_F(QueueRules, WhoHasLostARunCannotFinishIt) {
  const auto acme = add_tenant("acme");
  with_queue([&](Queue& queue) -> Task<> {
    co_await queue.enqueue(manual(acme));
    const auto first = co_await claim(queue);
    end_lease(epoch);
    const auto reaped = co_await queue.reap();
    EXPECT_EQ(reaped.size(), 1U);
    EXPECT_EQ(reaped[0].outcome, FinishOutcome::requeued);
    add_node();
    const auto second = co_await claim(queue);
    EXPECT_EQ(second.size(), 1U);
    EXPECT_EQ(second[0].id, first[0].id);
    EXPECT_NE(second[0].token, first[0].token);
    EXPECT_EQ(second[0].interruptions, 1);
    const auto late = co_await queue.finish(first[0], ended());
    EXPECT_EQ(late.outcome, FinishOutcome::lost);
    EXPECT_EQ(history(first[0].id, "status"), "RUNNING");
    EXPECT_EQ(lane(acme, "running"), "1");
    const auto good = co_await queue.finish(second[0], ended());
    EXPECT_EQ(good.outcome, FinishOutcome::finished);
  });
}

TEST_F(QueueRules, AFailureIsTriedThreeTimesMoreEachOneStepLower) {
  const auto acme = add_tenant("acme");
  settings.backoff = {.first_delay = 0ms, .delay_max = 0ms};
  with_queue([&](Queue& queue) -> Task<> {
    const auto asked = co_await queue.enqueue(manual(acme, 2));
    for (int attempt = 0; attempt <= 3; ++attempt) {
      co_await queue.promote_due();
      const auto runs = co_await claim(queue);
      EXPECT_EQ(runs.size(), 1U) << attempt;
      if (runs.empty()) co_return;
      EXPECT_EQ(runs[0].attempt, attempt);
      EXPECT_EQ(super("SELECT priority FROM weir.pipeline_execution_queue"), std::to_string(2 - attempt));
      auto end = ended(RunEndStatus::failed);
      end.error = "the provider is down";
      const auto answer = co_await queue.finish(runs[0], end);
      EXPECT_EQ(answer.outcome, attempt < 3 ? FinishOutcome::retry : FinishOutcome::failed);
      EXPECT_EQ(answer.due_at.has_value(), attempt < 3);
      EXPECT_EQ(history(*asked.run, "status"), attempt < 3 ? "IDLE" : "FAILED");
    }
    EXPECT_EQ(history(*asked.run, "attempts || ' ' || error"), "3 the provider is down");
    EXPECT_EQ(lane(acme, "quota_used || ' ' || running"), "1 0");  // one run, whatever it took
    EXPECT_EQ(count("weir.pipeline_execution_queue"), "0");
  });
}

TEST_F(QueueRules, ARetryWaitsForItsTimeAndSaysSo) {
  const auto acme = add_tenant("acme");
  settings.backoff = {.first_delay = 1h, .delay_max = 1h};
  with_queue([&](Queue& queue) -> Task<> {
    co_await queue.enqueue(manual(acme));
    const auto runs = co_await claim(queue);
    co_await queue.finish(runs[0], ended(RunEndStatus::failed));
    const auto woken = co_await queue.promote_due();
    EXPECT_EQ(woken, 0);
    const auto none = co_await claim(queue);
    EXPECT_TRUE(none.empty());
  });
}

TEST_F(QueueRules, WhatWillFailAgainIsNotTriedAgain) {
  const auto acme = add_tenant("acme");
  with_queue([&](Queue& queue) -> Task<> {
    co_await queue.enqueue(manual(acme));
    const auto runs = co_await claim(queue);
    auto end = ended(RunEndStatus::failed);
    end.may_retry = false;
    const auto answer = co_await queue.finish(runs[0], end);
    EXPECT_EQ(answer.outcome, FinishOutcome::failed);
    EXPECT_EQ(count("weir.pipeline_execution_queue"), "0");
  });
}

TEST_F(QueueRules, InterruptionsHaveASmallBudgetOfTheirOwn) {
  const auto acme = add_tenant("acme", {.runs_per_day = 10});
  settings.interruptions_max = 2;
  const auto pipeline = add_pipeline(acme, "p");
  EXPECT_EQ(fire(pipeline), "1");
  with_queue([&](Queue& queue) -> Task<> {
    for (int time = 0; time <= 2; ++time) {
      const auto runs = co_await claim(queue);
      EXPECT_EQ(runs.size(), 1U) << time;
      if (runs.empty()) co_return;
      EXPECT_EQ(runs[0].interruptions, time);
      EXPECT_EQ(runs[0].attempt, 0);
      EXPECT_EQ(lane(acme, "quota_used"), "1");
      end_lease(epoch);
      const auto reaped = co_await queue.reap();
      EXPECT_EQ(reaped.at(0).outcome, time < 2 ? FinishOutcome::requeued : FinishOutcome::given_up);
      EXPECT_EQ(lane(acme, "quota_used || ' ' || running"), "0 0");  // paid back
      add_node();
    }
    EXPECT_EQ(super("SELECT status FROM weir.scheduled_pipeline_runs"), "INTERRUPTED");
    EXPECT_EQ(count("weir.pipeline_execution_queue"), "0");
  });
}

TEST_F(QueueRules, APauseOfTheTenantIsNoFaultOfTheNode) {
  const auto acme = add_tenant("acme");
  with_queue([&](Queue& queue) -> Task<> {
    co_await queue.enqueue(manual(acme));
    const auto runs = co_await claim(queue);
    super("UPDATE weir.tenant SET state = 'PAUSED'");
    const auto answer = co_await queue.finish(runs.at(0), ended(RunEndStatus::interrupted));
    EXPECT_EQ(answer.outcome, FinishOutcome::requeued);
    EXPECT_EQ(history(runs[0].id, "interruptions"), "0");
  });
}

TEST_F(QueueRules, AnOrderlyStopCountsNowhere) {
  const auto acme = add_tenant("acme", {.runs_per_day = 1});
  fire(add_pipeline(acme, "p"));
  with_queue([&](Queue& queue) -> Task<> {
    for (int time = 0; time < 10; ++time) {
      const auto runs = co_await claim(queue);
      EXPECT_EQ(runs.size(), 1U) << time;
      if (runs.empty()) co_return;
      EXPECT_EQ(runs[0].interruptions, 0);
      const auto answer = co_await queue.finish(runs[0], ended(RunEndStatus::released));
      EXPECT_EQ(answer.outcome, FinishOutcome::requeued);
    }
  });
}

// A node is found dead long before its lease ends: by its lock.
TEST_F(QueueRules, RunsOfANodeThatWasFoundDeadAreTakenBackAtOnce) {
  const auto acme = add_tenant("acme");
  with_queue([&](Queue& queue) -> Task<> {
    co_await queue.enqueue(manual(acme));
    const auto runs = co_await claim(queue);
    auto reaped = co_await queue.reap();
    EXPECT_TRUE(reaped.empty());
    super("UPDATE weir.node SET died_at = now() WHERE lease_until > now()");
    reaped = co_await queue.reap();
    EXPECT_EQ(reaped.size(), 1U);
    EXPECT_EQ(reaped.at(0).run, runs[0].id);
    EXPECT_EQ(reaped.at(0).outcome, FinishOutcome::requeued);
  });
}

TEST_F(QueueRules, ReapingKeepsWhatARunHadAlreadySaid) {
  const auto acme = add_tenant("acme");
  with_queue([&](Queue& queue) -> Task<> {
    co_await queue.enqueue(manual(acme));
    const auto cancelled = co_await queue.enqueue(manual(acme));
    const auto runs = co_await claim(queue);
    EXPECT_EQ(runs.size(), 2U);
    super(fmt::format(
        "UPDATE weir.scheduled_pipeline_runs SET status = 'COMPLETED', completed_at = now() WHERE id <> '{}'",
        to_string(*cancelled.run)));
    const auto answer = co_await queue.cancel(*cancelled.run, "no longer wanted");
    EXPECT_EQ(answer.outcome, CancelOutcome::asked);
    EXPECT_EQ(answer.epoch, epoch);
    end_lease(epoch);
    co_await queue.reap();
    EXPECT_EQ(super("SELECT string_agg(status, ' ' ORDER BY status) FROM weir.scheduled_pipeline_runs"),
              "CANCELLED COMPLETED");
    EXPECT_EQ(lane(acme, "running"), "0");
  });
}

TEST_F(QueueRules, OneActiveRunForEachPipeline) {
  const auto acme = add_tenant("acme");
  const auto pipeline = add_pipeline(acme, "p");
  EXPECT_EQ(fire(pipeline), "1");
  EXPECT_EQ(fire(pipeline), "0");
  EXPECT_EQ(super("SELECT reason FROM weir.scheduled_pipeline_runs WHERE status = 'SKIPPED'"),
            "the run before it was not over");
  with_queue([&](Queue& queue) -> Task<> {
    const auto by_hand = co_await queue.enqueue({.tenant = acme, .pipeline = pipeline});
    EXPECT_EQ(by_hand.outcome, EnqueueOutcome::active);
    const auto runs = co_await claim(queue);
    EXPECT_EQ(runs.size(), 1U);
    EXPECT_EQ(by_hand.run, runs[0].id);
    EXPECT_EQ(lane(acme, "quota_used"), "1");  // the refused one paid nothing
    co_await queue.finish(runs[0], ended());
    const auto now = co_await queue.enqueue({.tenant = acme, .pipeline = pipeline});
    EXPECT_EQ(now.outcome, EnqueueOutcome::enqueued);
  });
}

TEST_F(QueueRules, CancellingWhatWaitsPaysItBack) {
  const auto acme = add_tenant("acme", {.runs_per_day = 1});
  with_queue([&](Queue& queue) -> Task<> {
    const auto asked = co_await queue.enqueue(manual(acme));
    EXPECT_EQ(asked.quota.remaining(), 0);
    const auto refused = co_await queue.enqueue(manual(acme));
    EXPECT_EQ(refused.outcome, EnqueueOutcome::quota_spent);
    EXPECT_EQ(refused.run, std::nullopt);
    const auto answer = co_await queue.cancel(*asked.run, "not today");
    EXPECT_EQ(answer.outcome, CancelOutcome::cancelled);
    EXPECT_EQ(history(*asked.run, "status || ' ' || error"), "CANCELLED not today");
    const auto none = co_await claim(queue);
    EXPECT_TRUE(none.empty());
    const auto again = co_await queue.enqueue(manual(acme));
    EXPECT_EQ(again.outcome, EnqueueOutcome::enqueued);
    const auto over = co_await queue.cancel(*asked.run, "twice");
    EXPECT_EQ(over.outcome, CancelOutcome::over);
    const auto unknown = co_await queue.cancel(PipelineRunId(), "what");
    EXPECT_EQ(unknown.outcome, CancelOutcome::unknown);
  });
}

TEST_F(QueueRules, ACancelledRunIsNotTriedAgain) {
  const auto acme = add_tenant("acme");
  with_queue([&](Queue& queue) -> Task<> {
    const auto asked = co_await queue.enqueue(manual(acme));
    const auto runs = co_await claim(queue);
    co_await queue.cancel(*asked.run, "stop");
    const auto answer = co_await queue.finish(runs[0], ended(RunEndStatus::failed));
    EXPECT_EQ(answer.outcome, FinishOutcome::cancelled);
    EXPECT_EQ(history(*asked.run, "status"), "CANCELLED");
  });
}

TEST_F(QueueRules, ATenantThatIsNotActiveIsRefusedAndItsSchedulesRest) {
  const auto acme = add_tenant("acme");
  const auto pipeline = add_pipeline(acme, "p");
  with_queue([&](Queue& queue) -> Task<> {
    super("UPDATE weir.subscription SET status = 'SUSPENDED'");
    const auto suspended = co_await queue.enqueue(manual(acme));
    EXPECT_EQ(suspended.outcome, EnqueueOutcome::subscription_inactive);
    EXPECT_EQ(fire(pipeline), "0");
    EXPECT_EQ(count("weir.scheduled_pipeline_runs"), "0");  // nothing is recorded of a rest
    EXPECT_EQ(super("SELECT next_fire_at > weir.clock() FROM weir.tenant_pipeline_configs"), "t");
    super("UPDATE weir.subscription SET status = 'ACTIVE'; UPDATE weir.tenant SET state = 'PAUSED'");
    const auto paused = co_await queue.enqueue(manual(acme));
    EXPECT_EQ(paused.outcome, EnqueueOutcome::paused);
    super("UPDATE weir.tenant SET state = 'ACTIVE'");
    const auto active = co_await queue.enqueue(manual(acme));
    EXPECT_EQ(active.outcome, EnqueueOutcome::enqueued);
    super("UPDATE weir.tenant SET state = 'PAUSED'");
    const auto none = co_await claim(queue);
    EXPECT_TRUE(none.empty());
    super("UPDATE weir.tenant SET state = 'ACTIVE'");
    const auto runs = co_await claim(queue);
    EXPECT_EQ(runs.size(), 1U);
    const auto nobody = co_await queue.enqueue(manual(TenantId()));
    EXPECT_EQ(nobody.outcome, EnqueueOutcome::unknown_tenant);
    const auto foreign = co_await queue.enqueue({.tenant = add_tenant("other"), .pipeline = pipeline});
    EXPECT_EQ(foreign.outcome, EnqueueOutcome::unknown_pipeline);
  });
}

TEST_F(QueueRules, ACapThatIsRaisedCountsAtOnce) {
  const auto acme = add_tenant("acme", {.cap = 1});
  with_queue([&](Queue& queue) -> Task<> {
    for (int i = 0; i < 3; ++i) co_await queue.enqueue(manual(acme));
    const auto one = co_await claim(queue);
    EXPECT_EQ(one.size(), 1U);
    super("UPDATE weir.plan SET concurrent_runs = 2");
    const auto more = co_await claim(queue);
    EXPECT_EQ(more.size(), 1U);
  });
}

TEST_F(QueueRules, RecountMendsAndReportsEveryDifference) {
  const auto acme = add_tenant("acme");
  const auto other = add_tenant("other");
  with_queue([&](Queue& queue) -> Task<> {
    co_await queue.enqueue(manual(acme));
    co_await queue.enqueue(manual(acme));
    co_await claim(queue, 1);
    const auto none = co_await queue.recount();
    EXPECT_TRUE(none.empty());
    super("UPDATE weir.lane SET running = 2, ready_class = NULL; DELETE FROM weir.lane WHERE tenant_id = '" +
          to_string(other) + "'");
    const auto found = co_await queue.recount();
    EXPECT_EQ(found.size(), 3U);
    EXPECT_EQ(lane(acme, "running || ' ' || ready_class"), "1 0");
    EXPECT_EQ(lane(other, "running"), "0");
    const auto mended = co_await queue.recount();
    EXPECT_TRUE(mended.empty());
  });
}

TEST_F(QueueRules, WhySaysWhatTheQueueWouldDo) {
  const auto acme = add_tenant("acme", {.cap = 1, .runs_per_day = 1});
  database.add_data_source(acme, "git", "git");
  const auto first = add_pipeline(acme, "first");
  const auto second = add_pipeline(acme, "second");
  fire(first);
  test::run([&](test::Context context) -> Task<> {
    pg::Pool pool(context.executor(), context.blocking, database.pool_settings());
    pg::Database door(pool, database.roles());
    Queue queue(door, random);
    const auto runs = co_await claim(queue);
    fire(second);
    const auto waiting = PipelineRunId(
        *Uuid::parse(super("SELECT pipeline_run_id FROM weir.pipeline_execution_queue WHERE state = 'ready'")));
    const auto said = co_await explain_run(door, waiting, Audience::operators);
    std::vector<std::string> codes;
    for (const auto& reason : said.value().reasons) codes.push_back(reason.code);
    EXPECT_EQ(codes, (std::vector<std::string>{"queued", "cap", "quota"}));
    EXPECT_EQ(said->expected_start, said->reasons.back().until);
    super(
        fmt::format("INSERT INTO weir.data_source_run (tenant_id, data_source, script, status, pipeline_run_id) VALUES "
                    "('{0}', 'git', 'git/commit', 'RUNNING', '{1}'), ('{0}', 'git', 'git/branch', 'RUNNING', NULL)",
                    to_string(acme), to_string(runs.at(0).id)));
    const auto running = co_await explain_run(door, runs.at(0).id, Audience::operators);
    EXPECT_EQ(running.value().reasons.at(0).code, "running");
    EXPECT_EQ(running->reasons.at(1).code, "dependency");
    EXPECT_TRUE(running->reasons[1].text.contains("git/commit of data source git"));
    EXPECT_EQ(running->reasons.at(2).code, "lock");
    EXPECT_TRUE(running->reasons[2].text.contains("git/branch of data source git, by a run of its own"));
    const auto nothing = co_await explain_run(door, PipelineRunId(), Audience::operators);
    EXPECT_FALSE(nothing.has_value());
  });
}

TEST_F(QueueRules, ARemovedTenantLeavesNothingInTheQueue) {
  const auto acme = add_tenant("acme");
  fire(add_pipeline(acme, "p"));
  super("UPDATE weir.tenant SET state = 'DELETING'");
  super(fmt::format("SELECT weir.delete_control_rows('{}', 1000)", to_string(acme)));
  for (const auto* table : {"lane", "subscription", "tenant_pipeline_configs", "pipeline_execution_queue"})
    EXPECT_EQ(count(std::string("weir.") + table), "0") << table;
  with_queue([&](Queue& queue) -> Task<> {
    const auto differences = co_await queue.recount();
    EXPECT_TRUE(differences.empty());
    EXPECT_EQ(count("weir.lane"), "0");
  });
}

}  // namespace
}  // namespace weir::queue

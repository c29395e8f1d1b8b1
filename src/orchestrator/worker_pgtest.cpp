#include "orchestrator/worker.hpp"

#include "tests/support/worker_world.hpp"

namespace weir::orchestrator {
namespace {

using plugin::PassContext;
using test::eventually;
using test::FakeScript;
using test::WorkingNode;
using States = std::map<std::string, std::string>;

// repo <- pulls <- reviews, and issue apart.
class Workers : public test::WorkerWorld {
 protected:
  Workers() {
    for (auto* script : {&repo, &pulls, &reviews, &issue}) script->pass = note(*script);
  }

  FakeScript::Pass note(const FakeScript& script) {
    return [this, name = script.declared.name](PassContext&) -> Task<Result<>> {
      order.push_back(name);
      co_return Result<>{};
    };
  }
  // Notes itself, and fails the first `times` times.
  FakeScript::Pass fail_first(const FakeScript& script, int times, ErrorCode code) {
    return [this, name = script.declared.name, times, code](PassContext&) -> Task<Result<>> {
      order.push_back(name);
      if (std::ranges::count(order, name) <= times) co_return fail(code, "it does not answer");
      co_return Result<>{};
    };
  }
  // Pages without an end.
  FakeScript::Pass go_on_for_ever() {
    return [this](PassContext& pass) -> Task<Result<>> {
      for (;;) {
        co_await pass.page_done(++pages);
        co_await sleep_for(1ms);
      }
    };
  }
  auto times(const std::string& name) const { return std::ranges::count(order, name); }

  FakeScript& repo = plugins.add("fake", "repo", "resources: [repository]\nattempts: 1");
  FakeScript& pulls =
      plugins.add("fake", "pulls", "resources: [pull_request]\ndependencies: [repository]\nattempts: 1");
  FakeScript& reviews =
      plugins.add("fake", "reviews", "resources: [pull_request_review]\ndependencies: [pull_request]");
  FakeScript& issue = plugins.add("fake", "issue", "resources: [issue]");
  std::vector<std::string> order;
  int pages = 0;
};

TEST_F(Workers, WorksWhatSomebodyAskedFor) {
  with_node([&](WorkingNode& node) -> Task<> {
    const auto id = co_await enqueue(node);
    const bool is_over = co_await until(id, "COMPLETED");
    EXPECT_TRUE(is_over);
    EXPECT_LT(std::ranges::find(order, "repo"), std::ranges::find(order, "pulls"));
    EXPECT_LT(std::ranges::find(order, "pulls"), std::ranges::find(order, "reviews"));
    EXPECT_EQ(states(id).size(), 4U);
    EXPECT_EQ(count("weir.scheduled_pipeline_runs"), "1");
    EXPECT_EQ(history(id, "user_id || ' ' || trigger || ' ' || (completed_at IS NOT NULL)"), "ann manual true");
    EXPECT_EQ(count("weir.pipeline_execution_queue"), "0");
    EXPECT_EQ(super("SELECT running FROM weir.lane"), "0");
    EXPECT_EQ(super("SELECT last_sync_at IS NOT NULL FROM weir.data_source"), "t");
    EXPECT_EQ(node.worker.claimed_total(), 1U);
  });
}

TEST_F(Workers, ATenantWithNothingToDoIsDone) {
  super("DELETE FROM weir.data_source");
  with_node([&](WorkingNode& node) -> Task<> {
    const auto id = co_await enqueue(node);
    const bool is_over = co_await until(id, "COMPLETED");
    EXPECT_TRUE(is_over);
    EXPECT_EQ(history(id, "summary"), "[]");
  });
}

TEST_F(Workers, APipelineChoosesAndARequestChoosesBeforeIt) {
  const auto pipeline = add_pipeline("scripts", "'{fake/issue}'");
  with_node([&](WorkingNode& node) -> Task<> {
    const auto first = co_await enqueue(node, nlohmann::json::object(), pipeline);
    const bool is_over = co_await until(first, "COMPLETED");
    EXPECT_TRUE(is_over);
    EXPECT_EQ(order, (std::vector<std::string>{"issue"}));
    const auto second = co_await enqueue(node, {{"scripts", {"fake/pulls"}}, {"with_deps", true}}, pipeline);
    const bool is_second_over = co_await until(second, "COMPLETED");
    EXPECT_TRUE(is_second_over);
    EXPECT_EQ(order, (std::vector<std::string>{"issue", "repo", "pulls"}));
  });
}

TEST_F(Workers, NamesThatNobodyKnowsAreReportedAndTheRestRuns) {
  with_node([&](WorkingNode& node) -> Task<> {
    const auto id =
        co_await enqueue(node, {{"sources", {"fake", "gone"}}, {"scripts", {"fake/issue", "fake/nothing"}}});
    const bool is_over = co_await until(id, "FAILED");
    EXPECT_TRUE(is_over);
    EXPECT_EQ(order, (std::vector<std::string>{"issue"}));
    EXPECT_EQ(history(id, "error"), "gone:*: the tenant has no such data source (and 1 more)");
    EXPECT_EQ(states(id), (States{{"*", "FAILED"}, {"fake/issue", "COMPLETED"}, {"fake/nothing", "FAILED"}}));
    EXPECT_EQ(history(id, "attempts"), "0");  // nothing would be different
  });
}

TEST_F(Workers, ParametersThatSayNothingAreRefused) {
  with_node([&](WorkingNode& node) -> Task<> {
    const auto id = co_await enqueue(node, {{"script", {"fake/issue"}}});
    const bool is_over = co_await until(id, "FAILED");
    EXPECT_TRUE(is_over);
    EXPECT_EQ(history(id, "error"), "a backfill needs source, script, from and to; source is missing");
    EXPECT_TRUE(order.empty());
  });
}

TEST_F(Workers, ANodeWorksNoMoreRunsThanItHasSlots) {
  settings.concurrent_runs = 2;
  super(
      "INSERT INTO weir.plan (name, concurrent_runs) VALUES ('many', 10); "
      "INSERT INTO weir.subscription (tenant_id, plan) SELECT id, 'many' FROM weir.tenant");
  int running = 0;
  int most = 0;
  for (auto* script : {&repo, &pulls, &reviews, &issue})
    script->pass = [&](PassContext&) -> Task<Result<>> {
      ++running;
      co_await sleep_for(20ms);
      --running;
      co_return Result<>{};
    };
  with_node([&](WorkingNode& node) -> Task<> {
    std::vector<PipelineRunId> ids;
    for (const auto* script : {"fake/repo", "fake/pulls", "fake/reviews", "fake/issue"}) {
      const auto id = co_await enqueue(node, {{"scripts", {script}}});
      ids.push_back(id);
    }
    for (const auto& id : ids)
      for (const auto deadline = Deadline::in(20s); history(id) != "COMPLETED" && !deadline.is_over();
           co_await sleep_for(1ms))
        most = std::max(most, node.worker.running());
    EXPECT_EQ(most, 2);
    EXPECT_EQ(count("weir.scheduled_pipeline_runs WHERE status = 'COMPLETED'"), "4");
  });
}

TEST_F(Workers, WhatIsParkedGoesOnAloneWithWhatWaitsForIt) {
  int attempts = 0;
  pulls.pass = [&](PassContext& pass) -> Task<Result<>> {
    order.push_back("pulls");
    test::append(pass, std::to_string(++attempts));
    co_await pass.page_done(attempts);
    if (attempts > 1) co_return Result<>{};
    pass.park_until(system_clock().now() + 300ms);
    co_return fail(ErrorCode::limited, "the rate limit is exhausted");
  };
  with_node([&](WorkingNode& node) -> Task<> {
    const auto id = co_await enqueue(node);
    const bool is_parked = co_await until(id, "PARKED");
    EXPECT_TRUE(is_parked);
    EXPECT_EQ(super("SELECT state || ' ' || (due_at > now() - interval '5 s') FROM weir.pipeline_execution_queue"),
              "parked true");
    EXPECT_EQ(super("SELECT running FROM weir.lane"), "0");
    EXPECT_EQ(states(id), (States{{"fake/repo", "COMPLETED"},
                                  {"fake/pulls", "PARKED"},
                                  {"fake/reviews", "SKIPPED"},
                                  {"fake/issue", "COMPLETED"}}));
    const bool is_over = co_await until(id, "COMPLETED");
    EXPECT_TRUE(is_over);
    EXPECT_EQ(times("repo"), 1);
    EXPECT_EQ(times("issue"), 1);
    EXPECT_EQ(times("pulls"), 2);
    EXPECT_EQ(times("reviews"), 1);
    EXPECT_EQ(states(id).size(), 4U);
    EXPECT_EQ(history(id, "attempts"), "0");
    // What both parts have done is in the summary, and nothing was skipped in the end.
    EXPECT_EQ(history(id, "jsonb_path_query_first(summary, '$[*] ? (@.script == \"fake/pulls\").records_imported')"),
              "2");
    EXPECT_EQ(count("weir.run WHERE status = 'SKIPPED'"), "0");
    EXPECT_EQ(super("SELECT last_sync_at IS NOT NULL FROM weir.data_source"), "t");
  });
}

TEST_F(Workers, ACancelTakesEffectWithinSeconds) {
  repo.pass = go_on_for_ever();
  with_node([&](WorkingNode& node) -> Task<> {
    const auto id = co_await enqueue(node);
    co_await eventually([&] { return pages > 0; });
    const auto cancelled = co_await node.queue.cancel(id, "bob wants it");
    EXPECT_EQ(cancelled.outcome, queue::CancelOutcome::asked);
    const bool is_over = co_await until(id, "CANCELLED");
    EXPECT_TRUE(is_over);
    EXPECT_EQ(states(id)["fake/repo"], "CANCELLED");
    EXPECT_EQ(states(id)["fake/pulls"], "SKIPPED");
    EXPECT_EQ(count("weir.pipeline_execution_queue"), "0");
  });
}

TEST_F(Workers, WhoeverLosesItsLeaseStopsAndWritesNothing) {
  repo.pass = go_on_for_ever();
  with_node([&](WorkingNode& node) -> Task<> {
    const auto id = co_await enqueue(node);
    co_await eventually([&] { return pages > 0; });
    const auto other = database.add_node();
    super(fmt::format("UPDATE weir.pipeline_execution_queue SET token = token + 1000, epoch = {}", other.value()));
    const bool has_stopped = co_await eventually([&] { return node.worker.running() == 0; });
    EXPECT_TRUE(has_stopped);
    EXPECT_EQ(history(id), "RUNNING");
    EXPECT_EQ(history(id, "summary IS NULL"), "t");
    EXPECT_EQ(count("weir.run WHERE status = 'SKIPPED'"), "0");
    EXPECT_EQ(super("SELECT state FROM weir.pipeline_execution_queue"), "leased");
  });
}

TEST_F(Workers, ALostEpochGivesTheRunBackAndANewOneWorksIt) {
  bool has_died = false;
  repo.pass = [&](PassContext&) -> Task<Result<>> {
    order.push_back("repo");
    if (std::exchange(has_died, true)) co_return Result<>{};
    super("UPDATE weir.node SET died_at = now() WHERE version = 'test' AND died_at IS NULL");
    co_await sleep_for(1h);
    co_return Result<>{};
  };
  with_node([&](WorkingNode& node) -> Task<> {
    const auto id = co_await enqueue(node);
    const bool is_over = co_await until(id, "COMPLETED");
    EXPECT_TRUE(is_over);
    EXPECT_EQ(times("repo"), 2);
    EXPECT_EQ(history(id, "interruptions || ' ' || attempts"), "1 0");
    EXPECT_EQ(super("SELECT running FROM weir.lane"), "0");
  });
}

TEST_F(Workers, AnOrderlyStopGivesTheRunBackAtNoCost) {
  repo.pass = go_on_for_ever();
  PipelineRunId id;
  with_node([&](WorkingNode& node) -> Task<> {
    id = co_await enqueue(node, {{"scripts", {"fake/repo"}}});
    co_await eventually([&] { return pages > 0; });
  });
  EXPECT_EQ(history(id), "IDLE");
  EXPECT_EQ(history(id, "interruptions || ' ' || attempts"), "0 0");
  EXPECT_EQ(super("SELECT state FROM weir.pipeline_execution_queue"), "ready");
  EXPECT_EQ(super("SELECT running FROM weir.lane"), "0");
  EXPECT_EQ(super("SELECT status FROM weir.data_source_run WHERE script = 'fake/repo'"), "INTERRUPTED");
  repo.pass = note(repo);
  with_node([&](WorkingNode&) -> Task<> {
    const bool is_over = co_await until(id, "COMPLETED");
    EXPECT_TRUE(is_over);
  });
}

TEST_F(Workers, AFailureIsTriedAgainAndOnlyWhatFailed) {
  pulls.pass = fail_first(pulls, 2, ErrorCode::provider_failed);
  with_node([&](WorkingNode& node) -> Task<> {
    const auto id = co_await enqueue(node);
    const bool is_over = co_await until(id, "COMPLETED");
    EXPECT_TRUE(is_over);
    EXPECT_EQ(history(id, "attempts"), "2");
    EXPECT_EQ(times("repo"), 1);
    EXPECT_EQ(times("issue"), 1);
    EXPECT_EQ(times("pulls"), 3);
    EXPECT_EQ(times("reviews"), 1);
  });
}

// What it was to take is gone with its pipeline, and nothing named would be everything.
TEST_F(Workers, ARunWhosePipelineWasRemovedMeanwhileTakesNothingMore) {
  const auto pipeline = add_pipeline("scripts", "'{fake/repo}'");
  repo.pass = [this](PassContext&) -> Task<Result<>> {
    order.push_back("repo");
    super("DELETE FROM weir.tenant_pipeline_configs");
    co_return fail(ErrorCode::provider_failed, "it does not answer");
  };
  with_node([&](WorkingNode& node) -> Task<> {
    const auto id = co_await enqueue(node, nlohmann::json::object(), pipeline);
    const bool is_over = co_await until(id, "FAILED");
    EXPECT_TRUE(is_over);
    EXPECT_EQ(history(id, "error"), "its pipeline was removed");
    EXPECT_EQ(order, (std::vector<std::string>{"repo"}));
  });
}

TEST_F(Workers, AFailureThatGoesOnIsGivenUp) {
  pulls.pass = fail_first(pulls, 100, ErrorCode::provider_failed);
  with_node([&](WorkingNode& node) -> Task<> {
    const auto id = co_await enqueue(node);
    const bool is_over = co_await until(id, "FAILED");
    EXPECT_TRUE(is_over);
    EXPECT_EQ(history(id, "attempts"), "3");
    EXPECT_EQ(times("pulls"), 4);
    EXPECT_TRUE(history(id, "error").starts_with("fake/pulls: ")) << history(id, "error");
    EXPECT_EQ(states(id)["fake/reviews"], "SKIPPED");
  });
}

TEST_F(Workers, WhatCannotSucceedIsNotTriedAgain) {
  pulls.pass = fail_first(pulls, 100, ErrorCode::declaration_invalid);
  with_node([&](WorkingNode& node) -> Task<> {
    const auto id = co_await enqueue(node);
    const bool is_over = co_await until(id, "FAILED");
    EXPECT_TRUE(is_over);
    EXPECT_EQ(history(id, "attempts"), "0");
    EXPECT_EQ(times("pulls"), 1);
  });
}

TEST_F(Workers, TwoNodesShareOneQueueAndNothingRunsTwice) {
  super(
      "INSERT INTO weir.plan (name, concurrent_runs) VALUES ('many', 10); "
      "INSERT INTO weir.subscription (tenant_id, plan) SELECT id, 'many' FROM weir.tenant");
  for (auto* script : {&repo, &pulls, &reviews, &issue})
    script->pass = [this, name = script->declared.name](PassContext&) -> Task<Result<>> {
      order.push_back(name);
      co_await sleep_for(2ms);
      co_return Result<>{};
    };
  with_nodes(2, [&](std::vector<std::unique_ptr<WorkingNode>>& nodes) -> Task<> {
    std::vector<PipelineRunId> ids;
    for (int i = 0; i < 20; ++i) {
      const auto id = co_await enqueue(*nodes[i % 2 == 0 ? 0 : 1], {{"scripts", {"fake/issue"}}});
      ids.push_back(id);
    }
    for (const auto& id : ids) {
      const bool is_over = co_await until(id, "COMPLETED");
      EXPECT_TRUE(is_over);
    }
    EXPECT_EQ(nodes[0]->worker.claimed_total() + nodes[1]->worker.claimed_total(), 20U);
    // Held by the other node's run at that moment: skipped, and said so.
    EXPECT_EQ(times("issue") + std::stoi(count("weir.run WHERE status = 'SKIPPED' AND reason LIKE 'held%'")), 20);
  });
}

TEST_F(Workers, AClaimWhoseAnswerWasLostIsGivenBack) {
  with_node([&](WorkingNode& node) -> Task<> {
    // As a claim whose answer went with its connection leaves it.
    const auto id =
        super(fmt::format("SELECT run_id FROM weir.enqueue_run('{}', NULL, 0::smallint, 0::smallint, 'ann', '{{}}'); "
                          "SELECT pipeline_run_id FROM weir.claim_pipeline_runs('{}', {}, 1, false)",
                          to_string(tenant), to_string(node.node.id()), node.node.epoch().value()));
    const bool is_over = co_await until(PipelineRunId(*Uuid::parse(id)), "COMPLETED");
    EXPECT_TRUE(is_over);
    EXPECT_EQ(times("repo"), 1);
  });
}

// A worker that claims on request only, from a catalog that a test holds back.
struct HeldClaim {
  HeldClaim(test::Process& process, const test::TestDatabase& database, const test::FakeCatalog& plugins)
      : queue(process.door, random),
        bell(process.context.executor(), process.context.blocking, process.door, database.pool_settings().connect,
             random, {.is_poll_only = true}),
        catalog(std::make_shared<const plugin::PluginCatalog>(plugins.read())),
        changed(process.context.executor()),
        worker(
            process.services, [this] { return give_catalog(); }, queue, bell),
        tasks(process.context.executor()) {}

  Task<std::shared_ptr<const plugin::PluginCatalog>> give_catalog() {
    is_asked = true;
    while (!is_open) co_await changed.wait(Deadline::never());
    co_return catalog;
  }
  Task<> claim() { co_await worker.claim(1); }
  Task<> stop() {
    co_await worker.stop();
    is_stopped = true;
  }
  void open() {
    is_open = true;
    changed.notify();
  }

  Random random{7};
  queue::Queue queue;
  queue::QueueBell bell;
  std::shared_ptr<const plugin::PluginCatalog> catalog;
  Wakeup changed;
  bool is_asked = false;
  bool is_open = false;
  bool is_stopped = false;
  Worker worker;
  TaskGroup tasks;
};

TEST_F(Workers, AStopHearsAClaimOfARequestToItsEnd) {
  with_process([&](test::Process& process) -> Task<> {
    HeldClaim held(process, database, plugins);
    const auto asked = co_await held.queue.enqueue({.tenant = tenant});
    held.tasks.spawn("claim", held.claim());
    co_await eventually([&] { return held.is_asked; });
    held.tasks.spawn("stop", held.stop());
    co_await sleep_for(20ms);
    EXPECT_FALSE(held.is_stopped);
    held.open();
    co_await held.tasks.wait();
    EXPECT_EQ(held.worker.running(), 0);
    EXPECT_TRUE(order.empty());
    EXPECT_EQ(history(*asked.run, "status || ' ' || interruptions"), "IDLE 0");
    EXPECT_EQ(super("SELECT state FROM weir.pipeline_execution_queue"), "ready");
  });
}

// The epoch is over, and there is no new one: nobody tells a run that begins only now.
TEST_F(Workers, WhatWasClaimedInAnEpochThatIsOverDoesNotBegin) {
  with_process([&](test::Process& process) -> Task<> {
    HeldClaim held(process, database, plugins);
    const auto asked = co_await held.queue.enqueue({.tenant = tenant});
    held.tasks.spawn("claim", held.claim());
    co_await eventually([&] { return held.is_asked; });
    super(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no node is wanted'; END $$; "
        "CREATE TRIGGER refuse BEFORE INSERT ON weir.node EXECUTE FUNCTION refuse(); "
        "UPDATE weir.node SET died_at = now()");
    co_await eventually([&] { return process.node.is_lost(); });
    held.open();
    const bool is_over =
        co_await eventually([&] { return held.worker.claimed_total() == 1 && held.worker.running() == 0; });
    EXPECT_TRUE(is_over);
    EXPECT_TRUE(process.node.is_lost());
    EXPECT_EQ(history(*asked.run), "IDLE");
    super("DROP TRIGGER refuse ON weir.node");
    co_await held.tasks.wait();
    co_await held.worker.stop();
    EXPECT_TRUE(order.empty());
  });
}

TEST_F(Workers, AnExceptionOfAnyKindEndsNoWorker) {
  with_process([&](test::Process& process) -> Task<> {
    int asked = 0;
    HeldClaim held(process, database, plugins);
    const auto source = [&]() -> Task<std::shared_ptr<const plugin::PluginCatalog>> {
      if (++asked == 1) throw std::runtime_error("a directory went while it was read");
      co_return held.catalog;
    };
    Worker worker(process.services, source, held.queue, held.bell);
    const auto run = co_await held.queue.enqueue({.tenant = tenant});
    worker.start();
    const bool is_over = co_await until(*run.run, "COMPLETED");
    EXPECT_TRUE(is_over);
    EXPECT_EQ(asked, 2);
    co_await worker.stop();
  });
}

TEST_F(Workers, ARangeOfTimeIsCollectedAgain) {
  with_node([&](WorkingNode& node) -> Task<> {
    const auto id =
        co_await enqueue(node, {{"source", "fake"}, {"script", "issue"}, {"from", "2026-01-01"}, {"to", "2026-01-20"}});
    const bool is_over = co_await until(id, "COMPLETED");
    EXPECT_TRUE(is_over) << history(id, "error");
    EXPECT_EQ(times("issue"), 3);  // weeks
    EXPECT_EQ(history(id, "parameters ->> 'done_to'"), "2026-01-21T00:00:00Z");
    EXPECT_EQ(count("weir.scheduled_pipeline_runs"), "1");
    const auto unknown =
        co_await enqueue(node, {{"source", "gone"}, {"script", "issue"}, {"from", "2026-01-01"}, {"to", "2026-01-20"}});
    const bool is_refused = co_await until(unknown, "FAILED");
    EXPECT_TRUE(is_refused);
    EXPECT_EQ(history(unknown, "attempts"), "0");
  });
}

TEST_F(Workers, ABackfillThatWasStoppedGoesOnWhereItWas) {
  PipelineRunId id;
  int windows = 0;
  issue.pass = [&](PassContext& pass) -> Task<Result<>> {
    if (++windows != 2) co_return Result<>{};
    for (;;) {
      co_await pass.page_done(1);
      co_await sleep_for(1ms);
    }
  };
  const nlohmann::json january{{"source", "fake"}, {"script", "issue"}, {"from", "2026-01-01"}, {"to", "2026-01-20"}};
  with_node([&](WorkingNode& node) -> Task<> {
    id = co_await enqueue(node, january);
    co_await eventually([&] { return windows == 2; });
  });
  EXPECT_EQ(history(id), "IDLE");
  EXPECT_EQ(history(id, "parameters ->> 'done_to'"), "2026-01-08T00:00:00Z");
  with_node([&](WorkingNode&) -> Task<> {
    const bool is_over = co_await until(id, "COMPLETED");
    EXPECT_TRUE(is_over);
    EXPECT_EQ(windows, 4);
  });
}

}  // namespace
}  // namespace weir::orchestrator

#include "orchestrator/pipeline_run.hpp"

#include "orchestrator/history.hpp"
#include "orchestrator/import.hpp"
#include "tests/support/fake_catalog.hpp"
#include "tests/support/orchestrator_world.hpp"

namespace weir::orchestrator {
namespace {

using plugin::PassContext;
using test::eventually;
using test::FakeCatalog;
using test::FakeScript;
using test::Process;

// repo <- pulls <- reviews, and issue apart.
class Pipelines : public test::OrchestratorWorld {
 protected:
  Pipelines() {
    database.add_data_source(tenant, "fake", "fake");
    super("DELETE FROM weir.data_source WHERE name = 'src'");
    for (auto* script : {&repo, &pulls, &reviews, &issue}) script->pass = note(*script);
  }

  FakeScript::Pass note(const FakeScript& script) {
    return [this, name = script.declared.name](PassContext&) -> Task<Result<>> {
      order.push_back(name);
      co_return Result<>{};
    };
  }
  Task<PipelineReport> run_pipeline(Process& process, PipelineRequest request = {},
                                    std::function<Task<>(PipelineRun&)> meanwhile = nullptr) {
    const auto found = co_await tenancy::find_tenant(process.door, "acme");
    request.tenant = *found;
    const auto catalog = plugins.read();
    PipelineRun run(process.services, catalog, std::move(request));
    TaskGroup beside(process.services.executor);
    if (meanwhile) beside.spawn("meanwhile", meanwhile(run));
    auto report = co_await run.run();
    co_await beside.wait();
    co_return report;
  }
  static std::map<std::string, std::string> states(const PipelineReport& report) {
    std::map<std::string, std::string> all;
    for (const auto& script : report.scripts) all[script.id.script] = script.status;
    return all;
  }
  static std::string reason(const PipelineReport& report, const std::string& name) {
    for (const auto& script : report.scripts)
      if (script.id.script == name) return script.reason;
    return "";
  }

  FakeCatalog plugins;
  FakeScript& repo = plugins.add("fake", "repo", "resources: [repository]");
  FakeScript& pulls = plugins.add("fake", "pulls", "resources: [pull_request]\ndependencies: [repository]");
  FakeScript& reviews =
      plugins.add("fake", "reviews", "resources: [pull_request_review]\ndependencies: [pull_request]");
  FakeScript& issue = plugins.add("fake", "issue", "resources: [issue]");
  std::vector<std::string> order;
};

using States = std::map<std::string, std::string>;

TEST_F(Pipelines, RunsTheGraphInOrderAndKeepsItsSummary) {
  with_process([&](Process& process) -> Task<> {
    const auto report = co_await run_pipeline(process, {.tenant = {}, .user = "ann"});
    EXPECT_EQ(report.status, "COMPLETED");
    EXPECT_LT(std::ranges::find(order, "repo"), std::ranges::find(order, "pulls"));
    EXPECT_LT(std::ranges::find(order, "pulls"), std::ranges::find(order, "reviews"));
    EXPECT_EQ(order.size(), 4U);
    EXPECT_EQ(super("SELECT status || ' ' || user_id || ' ' || trigger || ' ' || jsonb_array_length(summary) "
                    "FROM weir.scheduled_pipeline_runs WHERE completed_at IS NOT NULL"),
              "COMPLETED ann manual 4");
    EXPECT_EQ(super("SELECT last_sync_at IS NOT NULL FROM weir.data_source"), "t");
  });
}

TEST_F(Pipelines, AFailureSkipsWhatWaitsForItAndNothingElse) {
  with_process([&](Process& process) -> Task<> {
    pulls.pass = [](PassContext&) -> Task<Result<>> { co_return fail(ErrorCode::declaration_invalid, "it is broken"); };
    const auto report = co_await run_pipeline(process);
    EXPECT_EQ(report.status, "FAILED");
    EXPECT_EQ(states(report), (States{{"fake/repo", "COMPLETED"},
                                      {"fake/pulls", "FAILED"},
                                      {"fake/reviews", "SKIPPED"},
                                      {"fake/issue", "COMPLETED"}}));
    EXPECT_EQ(reason(report, "fake/reviews"), "fake/pulls failed");
    EXPECT_EQ(exit_code_of({report}), 1);
    EXPECT_EQ(super("SELECT reason FROM weir.run WHERE status = 'SKIPPED' AND script = 'fake/reviews'"),
              "fake/pulls failed");
    EXPECT_EQ(super("SELECT last_sync_at IS NULL FROM weir.data_source"), "t");
  });
}

TEST_F(Pipelines, WhatIsHeldElsewhereIsSkippedWithWhatWaitsForIt) {
  with_process([&](Process& process) -> Task<> {
    const auto other = database.add_node();
    super(fmt::format("SELECT weir.claim_script('{}', 'fake', 'fake/repo', weir.uuid_v7(), {}, NULL, 4, false)",
                      to_string(tenant), other.value()));
    const auto report = co_await run_pipeline(process);
    EXPECT_EQ(states(report), (States{{"fake/repo", "SKIPPED"},
                                      {"fake/pulls", "SKIPPED"},
                                      {"fake/reviews", "SKIPPED"},
                                      {"fake/issue", "COMPLETED"}}));
    EXPECT_TRUE(
        reason(report, "fake/reviews").contains(fmt::format("held: it runs on node {}, as run ", other.value())));
    EXPECT_EQ(exit_code_of({report}), 0);
  });
}

TEST_F(Pipelines, ASelectionTakesOnlyItsScriptsOrTheirDependenciesToo) {
  with_process([&](Process& process) -> Task<> {
    co_await run_pipeline(process, {.tenant = {}, .selection = {.scripts = {"fake/pulls"}}});
    EXPECT_EQ(order, (std::vector<std::string>{"pulls"}));
    EXPECT_EQ(super("SELECT last_sync_at IS NULL FROM weir.data_source"), "t");
    order.clear();
    co_await run_pipeline(process, {.tenant = {}, .selection = {.scripts = {"fake/pulls"}, .with_dependencies = true}});
    EXPECT_EQ(order, (std::vector<std::string>{"repo", "pulls"}));
  });
}

TEST_F(Pipelines, NeverRunsMoreScriptsThanTheTenantMay) {
  with_process([&](Process& process) -> Task<> {
    super("UPDATE weir.tenant SET concurrent_scripts = 2");
    int running = 0;
    int most = 0;
    for (auto* script : {&repo, &pulls, &reviews, &issue})
      script->pass = [&](PassContext&) -> Task<Result<>> {
        most = std::max(most, ++running);
        co_await eventually([&] { return most >= 2; });
        co_await sleep_for(20ms);
        --running;
        co_return Result<>{};
      };
    plugins.add("fake", "more", "resources: [team]").pass = repo.pass;
    const auto report = co_await run_pipeline(process);
    EXPECT_EQ(report.status, "COMPLETED");
    EXPECT_EQ(most, 2);
  });
}

TEST_F(Pipelines, WaitsForASlotThatAnotherNodeHolds) {
  with_process([&](Process& process) -> Task<> {
    super("UPDATE weir.tenant SET concurrent_scripts = 1");
    database.add_data_source(tenant, "other", "fake");
    const auto other = database.add_node();
    super(fmt::format("SELECT weir.claim_script('{}', 'other', 'fake/issue', weir.uuid_v7(), {}, NULL, 4, false)",
                      to_string(tenant), other.value()));
    const PipelineRequest request{.tenant = {}, .selection = {.sources = {"fake"}}};
    const auto report = co_await run_pipeline(process, request, [&](PipelineRun&) -> Task<> {
      co_await sleep_for(100ms);
      EXPECT_TRUE(order.empty());
      super("UPDATE weir.data_source_run SET status = 'COMPLETED' WHERE data_source = 'other'");
    });
    EXPECT_EQ(report.status, "COMPLETED");
    EXPECT_EQ(order.size(), 4U);
  });
}

TEST_F(Pipelines, AParkedScriptIsANoticeAndWhatWaitsForItIsSkipped) {
  with_process([&](Process& process) -> Task<> {
    pulls.pass = [](PassContext& pass) -> Task<Result<>> {
      pass.park_until(system_clock().now() + 1h);
      co_return fail(ErrorCode::limited, "the rate limit is exhausted");
    };
    const auto report = co_await run_pipeline(process);
    EXPECT_EQ(report.status, "PARKED");
    EXPECT_EQ(states(report), (States{{"fake/repo", "COMPLETED"},
                                      {"fake/pulls", "PARKED"},
                                      {"fake/reviews", "SKIPPED"},
                                      {"fake/issue", "COMPLETED"}}));
    EXPECT_EQ(exit_code_of({report}), 0);
    const auto again = co_await run_pipeline(process);
    EXPECT_EQ(states(again)["fake/pulls"], "PARKED");
  });
}

TEST_F(Pipelines, AShortParkIsWaitedForWhenThatWasAsked) {
  with_process([&](Process& process) -> Task<> {
    int attempts = 0;
    pulls.pass = [&](PassContext& pass) -> Task<Result<>> {
      if (++attempts > 1) co_return Result<>{};
      pass.park_until(system_clock().now() + 150ms);
      co_return fail(ErrorCode::limited, "one moment");
    };
    const auto report = co_await run_pipeline(process, {.tenant = {}, .wait_limits = 5s});
    EXPECT_EQ(report.status, "COMPLETED");
    EXPECT_EQ(attempts, 2);
    EXPECT_EQ(order.back(), "reviews");
  });
}

TEST_F(Pipelines, WhatTheEnvironmentInterruptsIsTriedAgain) {
  with_process([&](Process& process) -> Task<> {
    int attempts = 0;
    pulls.pass = [&](PassContext& pass) -> Task<Result<>> {
      if (++attempts == 1) super("UPDATE weir.node SET died_at = now() WHERE version = 'test' AND died_at IS NULL");
      test::append(pass, "1");
      co_await pass.page_done(attempts);
      co_return Result<>{};
    };
    const auto report = co_await run_pipeline(process);
    EXPECT_EQ(report.status, "COMPLETED");
    EXPECT_EQ(attempts, 2);
    EXPECT_EQ(order.back(), "reviews");
    EXPECT_EQ(super("SELECT status FROM weir.scheduled_pipeline_runs"), "COMPLETED");
  });
}

TEST_F(Pipelines, ACancelledPipelineRunEndsItsScriptsWithinSeconds) {
  with_process([&](Process& process) -> Task<> {
    bool is_stuck = false;
    repo.pass = [&](PassContext&) -> Task<Result<>> {
      is_stuck = true;
      co_await sleep_for(1h);
      co_return Result<>{};
    };
    const auto report = co_await run_pipeline(process, {}, [&](PipelineRun&) -> Task<> {
      co_await eventually([&] { return is_stuck; });
      super("UPDATE weir.scheduled_pipeline_runs SET cancel_requested_at = now()");
    });
    EXPECT_EQ(report.status, "CANCELLED");
    EXPECT_EQ(states(report)["fake/repo"], "CANCELLED");
    EXPECT_EQ(states(report)["fake/pulls"], "SKIPPED");
    EXPECT_EQ(super("SELECT status FROM weir.scheduled_pipeline_runs"), "CANCELLED");
  });
}

TEST_F(Pipelines, ACancelEndsARunThatOnlyWaits) {
  with_process([&](Process& process) -> Task<> {
    const auto id = super(fmt::format(
        "SELECT run_id FROM weir.enqueue_run('{}', NULL, 0::smallint, 0::smallint, 'ann', '{{}}')", to_string(tenant)));
    const auto cancelled = co_await cancel_run(process.door, "bob", Uuid::parse(id).value());
    EXPECT_TRUE(cancelled);
    EXPECT_EQ(super("SELECT status || ': ' || error FROM weir.scheduled_pipeline_runs"), "CANCELLED: cancelled by bob");
    EXPECT_EQ(count("weir.pipeline_execution_queue"), "0");
    const auto again = co_await cancel_run(process.door, "bob", Uuid::parse(id).value());
    EXPECT_EQ(again ? ErrorCode::internal : again.error().code, ErrorCode::conflict);
  });
}

TEST_F(Pipelines, AStopStartsNothingNew) {
  with_process([&](Process& process) -> Task<> {
    bool is_running = false;
    repo.pass = [&](PassContext& pass) -> Task<Result<>> {
      for (;;) {
        is_running = true;
        co_await pass.page_done(1);
        co_await sleep_for(1ms);
      }
    };
    const auto report = co_await run_pipeline(process, {}, [&](PipelineRun& run) -> Task<> {
      co_await eventually([&] { return is_running; });
      run.stop();
    });
    EXPECT_EQ(report.status, "INTERRUPTED");
    EXPECT_EQ(states(report)["fake/repo"], "INTERRUPTED");
    EXPECT_EQ(states(report)["fake/pulls"], "SKIPPED");
    EXPECT_EQ(exit_code_of({report}), 0);
  });
}

TEST_F(Pipelines, BrokenFilesAndSourcesThatCannotRunAreReported) {
  with_process([&](Process& process) -> Task<> {
    plugins.write("fake/broken.yaml", "resources: [team\n");
    plugins.add_provider("wanting", "config:\n  WANT_TOKEN: {description: a token, required: true, secret: true}\n");
    plugins.add("wanting", "thing", "resources: [team]");
    database.add_data_source(tenant, "wanting", "wanting");
    database.add_data_source(tenant, "nobody", "unknown");
    const auto report = co_await run_pipeline(process);
    const auto found = states(report);
    EXPECT_EQ(found.at("fake/broken"), "FAILED");
    EXPECT_EQ(found.at("wanting/*"), "SKIPPED");
    EXPECT_TRUE(reason(report, "wanting/*").contains("WANT_TOKEN")) << reason(report, "wanting/*");
    EXPECT_EQ(found.at("unknown/*"), "SKIPPED");
    EXPECT_EQ(found.at("fake/reviews"), "COMPLETED");
  });
}

TEST_F(Pipelines, OneTenantsTroubleIsNoOtherTenants) {
  const auto globex = database.add_tenant("globex");
  database.add_data_source(globex, "ring", "ring");
  plugins.add("ring", "a", "resources: [team]\ndependencies: [team_member]");
  plugins.add("ring", "b", "resources: [team_member]\ndependencies: [team]");
  with_process([&](Process& process) -> Task<> {
    const auto acme = co_await tenancy::find_tenant(process.door, "acme");
    const auto other = co_await tenancy::find_tenant(process.door, "globex");
    const auto catalog = plugins.read();
    Import import(process.services, catalog, {{{.tenant = *other}, {.tenant = *acme}}});
    const auto reports = co_await import.run();
    EXPECT_EQ(reports.size(), 2U);
    EXPECT_EQ(states(reports[0]), (States{{"ring/a", "FAILED"}, {"ring/b", "FAILED"}}));
    EXPECT_TRUE(reason(reports[0], "ring/a").contains("ring/a -> ring/b -> ring/a"));
    EXPECT_EQ(reports[1].status, "COMPLETED");
    EXPECT_EQ(exit_code_of(reports), 1);
    EXPECT_EQ(count("weir.run WHERE status = 'FAILED' AND error LIKE '%cycle%'"), "2");
  });
}

TEST_F(Pipelines, ATenantThatIsBeingRemovedGetsNoNewRows) {
  with_process([&](Process& process) -> Task<> {
    repo.pass = [this](PassContext&) -> Task<Result<>> {
      super("UPDATE weir.tenant SET state = 'DELETING'; DELETE FROM weir.data_source");
      co_return Result<>{};
    };
    pulls.pass = [](PassContext&) -> Task<Result<>> { co_return fail(ErrorCode::declaration_invalid, "it is broken"); };
    co_await run_pipeline(process);
    EXPECT_EQ(super("SELECT count(*) FROM weir.run WHERE status = 'SKIPPED'"), "0");
    const auto refused = co_await run_pipeline(process);
    EXPECT_EQ(refused.error ? refused.error->code : ErrorCode::internal, ErrorCode::not_found);
    EXPECT_EQ(super("SELECT count(*) FROM weir.scheduled_pipeline_runs"), "1");
  });
}

TEST_F(Pipelines, AClaimWhoseAnswerWasLostIsMadeAgain) {
  with_process([&](Process& process) -> Task<> {
    const ClaimRequest request{.tenant = tenant,
                               .id = {"fake", "fake/repo"},
                               .pipeline_run = PipelineRunId(Uuid::parse(super("SELECT weir.uuid_v7()")).value()),
                               .concurrent_scripts = 1};
    const auto lost = co_await claim_script(process.door, process.node, request);
    EXPECT_EQ(lost.outcome, ClaimOutcome::claimed);
    const auto again = co_await claim_script(process.door, process.node, request);
    EXPECT_EQ(again.outcome, ClaimOutcome::claimed);
    EXPECT_GT(again.fence, lost.fence);
    auto other = request;
    other.pipeline_run = PipelineRunId(Uuid::parse(super("SELECT weir.uuid_v7()")).value());
    const auto refused = co_await claim_script(process.door, process.node, other);
    EXPECT_EQ(refused.outcome, ClaimOutcome::held);
  });
}

}  // namespace
}  // namespace weir::orchestrator

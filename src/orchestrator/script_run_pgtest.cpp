#include "orchestrator/script_run.hpp"

#include "tests/support/script_runs.hpp"

namespace weir::orchestrator {
namespace {

using plugin::PassContext;
using test::append;
using test::eventually;
using test::FakeScript;
using test::partition;
using test::Process;
using test::ScriptRuns;

TEST_F(ScriptRuns, CompletesItsPartitionsAndGoesOnFromTheirCursors) {
  with_process([&](Process& process) -> Task<> {
    FakeScript script;
    script.declared.lookback = 5min;
    script.partitions = {partition("a"), partition("b")};
    std::map<std::string, std::pair<std::optional<Instant>, Instant>> seen;
    script.pass = [&](PassContext& pass) -> Task<Result<>> {
      seen[pass.partition().key] = {pass.start(), pass.end()};
      append(pass, "1");
      co_await pass.page_done({{"page", 1}});
      append(pass, "2");
      pass.set_state({{"seen", 2}});
      co_return Result<>{};
    };
    const auto first = co_await run_script(process, script);
    EXPECT_EQ(first.status, RunStatus::completed);
    EXPECT_EQ(first.counts.imported, 4);
    EXPECT_EQ(status(), "COMPLETED");
    EXPECT_EQ(count("data.pull_request"), "4");
    const auto [start, end] = seen["a"];
    EXPECT_EQ(end - *start, std::chrono::days(90));
    EXPECT_EQ(cursor("pass_end IS NULL AND resume IS NULL AND state->>'seen' = '2'", "a"), "t");

    const auto second = co_await run_script(process, script);
    EXPECT_EQ(second.status, RunStatus::completed);
    EXPECT_EQ(seen["a"].first, end - 5min);
    EXPECT_EQ(second.counts.imported, 0);
  });
}

TEST_F(ScriptRuns, TriesAPartitionAgainFromItsLastPage) {
  with_process([&](Process& process) -> Task<> {
    FakeScript script;
    std::vector<nlohmann::json> resumed;
    script.pass = [&](PassContext& pass) -> Task<Result<>> {
      resumed.push_back(pass.resume());
      append(pass, std::to_string(resumed.size()));
      co_await pass.page_done(resumed.size());
      if (resumed.size() < 3) co_return fail(ErrorCode::provider_failed, "the provider answered 502");
      co_return Result<>{};
    };
    const auto result = co_await run_script(process, script);
    EXPECT_EQ(result.status, RunStatus::completed);
    EXPECT_EQ(resumed, (std::vector<nlohmann::json>{nullptr, 1, 2}));
  });
}

TEST_F(ScriptRuns, APartitionThatFailsBecomesAGapAndItsSiblingsGoOn) {
  with_process([&](Process& process) -> Task<> {
    FakeScript script;
    script.partitions = {partition("bad"), partition("good")};
    bool is_broken = true;
    std::vector<nlohmann::json> resumed;
    script.pass = [&](PassContext& pass) -> Task<Result<>> {
      append(pass, "1");
      if (pass.partition().key == "bad") {
        resumed.push_back(pass.resume());
        co_await pass.page_done("first page");
        if (is_broken) co_return fail(ErrorCode::provider_failed, "the provider answered 500");
      }
      co_return Result<>{};
    };
    const auto first = co_await run_script(process, script);
    EXPECT_EQ(first.status, RunStatus::completed_with_gaps);
    EXPECT_EQ(resumed.size(), 3U);
    EXPECT_EQ(gaps(), "failed bad");
    EXPECT_EQ(count("data.pull_request"), "2");
    EXPECT_EQ(cursor("cursor_at IS NULL AND pass_end IS NOT NULL", "bad"), "t");
    const auto end = cursor("pass_end", "bad");

    is_broken = false;
    const auto second = co_await run_script(process, script);
    EXPECT_EQ(second.status, RunStatus::completed);
    EXPECT_EQ(resumed.back(), "first page");
    EXPECT_EQ(cursor("cursor_at", "bad"), end);
    EXPECT_EQ(gaps(), "");
  });
}

TEST_F(ScriptRuns, FailsWhenNoPartitionSucceeded) {
  with_process([&](Process& process) -> Task<> {
    FakeScript script;
    script.declared.attempts_max = 1;
    script.pass = [](PassContext&) -> Task<Result<>> { co_return fail(ErrorCode::provider_failed, "it is down"); };
    const auto result = co_await run_script(process, script);
    EXPECT_EQ(result.status, RunStatus::failed);
    EXPECT_EQ(result.error->message, "it is down");
    EXPECT_EQ(super("SELECT status || ' ' || error FROM weir.run"), "FAILED it is down");
    script.pass = [](PassContext&) -> Task<Result<>> {
      throw std::runtime_error("a bug of the plugin");
      co_return Result<>{};
    };
    const auto thrown = co_await run_script(process, script);
    EXPECT_EQ(thrown.status, RunStatus::failed);
    EXPECT_EQ(thrown.error->message, "a bug of the plugin");
  });
}

TEST_F(ScriptRuns, ADeclarationFaultOrABrokenStartFailsTheScript) {
  with_process([&](Process& process) -> Task<> {
    FakeScript script;
    script.start_error = Error{ErrorCode::declaration_invalid, "no such builtin"};
    const auto first = co_await run_script(process, script);
    EXPECT_EQ(first.status, RunStatus::failed);
    script.start_error.reset();
    script.pass = [](PassContext& pass) -> Task<Result<>> {
      pass.rows("repository");
      co_return Result<>{};
    };
    const auto second = co_await run_script(process, script);
    EXPECT_EQ(second.status, RunStatus::failed);
    EXPECT_EQ(second.error->code, ErrorCode::declaration_invalid);
    EXPECT_EQ(status(), "FAILED");
  });
}

TEST_F(ScriptRuns, AnUnreachablePartitionIsRecordedAndProbedDaily) {
  with_process([&](Process& process) -> Task<> {
    FakeScript script;
    script.partitions = {partition("gone"), partition("here")};
    int asked = 0;
    bool is_gone = true;
    script.pass = [&](PassContext& pass) -> Task<Result<>> {
      if (pass.partition().key == "gone" && ++asked > 0 && is_gone)
        co_return fail(ErrorCode::unreachable, "404 Not Found");
      co_return Result<>{};
    };
    const auto first = co_await run_script(process, script);
    EXPECT_EQ(first.status, RunStatus::completed_with_gaps);
    EXPECT_EQ(gaps(), "unreachable gone");
    EXPECT_EQ(cursor("probe_at > now() + interval '23 hours'", "gone"), "t");
    const auto second = co_await run_script(process, script);
    EXPECT_EQ(second.status, RunStatus::completed_with_gaps);
    EXPECT_EQ(asked, 1);
    super("UPDATE weir.partition_cursor SET probe_at = now() WHERE partition = 'gone'");
    is_gone = false;
    const auto third = co_await run_script(process, script);
    EXPECT_EQ(third.status, RunStatus::completed);
    EXPECT_EQ(asked, 2);
    EXPECT_EQ(gaps(), "");
    EXPECT_EQ(cursor("unreachable IS NULL AND probe_at IS NULL", "gone"), "t");
  });
}

TEST_F(ScriptRuns, ALimitParksItAndKeepsWhatWasCollected) {
  with_process([&](Process& process) -> Task<> {
    FakeScript script;
    const auto wake_at = std::chrono::floor<std::chrono::seconds>(system_clock().now()) + 1h;
    script.pass = [&](PassContext& pass) -> Task<Result<>> {
      append(pass, "1");
      co_await pass.page_done(1);
      pass.park_until(wake_at);
      co_return fail(ErrorCode::limited, "the rate limit is exhausted");
    };
    const auto result = co_await run_script(process, script);
    EXPECT_EQ(result.status, RunStatus::parked);
    EXPECT_EQ(result.wake_at, wake_at);
    EXPECT_EQ(count("data.pull_request"), "1");
    EXPECT_EQ(cursor("resume"), "1");
    const auto again = co_await claim_script(process.door, process.node, request(script));
    EXPECT_EQ(again.outcome, ClaimOutcome::parked);
    EXPECT_EQ(again.wake_at, wake_at);
  });
}

TEST_F(ScriptRuns, AWaitOfOverADayIsTakenAsADay) {
  with_process([&](Process& process) -> Task<> {
    FakeScript script;
    script.pass = [&](PassContext& pass) -> Task<Result<>> {
      pass.park_until(system_clock().now() + std::chrono::days(30));
      co_return fail(ErrorCode::limited, "come back next month");
    };
    const auto result = co_await run_script(process, script);
    EXPECT_EQ(result.status, RunStatus::parked);
    EXPECT_EQ(super("SELECT wake_at BETWEEN now() + interval '23 hours' AND now() + interval '24 hours' "
                    "FROM weir.data_source_run WHERE script LIKE 'fake/%'"),
              "t");
  });
}

TEST_F(ScriptRuns, BadCredentialsStopTheSource) {
  with_process([&](Process& process) -> Task<> {
    FakeScript script;
    script.answers = {fail(ErrorCode::needs_credentials, "401 Bad credentials")};
    const auto result = co_await run_script(process, script);
    EXPECT_EQ(result.status, RunStatus::failed);
    EXPECT_EQ(super("SELECT needs_credentials FROM weir.data_source"), "401 Bad credentials");
    const auto again = co_await claim_script(process.door, process.node, request(script));
    EXPECT_EQ(again.outcome, ClaimOutcome::needs_credentials);
  });
}

TEST_F(ScriptRuns, AGracefulStopFinishesThePageAndResumesThere) {
  with_process([&](Process& process) -> Task<> {
    FakeScript script;
    int pages = 0;
    nlohmann::json resumed;
    script.pass = [&](PassContext& pass) -> Task<Result<>> {
      resumed = pass.resume();
      for (;;) {
        append(pass, std::to_string(++pages));
        co_await pass.page_done(pages);
        if (!resumed.is_null()) co_return Result<>{};
        co_await sleep_for(1ms);
      }
    };
    const auto first = co_await run_script(process, script, [&](ScriptRun& run) -> Task<> {
      co_await eventually([&] { return pages > 2; });
      run.stop();
    });
    EXPECT_EQ(first.status, RunStatus::interrupted);
    EXPECT_FALSE(first.may_try_again);
    EXPECT_EQ(status(), "INTERRUPTED");
    EXPECT_EQ(count("data.pull_request"), std::to_string(pages));
    const auto done = pages;
    const auto second = co_await run_script(process, script);
    EXPECT_EQ(second.status, RunStatus::completed);
    EXPECT_EQ(resumed, done);
  });
}

TEST_F(ScriptRuns, AStopThatTakesLongerThanTheGraceEndsAtOnce) {
  with_process([&](Process& process) -> Task<> {
    process.services.settings.stop_grace = 30ms;
    FakeScript script;
    bool is_stuck = false;
    script.pass = [&](PassContext&) -> Task<Result<>> {
      is_stuck = true;
      co_await sleep_for(1h);
      co_return Result<>{};
    };
    const auto result = co_await run_script(process, script, [&](ScriptRun& run) -> Task<> {
      co_await eventually([&] { return is_stuck; });
      run.stop();
    });
    EXPECT_EQ(result.status, RunStatus::interrupted);
    EXPECT_EQ(status(), "INTERRUPTED");
  });
}

TEST_F(ScriptRuns, ACancelEndsItWithinTheWatch) {
  with_process([&](Process& process) -> Task<> {
    FakeScript script;
    bool is_running = false;
    script.pass = [&](PassContext& pass) -> Task<Result<>> {
      append(pass, "1");
      co_await pass.page_done(1);
      append(pass, "2");
      is_running = true;
      while (!pass.stop_requested()) co_await sleep_for(1h);
      co_return Result<>{};
    };
    const auto result = co_await run_script(process, script, [&](ScriptRun&) -> Task<> {
      co_await eventually([&] { return is_running; });
      super(fmt::format("SELECT weir.replace_fence('{}', 'src', 'fake/rows', 'CANCELLED', 'cancelled by ann')",
                        to_string(tenant)));
    });
    EXPECT_EQ(result.status, RunStatus::cancelled);
    EXPECT_EQ(result.error->message, "cancelled by ann");
    EXPECT_EQ(count("data.pull_request"), "1");
    EXPECT_EQ(super("SELECT status || ' ' || reason FROM weir.run"), "CANCELLED cancelled by ann");
  });
}

TEST_F(ScriptRuns, ACursorResetDuringARunHolds) {
  with_process([&](Process& process) -> Task<> {
    FakeScript script;
    int pages = 0;
    script.pass = [&](PassContext& pass) -> Task<Result<>> {
      for (;;) {
        append(pass, std::to_string(++pages));
        co_await pass.page_done(pages);
      }
    };
    const auto result = co_await run_script(process, script, [&](ScriptRun&) -> Task<> {
      co_await eventually([&] { return pages > 5; });
      super(
          fmt::format("SELECT weir.replace_fence('{}', 'src', 'fake/rows', 'CANCELLED', 'reset'); "
                      "UPDATE weir.partition_cursor SET cursor_at = NULL, resume = NULL, pass_end = NULL, "
                      "version = version + 1 WHERE script = 'fake/rows'",
                      to_string(tenant)));
    });
    EXPECT_EQ(result.status, RunStatus::cancelled);
    EXPECT_EQ(cursor("resume IS NULL AND pass_end IS NULL AND cursor_at IS NULL"), "t");
  });
}

TEST_F(ScriptRuns, ACursorMovedByAnotherHandEndsTheRun) {
  with_process([&](Process& process) -> Task<> {
    FakeScript script;
    script.pass = [&](PassContext& pass) -> Task<Result<>> {
      co_await pass.page_done(1);
      super("UPDATE weir.partition_cursor SET version = version + 1");
      co_await pass.page_done(2);
      co_return Result<>{};
    };
    const auto result = co_await run_script(process, script);
    EXPECT_EQ(result.status, RunStatus::cancelled);
    EXPECT_EQ(result.error->code, ErrorCode::conflict);
    EXPECT_EQ(cursor("resume"), "1");
  });
}

TEST_F(ScriptRuns, AfterACrashTheNextRunGoesOnFromTheLastCheckpoint) {
  with_process([&](Process& process) -> Task<> {
    FakeScript script;
    nlohmann::json resumed;
    std::optional<Instant> end;
    bool must_crash = true;
    script.pass = [&](PassContext& pass) -> Task<Result<>> {
      resumed = pass.resume();
      if (end) EXPECT_EQ(pass.end(), *end);
      end = pass.end();
      if (resumed.is_null()) {
        append(pass, "1");
        co_await pass.page_done("one");
      }
      append(pass, "2");
      // As a crash looks to the database: the epoch is dead, and nothing was finished.
      if (must_crash) super("UPDATE weir.node SET died_at = now() WHERE version = 'test' AND died_at IS NULL");
      co_await pass.page_done("two");
      co_return Result<>{};
    };
    const auto epoch = process.node.epoch();
    const auto first = co_await run_script(process, script);
    EXPECT_EQ(first.status, RunStatus::interrupted);
    EXPECT_TRUE(first.may_try_again);
    EXPECT_EQ(count("data.pull_request"), "1");
    const bool is_back = co_await eventually([&] { return process.node.epoch() != epoch && process.node.may_start(); });
    EXPECT_TRUE(is_back);
    must_crash = false;
    const auto second = co_await run_script(process, script);
    EXPECT_EQ(second.status, RunStatus::completed);
    EXPECT_EQ(resumed, "one");
    EXPECT_EQ(count("data.pull_request"), "2");
  });
}

TEST_F(ScriptRuns, LostConnectionsInterruptItAndItsEndIsWrittenAllTheSame) {
  with_process([&](Process& process) -> Task<> {
    FakeScript script;
    bool must_cut = true;
    script.pass = [&](PassContext& pass) -> Task<Result<>> {
      append(pass, "1");
      co_await pass.page_done(1);
      while (count("data.pull_request") == "0") co_await sleep_for(5ms);  // its checkpoint is made in the background
      // Idle connections of the pool: the next checkpoint meets one that is gone.
      if (must_cut)
        super(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND "
            "application_name LIKE 'weir epoch %' AND query LIKE '%COMMIT%' AND state = 'idle'");
      append(pass, "2");
      co_await pass.page_done(2);
      co_return Result<>{};
    };
    const auto first = co_await run_script(process, script);
    EXPECT_EQ(first.status, RunStatus::interrupted);
    EXPECT_TRUE(first.may_try_again);
    EXPECT_EQ(status(), "INTERRUPTED");
    must_cut = false;
    co_await process.node.wait_until_may_start(Deadline::in(10s));
    const auto second = co_await run_script(process, script);
    EXPECT_EQ(second.status, RunStatus::completed);
    EXPECT_EQ(count("data.pull_request"), "2");
  });
}

}  // namespace
}  // namespace weir::orchestrator

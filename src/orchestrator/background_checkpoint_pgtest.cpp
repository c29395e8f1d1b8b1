// A run goes on while its checkpoint is under way, and no further than that.
#include "pg/blocking_session.hpp"
#include "tests/support/script_runs.hpp"

namespace weir::orchestrator {
namespace {

using plugin::PassContext;
using test::append;
using test::eventually;
using test::FakeScript;
using test::Process;

class BackgroundCheckpoints : public test::ScriptRuns {
 protected:
  // Whoever merges a pull request waits from now on until release(), and then fails where `condition` says so.
  void hold(const std::string& condition = "false") {
    super(
        fmt::format("CREATE FUNCTION public.hold() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                    "PERFORM pg_advisory_xact_lock_shared(7); "
                    "IF {} THEN RAISE EXCEPTION 'the table is broken'; END IF; RETURN NEW; END $$; "
                    "GRANT EXECUTE ON FUNCTION public.hold() TO PUBLIC; "
                    "CREATE TRIGGER hold BEFORE INSERT ON data.pull_request FOR EACH ROW EXECUTE FUNCTION "
                    "public.hold()",
                    condition));
    holder_.emplace(pg::BlockingSession::open(database.superuser_url()).value());
    holder_->run_script({"test.hold", "SELECT pg_advisory_lock(7)"});
  }
  void release() { holder_.reset(); }
  bool is_held() const {
    return count("pg_stat_activity WHERE datname = current_database() AND wait_event = 'advisory'") == "1";
  }
  std::string cursor_row() const {
    return super(
        "SELECT coalesce(max(version || ' ' || coalesce(resume::text, '-')), 'none') FROM "
        "weir.partition_cursor");
  }

 private:
  std::optional<pg::BlockingSession> holder_;
};

TEST_F(BackgroundCheckpoints, APassGoesOnWhileOneIsUnderWayAndItsNextFollows) {
  hold();
  with_process([&](Process& process) -> Task<> {
    FakeScript script;
    script.pass = [&](PassContext& pass) -> Task<Result<>> {
      append(pass, "1");
      co_await pass.page_done(1);
      append(pass, "2");
      co_await pass.page_done(2);
      const bool is_under_way = co_await eventually([&] { return is_held(); });
      EXPECT_TRUE(is_under_way);
      EXPECT_EQ(cursor_row(), "none");
      release();
      const bool is_first_there = co_await eventually([&] { return cursor_row() == "1 1"; });
      EXPECT_TRUE(is_first_there);
      EXPECT_EQ(count("data.pull_request"), "1");
      append(pass, "3");
      while (cursor_row() == "1 1") {
        co_await pass.page_done(3);
        co_await sleep_for(1ms);
      }
      EXPECT_EQ(cursor_row(), "2 3");
      append(pass, "4");
      co_return Result<>{};
    };
    const auto result = co_await run_script(process, script);
    EXPECT_EQ(result.status, RunStatus::completed);
    EXPECT_EQ(result.counts.imported, 4);
  });
  EXPECT_EQ(cursor("resume IS NULL AND cursor_at IS NOT NULL"), "t");
}

TEST_F(BackgroundCheckpoints, ASecondFullBatchWaitsForTheFirst) {
  hold();
  with_process([&](Process& process) -> Task<> {
    process.services.settings.load.batch_rows_max = 1;
    FakeScript script;
    int pages = 0;
    script.pass = [&](PassContext& pass) -> Task<Result<>> {
      while (pages < 5) {
        append(pass, std::to_string(++pages));
        co_await pass.page_done(pages);
      }
      co_return Result<>{};
    };
    const auto result = co_await run_script(process, script, [&](ScriptRun&) -> Task<> {
      co_await eventually([&] { return is_held(); });
      co_await sleep_for(20ms);  // what might go on does
      EXPECT_EQ(pages, 2);
      release();
    });
    EXPECT_EQ(result.status, RunStatus::completed);
    EXPECT_EQ(result.counts.imported, 5);
  });
}

TEST_F(BackgroundCheckpoints, OneThatFailsEndsTheRunAndNothingLaterIsCommitted) {
  hold("NEW.number = '1'");
  with_process([&](Process& process) -> Task<> {
    FakeScript script;
    script.pass = [&](PassContext& pass) -> Task<Result<>> {
      append(pass, "1");
      co_await pass.page_done(1);
      append(pass, "2");
      co_await pass.page_done(2);
      release();
      co_await sleep_for(1h);
      ADD_FAILURE() << "it was not cancelled";
      co_return Result<>{};
    };
    const auto result = co_await run_script(process, script);
    EXPECT_EQ(result.status, RunStatus::failed);
    EXPECT_TRUE(result.error->message.contains("the table is broken")) << result.error->message;
    EXPECT_EQ(result.counts.imported, 0);
  });
  EXPECT_EQ(status(), "FAILED");
  EXPECT_EQ(count("data.pull_request"), "0");
  EXPECT_EQ(cursor_row(), "none");
}

TEST_F(BackgroundCheckpoints, OneThatFailsAfterAStopIsNotTakenForAStop) {
  hold("true");
  with_process([&](Process& process) -> Task<> {
    FakeScript script;
    script.pass = [&](PassContext& pass) -> Task<Result<>> {
      for (int page = 1;; ++page) {
        append(pass, std::to_string(page));
        co_await pass.page_done(page);
        co_await sleep_for(1ms);
      }
    };
    const auto result = co_await run_script(process, script, [&](ScriptRun& run) -> Task<> {
      co_await eventually([&] { return is_held(); });
      run.stop();
      release();
    });
    EXPECT_EQ(result.status, RunStatus::failed);
    EXPECT_TRUE(result.error->message.contains("the table is broken")) << result.error->message;
  });
  EXPECT_EQ(status(), "FAILED");
  EXPECT_EQ(cursor_row(), "none");
}

TEST_F(BackgroundCheckpoints, OneUnderWayAtAStopIsCommittedWithWhatCameAfterIt) {
  hold();
  with_process([&](Process& process) -> Task<> {
    FakeScript script;
    int pages = 0;
    script.pass = [&](PassContext& pass) -> Task<Result<>> {
      for (;;) {
        append(pass, std::to_string(++pages));
        co_await pass.page_done(pages);
        co_await sleep_for(1ms);
      }
    };
    const auto result = co_await run_script(process, script, [&](ScriptRun& run) -> Task<> {
      co_await eventually([&] { return is_held() && pages > 2; });
      run.stop();
      release();
    });
    EXPECT_EQ(result.status, RunStatus::interrupted);
    EXPECT_EQ(count("data.pull_request"), std::to_string(pages));
    EXPECT_EQ(cursor_row(), fmt::format("2 {}", pages));
  });
}

TEST_F(BackgroundCheckpoints, OneWhoseRightIsTakenAwayCommitsNothing) {
  hold();
  with_process([&](Process& process) -> Task<> {
    FakeScript script;
    script.pass = [&](PassContext& pass) -> Task<Result<>> {
      for (int page = 1;; ++page) {
        append(pass, std::to_string(page));
        co_await pass.page_done(page);
        co_await sleep_for(1ms);
      }
    };
    const auto result = co_await run_script(process, script, [&](ScriptRun&) -> Task<> {
      co_await eventually([&] { return is_held(); });
      super(fmt::format("SELECT weir.replace_fence('{}', 'src', 'fake/rows', 'CANCELLED', 'cancelled by ann')",
                        to_string(tenant)));
      release();
    });
    EXPECT_EQ(result.status, RunStatus::cancelled);
    EXPECT_EQ(result.error->message, "cancelled by ann");
  });
  EXPECT_EQ(count("data.pull_request"), "0");
  EXPECT_EQ(cursor_row(), "none");
}

TEST_F(BackgroundCheckpoints, AResetBetweenTwoOfAPassEndsTheRun) {
  with_process([&](Process& process) -> Task<> {
    FakeScript script;
    script.pass = [&](PassContext& pass) -> Task<Result<>> {
      append(pass, "1");
      co_await pass.page_done(1);
      const bool is_there = co_await eventually([&] { return cursor_row() == "1 1"; });
      EXPECT_TRUE(is_there);
      super("UPDATE weir.partition_cursor SET version = version + 1, resume = NULL");
      append(pass, "2");
      for (;;) {
        co_await pass.page_done(2);
        co_await sleep_for(1ms);
      }
    };
    const auto result = co_await run_script(process, script);
    EXPECT_EQ(result.status, RunStatus::cancelled);
    EXPECT_EQ(result.error->code, ErrorCode::conflict);
  });
  EXPECT_EQ(count("data.pull_request"), "1");
  EXPECT_EQ(cursor_row(), "2 -");
}

// What the pass has fetched again is not there: it is asked for once more.
TEST_F(BackgroundCheckpoints, OneThatFailsClosesNoGap) {
  with_process([&](Process& process) -> Task<> {
    FakeScript script;
    const auto from = system_clock().now() - std::chrono::days(9);
    bool is_capped = true;
    script.pass = [&](PassContext& pass) -> Task<Result<>> {
      if (is_capped) pass.cap(from, from + 1s, "1,000 results in one second");
      append(pass, is_capped ? "1" : "2");
      co_return Result<>{};
    };
    co_await run_script(process, script);
    EXPECT_EQ(gaps(), "capped ");
    const auto before = cursor_row();
    is_capped = false;
    super("UPDATE weir.gap SET seen_at = now() - interval '25 hours'");
    hold("true");
    release();
    const auto result = co_await run_script(process, script);
    EXPECT_EQ(result.status, RunStatus::failed);
    EXPECT_EQ(cursor_row(), before);
    EXPECT_EQ(gaps(), "capped ");
  });
}

}  // namespace
}  // namespace weir::orchestrator

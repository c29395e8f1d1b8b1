// What a checkpoint promises: rows and cursor together, under the fence, or nothing.
#include <boost/asio/post.hpp>

#include "base/task_group.hpp"
#include "pg/blocking_session.hpp"
#include "tests/support/writer_fixture.hpp"

namespace weir::load {
namespace {

using test::error_of;
constexpr Instant k_day{std::chrono::sys_days{std::chrono::year(2026) / 3 / 1}};

class CheckpointTest : public test::WriterFixture {
 protected:
  static CursorUpdate cursor(std::int64_t expected_version, Instant at, bool is_complete = true) {
    return {.partition = "r1", .expected_version = expected_version, .cursor_at = at, .is_pass_complete = is_complete};
  }
  std::string cursor_row() const {
    return super("SELECT version || ' ' || cursor_at FROM weir.partition_cursor WHERE partition = 'r1'");
  }
  void expect_nothing_visible() const {
    EXPECT_EQ(count("data.pull_request"), "0");
    EXPECT_EQ(count("weir.partition_cursor"), "0");
    EXPECT_EQ(count("weir.run"), "0");
    EXPECT_EQ(count("weir.ledger"), "0");
  }
};

TEST_F(CheckpointTest, RowsCursorHistoryAndCountsAppearTogether) {
  const auto right = runs.claim();
  with_database([&](pg::Database& door) -> Task<> {
    auto run = writer(door, right);
    append(run, "r1", "1", "one", "r1");
    append(run, "r1", "2", "two", "r1");
    auto update = cursor(0, k_day);
    update.title = "Repository 1";
    update.state = {{"head", "abc"}};
    run.set_cursor(update);
    const auto versions = co_await run.checkpoint();
    EXPECT_EQ(versions.at("r1"), 1);
    EXPECT_EQ(run.total().imported, 2);
    EXPECT_EQ(run.total().unchanged, 0);
    EXPECT_EQ(run.total().checkpoints, 1);
  });
  EXPECT_EQ(
      super("SELECT string_agg(number || '=' || title, ' ' ORDER BY number) FROM data.pull_request WHERE script = "
            "'test/first' AND data_source = 'src' AND deleted_at IS NULL"),
      "1=one 2=two");
  EXPECT_EQ(super("SELECT run_id FROM data.pull_request LIMIT 1"), to_string(right.run));
  EXPECT_EQ(cursor_row(), "1 2026-03-01 00:00:00+00");
  EXPECT_EQ(super("SELECT version || ' ' || reason || ' ' || (state->>'head') FROM weir.cursor_history"), "1 pass abc");
  EXPECT_EQ(super("SELECT status || ' ' || records_imported || ' ' || records_unchanged FROM weir.run"), "RUNNING 2 0");
  EXPECT_EQ(super("SELECT fetched || ' ' || committed || ' ' || rejected FROM weir.ledger WHERE partition = 'r1'"),
            "2 2 0");
}

// A fail-over to a replica that was behind: the rows of a checkpoint are gone, and so is its count.
TEST_F(CheckpointTest, ADatabaseThatLostACheckpointIsNotGivenTheRestOfTheRun) {
  const auto right = runs.claim();
  with_database([&](pg::Database& door) -> Task<> {
    auto run = writer(door, right);
    append(run, "r1", "1", "one", "r1");
    co_await run.checkpoint();
    append(run, "r1", "2", "two", "r1");
    co_await run.checkpoint();
    super("DELETE FROM data.pull_request WHERE number = '2'");
    super("UPDATE weir.data_source_run SET checkpoints = checkpoints - 1");
    run.set_cursor(cursor(0, k_day));
    const auto error = co_await error_of(run.checkpoint());
    EXPECT_EQ(error.code, ErrorCode::lease_lost);
    EXPECT_TRUE(error.message.contains("the database has 1 of the 2 checkpoints of this run")) << error.message;
    const auto end = co_await error_of(run.finish("COMPLETED", std::nullopt, std::nullopt));
    EXPECT_EQ(end.code, ErrorCode::lease_lost);
  });
  EXPECT_EQ(count("weir.partition_cursor"), "0");
  EXPECT_EQ(super("SELECT status FROM weir.data_source_run"), "RUNNING");
}

// Sequences can go back too: the same fence given twice.
TEST_F(CheckpointTest, ARunOfAnotherWithTheSameFenceIsNotMine) {
  const auto right = runs.claim();
  with_database([&](pg::Database& door) -> Task<> {
    auto run = writer(door, right);
    super("UPDATE weir.data_source_run SET run_id = weir.uuid_v7()");
    append(run, "r1", "1", "one", "r1");
    const auto error = co_await error_of(run.checkpoint());
    EXPECT_EQ(error.code, ErrorCode::lease_lost);
  });
  expect_nothing_visible();
}

TEST_F(CheckpointTest, AValidatorAppearsWithTheRowsOfItsAnswerAndReplacesTheOneBefore) {
  with_database([&](pg::Database& door) -> Task<> {
    auto run = writer(door, runs.claim());
    append(run, "r1", "1", "one", "r1");
    run.set_cursor(cursor(0, k_day));
    run.set_validator("r1", Validator{.request = "q1", .etag = "\"a\"", .shown_from = k_day, .declaration_hash = "h"});
    co_await run.checkpoint();
    EXPECT_EQ(
        super("SELECT request || etag || shown_from || declaration_hash FROM weir.validator WHERE partition = 'r1'"),
        "q1\"a\"2026-03-01 00:00:00+00h");
    run.set_cursor(cursor(1, k_day));
    run.set_validator("r1", Validator{.request = "q2", .last_modified = "then", .declaration_hash = "h"});
    co_await run.checkpoint();
    EXPECT_EQ(super("SELECT string_agg(request || coalesce(etag, '-'), ' ') FROM weir.validator"), "q2-");

    append(run, "r1", "2", "two", "r1");
    run.set_validator("r1", std::nullopt);
    co_await run.checkpoint();
    EXPECT_EQ(count("weir.validator"), "0");
    run.set_validator("r1", Validator{.request = "q3", .etag = std::string(2000, 'x')});
    run.set_validator("r2", Validator{.request = "q3", .etag = "caf\xe9"});
    co_await run.checkpoint();
    EXPECT_EQ(count("weir.validator"), "0");
  });
}

TEST_F(CheckpointTest, WithoutItsRowsThereIsNoValidatorEither) {
  with_database([&](pg::Database& door) -> Task<> {
    auto run = writer(door, runs.claim());
    append(run, "r1", "1", "one", "r1");
    run.set_cursor(cursor(0, k_day));
    run.set_validator("r1", Validator{.request = "q1", .etag = "\"a\""});
    runs.replace_fence();
    const auto error = co_await error_of(run.checkpoint());
    EXPECT_EQ(error.code, ErrorCode::lease_lost);
  });
  EXPECT_EQ(count("weir.validator"), "0");
  with_database([&](pg::Database& door) -> Task<> {
    auto run = writer(door, runs.claim());
    append(run, "r1", "1", "one", "r1");
    run.set_validator("r1", Validator{.request = "q1", .etag = "\"a\""});
    co_await run.finish("FAILED", Error{ErrorCode::provider_failed, "502"}, std::nullopt);
  });
  EXPECT_EQ(count("weir.validator"), "0");
}

TEST_F(CheckpointTest, AReplacedFenceLetsNothingThroughEverAgain) {
  with_database([&](pg::Database& door) -> Task<> {
    auto run = writer(door, runs.claim());
    append(run, "r1", "1", "one", "r1");
    run.set_cursor(cursor(0, k_day));
    runs.replace_fence();
    const auto error = co_await error_of(run.checkpoint());
    EXPECT_EQ(error.code, ErrorCode::lease_lost);
    const auto again = co_await error_of(run.checkpoint());
    EXPECT_EQ(again.code, ErrorCode::lease_lost);
  });
  expect_nothing_visible();
}

TEST_F(CheckpointTest, AFenceReplacedBetweenTwoCheckpointsKeepsTheFirst) {
  with_database([&](pg::Database& door) -> Task<> {
    auto run = writer(door, runs.claim());
    append(run, "r1", "1", "one", "r1");
    run.set_cursor(cursor(0, k_day));
    co_await run.checkpoint();
    runs.replace_fence();
    append(run, "r1", "2", "two", "r1");
    run.set_cursor(cursor(1, k_day + std::chrono::days(1)));
    const auto error = co_await error_of(run.checkpoint());
    EXPECT_EQ(error.code, ErrorCode::lease_lost);
  });
  EXPECT_EQ(super("SELECT string_agg(title, ' ') FROM data.pull_request"), "one");
  EXPECT_EQ(cursor_row(), "1 2026-03-01 00:00:00+00");
}

TEST_F(CheckpointTest, AnExpiredLeaseLetsNothingThroughEvenIfNobodyTookOver) {
  with_database([&](pg::Database& door) -> Task<> {
    auto run = writer(door, runs.claim());
    append(run, "r1", "1", "one", "r1");
    run.set_cursor(cursor(0, k_day));
    runs.expire_lease();
    const auto error = co_await error_of(run.checkpoint());
    EXPECT_EQ(error.code, ErrorCode::lease_lost);
  });
  expect_nothing_visible();
}

TEST_F(CheckpointTest, ACursorMovedBySomebodyElseIsAConflictAndNothingIsVisible) {
  with_database([&](pg::Database& door) -> Task<> {
    auto run = writer(door, runs.claim());
    super("INSERT INTO weir.partition_cursor (tenant_id, data_source, script, partition, version) VALUES ('" +
          to_string(runs.tenant()) + "', 'src', 'test/first', 'r1', 7)");
    append(run, "r1", "1", "one", "r1");
    for (const std::int64_t expected : {0, 6, 8}) {
      run.set_cursor(cursor(expected, k_day));
      const auto error = co_await error_of(run.checkpoint());
      EXPECT_EQ(error.code, ErrorCode::conflict);
    }
  });
  EXPECT_EQ(count("data.pull_request"), "0");
  EXPECT_EQ(super("SELECT version FROM weir.partition_cursor"), "7");
}

TEST_F(CheckpointTest, ACursorWhoseRowWasRemovedIsAConflict) {
  with_database([&](pg::Database& door) -> Task<> {
    auto run = writer(door, runs.claim());
    run.set_cursor(cursor(3, k_day));
    const auto error = co_await error_of(run.checkpoint());
    EXPECT_EQ(error.code, ErrorCode::conflict);
  });
  EXPECT_EQ(count("weir.partition_cursor"), "0");
}

TEST_F(CheckpointTest, WhatALostConnectionLeftPendingIsCommittedByTheNextCall) {
  with_database([&](pg::Database& door) -> Task<> {
    auto run = writer(door, runs.claim());
    co_await door.query(pg::Scope::control(), {"test.connect", "SELECT 1"});
    super(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> "
        "pg_backend_pid()");
    append(run, "r1", "1", "one", "r1");
    run.set_cursor(cursor(0, k_day));
    run.log(LogLevel::warning, "said once");
    const auto error = co_await error_of(run.checkpoint());
    EXPECT_EQ(error.code, ErrorCode::database_unreachable);
    append(run, "r1", "2", "two", "r1");
    const auto versions = co_await run.checkpoint();
    EXPECT_EQ(versions.at("r1"), 1);
    EXPECT_EQ(run.total().imported, 2);
  });
  EXPECT_EQ(count("data.pull_request"), "2");
  EXPECT_EQ(count("weir.import_log"), "1");
  EXPECT_EQ(super("SELECT fetched FROM weir.ledger"), "2");
}

TEST_F(CheckpointTest, ALockTimeOutIsTriedAgain) {
  with_database(
      [&](pg::Database& door) -> Task<> {
        auto run = writer(door, runs.claim());
        append(run, "r1", "1", "one", "r1");
        co_await run.checkpoint();
        auto holder = pg::BlockingSession::open(database.superuser_url()).value();
        holder.run_script({"test.hold", "BEGIN; UPDATE data.pull_request SET title = 'held'"});
        append(run, "r1", "1", "changed", "r1");
        const auto release = [](pg::BlockingSession& session) -> Task<> {
          co_await sleep_for(300ms);  // several lock time-outs of 50 ms
          session.run_script({"test.release", "ROLLBACK"});
        };
        TaskGroup group(co_await asio::this_coro::executor);
        group.spawn("release", release(holder));
        co_await run.checkpoint();
        co_await group.wait();
      },
      4, 50ms);
  EXPECT_EQ(super("SELECT title FROM data.pull_request"), "changed");
}

TEST_F(CheckpointTest, RowsAppendedWhileOneIsUnderWayBelongToTheNext) {
  with_database([&](pg::Database& door) -> Task<> {
    auto run = writer(door, runs.claim());
    append(run, "r1", "1", "one", "r1");
    run.set_cursor(cursor(0, k_day));
    const auto append_later = [](RunWriter& there) -> Task<> {
      co_await asio::post(asio::use_awaitable);  // runs when the checkpoint waits for the database
      append(there, "r2", "1", "later", "r2");
      there.set_cursor({.partition = "r2", .expected_version = 0, .cursor_at = k_day});
    };
    TaskGroup group(co_await asio::this_coro::executor);
    group.spawn("append", append_later(run));
    const auto versions = co_await run.checkpoint();
    EXPECT_FALSE(versions.contains("r2"));
    EXPECT_EQ(count("data.pull_request"), "1");
    const auto next = co_await run.checkpoint();
    EXPECT_EQ(next.at("r2"), 1);
    co_await group.wait();
  });
  EXPECT_EQ(count("data.pull_request"), "2");
}

TEST_F(CheckpointTest, AnOpenPassIsKeptAndOnlyACompleteOneIsHistory) {
  with_database([&](pg::Database& door) -> Task<> {
    auto run = writer(door, runs.claim());
    auto open = cursor(0, k_day, false);
    open.cursor_at.reset();
    open.pass_start = k_day;
    open.pass_end = k_day + std::chrono::days(2);
    open.resume = {{"page", 3}, {"odd", std::string("a\0b", 3)}};
    open.declaration_hash = "h1";
    run.set_cursor(open);
    co_await run.checkpoint();
    EXPECT_EQ(count("weir.cursor_history"), "0");
    EXPECT_EQ(super("SELECT resume->>'page' || ' ' || pass_end || ' ' || declaration_hash FROM weir.partition_cursor"),
              "3 2026-03-03 00:00:00+00 h1");
    run.set_cursor(cursor(1, k_day + std::chrono::days(2)));
    co_await run.checkpoint();
    EXPECT_EQ(super("SELECT (resume IS NULL AND pass_end IS NULL)::text FROM weir.partition_cursor"), "true");
    run.set_cursor(cursor(2, k_day + std::chrono::days(2)));
    co_await run.checkpoint();
  });
  EXPECT_EQ(super("SELECT string_agg(version::text, ' ') FROM weir.cursor_history"), "2");
}

TEST_F(CheckpointTest, TheNewestFiftyValuesOfACursorAreKept) {
  with_database([&](pg::Database& door) -> Task<> {
    auto run = writer(door, runs.claim());
    for (int i = 0; i < 60; ++i) {
      run.set_cursor(cursor(i, k_day + std::chrono::hours(i)));
      co_await run.checkpoint();
    }
  });
  EXPECT_EQ(super("SELECT count(*) || ' ' || min(version) || ' ' || max(version) FROM weir.cursor_history"),
            "50 11 60");
}

TEST_F(CheckpointTest, AStateOverItsBoundIsRefusedBeforeAnythingIsSent) {
  with_database([&](pg::Database& door) -> Task<> {
    auto run = writer(door, runs.claim());
    auto update = cursor(0, k_day);
    update.state = {{"heads", std::string(70'000, 'x')}};
    EXPECT_THROW(run.set_cursor(update), Failure);
    update.state = {{"heads", std::string(65'000, 'x')}};
    run.set_cursor(update);
    co_await run.checkpoint();
    EXPECT_THROW(run.rows("nothing"), Failure);
    EXPECT_THROW(run.set_cursor({.partition = std::string(600, 'p')}), Failure);
  });
  EXPECT_EQ(count("weir.partition_cursor"), "1");
}

TEST_F(CheckpointTest, AnUnreachablePartitionIsMarkedWithoutMovingItsCursor) {
  with_database([&](pg::Database& door) -> Task<> {
    auto run = writer(door, runs.claim());
    run.set_cursor(cursor(0, k_day));
    run.set_unreachable("r1", "404 Not Found", 24h);
    run.set_unreachable("r2", "451", 24h);
    const auto versions = co_await run.checkpoint();
    EXPECT_EQ(versions.at("r1"), 1);
    EXPECT_EQ(versions.at("r2"), 1);
    EXPECT_EQ(super("SELECT unreachable || (probe_at > now() + interval '23 hours') FROM weir.partition_cursor WHERE "
                    "partition = 'r1'"),
              "404 Not Foundtrue");
    run.set_unreachable("r1", std::nullopt, 0s);
    co_await run.checkpoint();
  });
  EXPECT_EQ(cursor_row(), "1 2026-03-01 00:00:00+00");
  EXPECT_EQ(super("SELECT count(*) FROM weir.partition_cursor WHERE unreachable IS NULL AND probe_at IS NULL"), "1");
}

TEST_F(CheckpointTest, IsDueWhenFullOrWhenSomethingWaitedLongEnough) {
  with_database([&](pg::Database& door) -> Task<> {
    auto by_rows = writer(door, runs.claim(), {.batch_rows_max = 2});
    EXPECT_FALSE(by_rows.is_due());
    append(by_rows, "r1", "1", "one");
    EXPECT_FALSE(by_rows.is_due());
    append(by_rows, "r1", "2", "two");
    EXPECT_TRUE(by_rows.is_full());
    EXPECT_TRUE(by_rows.is_due());
    auto by_bytes = writer(door, by_rows.right(), {.batch_bytes_max = 10'000});
    append(by_bytes, "r1", "1", std::string(20'000, 'x'));
    EXPECT_TRUE(by_bytes.is_full());
    auto by_time = writer(door, by_rows.right(), {.checkpoint_interval = 0ms});
    EXPECT_FALSE(by_time.is_due());
    append(by_time, "r1", "1", "one");
    EXPECT_TRUE(by_time.is_due());
    co_return;
  });
}

}  // namespace
}  // namespace weir::load

// A full refresh tombstones what a complete listing no longer shows, and nothing else.
#include "base/task_group.hpp"
#include "pg/blocking_session.hpp"
#include "tests/support/writer_fixture.hpp"

namespace weir::load {
namespace {

using test::TestDatabase;

class GenerationTest : public test::WriterFixture {
 protected:
  // One complete listing of `numbers` of a repository, committed in two checkpoints, and its end.
  static Task<GenerationOutcome> list(RunWriter& run, std::string repo, std::int64_t generation, int from, int to) {
    run.mark_generation(repo, generation);
    for (int i = from; i < to; ++i) {
      append(run, repo, std::to_string(i), "a title", repo);
      if (i == (from + to) / 2) co_await run.checkpoint();
    }
    co_await run.checkpoint();
    const auto outcome = co_await run.finish_generation(repo, generation, {"pull_request"}, {{"repo_key", repo}});
    run.mark_generation(repo, std::nullopt);
    co_return outcome;
  }
  std::string deleted() const {
    return super(
        "SELECT coalesce(string_agg(repo_key || '/' || number, ' ' ORDER BY repo_key, number::int), 'none') FROM "
        "data.pull_request WHERE deleted_at IS NOT NULL");
  }
};

TEST_F(GenerationTest, WhatIsNoLongerListedIsTombstonedAndComesBackWhenListedAgain) {
  with_database([&](pg::Database& door) -> Task<> {
    auto run = writer(door, runs.claim());
    const auto first = co_await list(run, "r1", 1, 0, 30);
    EXPECT_EQ(first, GenerationOutcome::done);
    EXPECT_EQ(deleted(), "none");
    EXPECT_EQ(count("weir.generation_seen"), "0");
    co_await run.finish("COMPLETED", std::nullopt, std::nullopt);

    auto next = writer(door, runs.claim());
    const auto second = co_await list(next, "r1", 2, 2, 30);
    EXPECT_EQ(second, GenerationOutcome::done);
    EXPECT_EQ(deleted(), "r1/0 r1/1");
    EXPECT_EQ(next.total().deleted, 2);
    EXPECT_EQ(super("SELECT count(*) FROM data.pull_request WHERE run_id = '" + to_string(next.right().run) + "'"),
              "2");
    EXPECT_EQ(
        super("SELECT records_deleted || ' ' || records_imported || ' ' || records_unchanged FROM weir.run WHERE id "
              "= '" +
              to_string(next.right().run) + "'"),
        "2 0 28");

    const auto third = co_await list(next, "r1", 3, 1, 30);
    EXPECT_EQ(third, GenerationOutcome::done);
    EXPECT_EQ(deleted(), "r1/0");
    EXPECT_EQ(next.total().imported, 1) << "the row that came back";
  });
}

TEST_F(GenerationTest, OnlyThePartitionAndOnlyRowsOfThisScriptAreTouched) {
  with_database([&](pg::Database& door) -> Task<> {
    auto other = writer(door, runs.claim("test/second"));
    append(other, "r1", "100", "of another script");
    co_await other.checkpoint();
    auto run = writer(door, runs.claim());
    append(run, "r2", "100", "of another partition");
    append(run, "r1", "101", "gone");
    co_await run.checkpoint();
    const auto outcome = co_await list(run, "r1", 1, 0, 5);
    EXPECT_EQ(outcome, GenerationOutcome::done);
  });
  EXPECT_EQ(deleted(), "r1/101");
}

TEST_F(GenerationTest, AnEmptyListingTombstonesWhatIsFew) {
  with_database([&](pg::Database& door) -> Task<> {
    auto run = writer(door, runs.claim());
    append(run, "r1", "1", "gone");
    co_await run.checkpoint();
    const auto outcome = co_await list(run, "r1", 1, 0, 0);
    EXPECT_EQ(outcome, GenerationOutcome::done);
  });
  EXPECT_EQ(deleted(), "r1/1");
}

TEST_F(GenerationTest, TooMuchMissingDeletesNothingAndOpensAGapUntilTheRowsAreBack) {
  with_database([&](pg::Database& door) -> Task<> {
    auto run = writer(door, runs.claim());
    co_await list(run, "r1", 1, 0, 150);
    const auto allowed = co_await list(run, "r1", 2, 20, 150);
    EXPECT_EQ(allowed, GenerationOutcome::done) << "20 of 150: more than 10 %, but few";
    co_await list(run, "r1", 3, 0, 150);
    for (const std::int64_t generation : {4, 5}) {
      const auto refused = co_await list(run, "r1", generation, 21, 150);
      EXPECT_EQ(refused, GenerationOutcome::unconfirmed);
    }
    EXPECT_EQ(deleted(), "none");
    EXPECT_EQ(
        super("SELECT records || ' ' || reason FROM weir.gap WHERE kind = 'unconfirmed_deletion' AND closed_at IS "
              "NULL AND partition = 'r1'"),
        "42 21 of 150 rows of pull_request are missing from a complete listing; that is more than 10 %, so nothing "
        "was deleted");
    const auto again = co_await run.finish_generation("r1", 5, {"pull_request"}, {{"repo_key", "r1"}});
    EXPECT_EQ(again, GenerationOutcome::unconfirmed) << "said once, said again, without a second gap";
    const auto back = co_await list(run, "r1", 6, 0, 149);
    EXPECT_EQ(back, GenerationOutcome::done);
    EXPECT_EQ(count("weir.gap WHERE closed_at IS NULL"), "0");
  });
  EXPECT_EQ(deleted(), "r1/149");
}

TEST_F(GenerationTest, KeysLostInACrashOfTheDatabaseMeanListingAgain) {
  with_database([&](pg::Database& door) -> Task<> {
    auto run = writer(door, runs.claim());
    append(run, "r1", "100", "gone or not?");
    run.mark_generation("r1", 1);
    append(run, "r1", "1", "one", "r1");
    co_await run.checkpoint();
    super("TRUNCATE weir.generation_seen");  // what a crash does to an unlogged table
    append(run, "r1", "2", "two", "r1");
    co_await run.checkpoint();
    const auto lost = co_await run.finish_generation("r1", 1, {"pull_request"}, {{"repo_key", "r1"}});
    EXPECT_EQ(lost, GenerationOutcome::listing_lost);
    EXPECT_EQ(deleted(), "none");
    EXPECT_EQ(count("weir.generation"), "0");
    const auto unknown = co_await run.finish_generation("r1", 77, {"pull_request"}, {{"repo_key", "r1"}});
    EXPECT_EQ(unknown, GenerationOutcome::listing_lost);
    const auto again = co_await list(run, "r1", 2, 1, 3);
    EXPECT_EQ(again, GenerationOutcome::done);
  });
  EXPECT_EQ(deleted(), "r1/100");
}

TEST_F(GenerationTest, AListingResumedByAnotherRunRemembersWhatTheFirstSaw) {
  with_database([&](pg::Database& door) -> Task<> {
    auto first = writer(door, runs.claim());
    append(first, "r1", "100", "gone");
    first.mark_generation("r1", 1);
    append(first, "r1", "1", "one", "r1");
    co_await first.checkpoint();
    co_await first.finish("INTERRUPTED", std::nullopt, std::nullopt);
    auto second = writer(door, runs.claim());
    second.mark_generation("r1", 1);
    append(second, "r1", "2", "two", "r1");
    co_await second.checkpoint();
    const auto outcome = co_await second.finish_generation("r1", 1, {"pull_request"}, {{"repo_key", "r1"}});
    EXPECT_EQ(outcome, GenerationOutcome::done);
    const auto again = co_await second.finish_generation("r1", 1, {"pull_request"}, {{"repo_key", "r1"}});
    EXPECT_EQ(again, GenerationOutcome::done) << "as after a crash between the end and the cursor";
  });
  EXPECT_EQ(deleted(), "r1/100");
}

TEST_F(GenerationTest, ARecordTheDatabaseRefusesIsStillSeen) {
  with_database([&](pg::Database& door) -> Task<> {
    auto run = writer(door, runs.claim());
    co_await list(run, "r1", 1, 0, 3);
    super("ALTER TABLE data.pull_request ADD CHECK (title <> 'bad') NOT VALID");
    run.mark_generation("r1", 2);
    for (int i = 0; i < 3; ++i) append(run, "r1", std::to_string(i), i == 1 ? "bad" : "a title", "r1");
    co_await run.checkpoint();
    EXPECT_EQ(run.total().failed, 1);
    const auto outcome = co_await run.finish_generation("r1", 2, {"pull_request"}, {{"repo_key", "r1"}});
    EXPECT_EQ(outcome, GenerationOutcome::done);
  });
  EXPECT_EQ(deleted(), "none");
}

TEST_F(GenerationTest, ManyRowsAreTombstonedInSeveralTransactions) {
  with_database([&](pg::Database& door) -> Task<> {
    auto run = writer(door, runs.claim());
    co_await list(run, "r1", 1, 0, 60'000);
    const auto outcome = co_await list(run, "r1", 2, 6'000, 60'000);
    EXPECT_EQ(outcome, GenerationOutcome::done);
    EXPECT_EQ(run.total().deleted, 6'000);
  });
  EXPECT_EQ(count("data.pull_request WHERE deleted_at IS NOT NULL"), "6000");
  EXPECT_EQ(super("SELECT count(DISTINCT deleted_at) FROM data.pull_request"), "2");
}

// Beside it a statement that finds nothing would read the whole table once more.
TEST_F(GenerationTest, AListingThatMissesNothingEndsWithoutATombstone) {
  with_database([&](pg::Database& door) -> Task<> {
    auto run = writer(door, runs.claim());
    run.mark_generation("r1", 1);
    append(run, "r1", "1", "one", "r1");
    co_await run.checkpoint();
    super(
        "CREATE FUNCTION public.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no update'; END "
        "$$; CREATE TRIGGER refuse BEFORE UPDATE ON data.pull_request EXECUTE FUNCTION public.refuse()");
    const auto outcome = co_await run.finish_generation("r1", 1, {"pull_request"}, {{"repo_key", "r1"}});
    EXPECT_EQ(outcome, GenerationOutcome::done);
  });
  EXPECT_EQ(super("SELECT checkpoints FROM weir.data_source_run"), "2");
  EXPECT_EQ(count("weir.generation_seen"), "0");
}

// Rows are locked resource by resource in the order of their names, as by all who write several in one transaction.
TEST_F(GenerationTest, ItsEndLocksTheResourcesInTheOrderOfTheirNames) {
  with_database([&](pg::Database& door) -> Task<> {
    auto run = writer(door, runs.claim());
    append(run, "r1", "1", "gone");
    auto row = run.rows("contributor").add_row();
    row.text(0, "gone");
    row.done();
    run.mark_generation("", 1);
    append(run, "r1", "2", "here");
    co_await run.checkpoint();
    auto holder = pg::BlockingSession::open(database.superuser_url()).value();
    holder.run_script({"test.hold", "BEGIN; SELECT FROM data.contributor FOR UPDATE"});
    const auto release = [](const TestDatabase& there, pg::BlockingSession& session) -> Task<> {
      const auto deadline = Deadline::in(10s);
      while (!deadline.is_over() && there.super("SELECT count(*) FROM pg_stat_activity WHERE datname = "
                                                "current_database() AND wait_event_type = 'Lock'") == "0")
        co_await sleep_for(2ms);
      EXPECT_NO_THROW(session.run_script({"test.second", "SELECT FROM data.pull_request FOR UPDATE NOWAIT"}));
      session.run_script({"test.release", "ROLLBACK"});
    };
    TaskGroup group(co_await asio::this_coro::executor);
    group.spawn("release", release(database, holder));
    const auto outcome = co_await run.finish_generation("", 1, {"pull_request", "contributor"}, {});
    EXPECT_EQ(outcome, GenerationOutcome::done);
    EXPECT_EQ(run.total().deleted, 2);
    co_await group.wait();
  });
}

TEST_F(GenerationTest, IsFenced) {
  with_database([&](pg::Database& door) -> Task<> {
    auto run = writer(door, runs.claim());
    append(run, "r1", "100", "gone");
    run.mark_generation("r1", 1);
    append(run, "r1", "1", "one", "r1");
    co_await run.checkpoint();
    runs.replace_fence();
    std::optional<Error> error;
    try {
      co_await run.finish_generation("r1", 1, {"pull_request"}, {{"repo_key", "r1"}});
    } catch (const Failure& failure) {
      error = failure.error();
    }
    EXPECT_TRUE(error && error->code == ErrorCode::lease_lost);
  });
  EXPECT_EQ(deleted(), "none");
}

TEST_F(GenerationTest, AnUndefinedPartitionIsRefused) {
  with_database([&](pg::Database& door) -> Task<> {
    auto run = writer(door, runs.claim());
    run.mark_generation("r1", 1);
    append(run, "r1", "1", "one", "r1");
    const auto end = [](RunWriter& there, std::map<std::string, std::string> columns) -> Task<ErrorCode> {
      try {
        co_await there.finish_generation("r1", 1, {"pull_request"}, std::move(columns));
      } catch (const Failure& failure) {
        co_return failure.error().code;
      }
      co_return ErrorCode::cancelled;
    };
    const auto uncommitted = co_await end(run, {{"repo_key", "r1"}});
    EXPECT_EQ(uncommitted, ErrorCode::internal);
    co_await run.checkpoint();
    const auto no_columns = co_await end(run, {});
    EXPECT_EQ(no_columns, ErrorCode::declaration_invalid);
    const auto no_such_column = co_await end(run, {{"nothing", "r1"}});
    EXPECT_EQ(no_such_column, ErrorCode::declaration_invalid);
    const auto no_text = co_await end(run, {{"created_at", "r1"}});
    EXPECT_EQ(no_text, ErrorCode::declaration_invalid);
  });
}

}  // namespace
}  // namespace weir::load

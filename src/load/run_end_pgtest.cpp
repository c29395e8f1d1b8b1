// How a run ends, what its history keeps, and what the ledger and the gaps say.
#include "tests/support/writer_fixture.hpp"

namespace weir::load {
namespace {

constexpr Instant k_day{std::chrono::sys_days{std::chrono::year(2026) / 3 / 1}};

class RunEndTest : public test::WriterFixture {
 protected:
  std::string state() const {
    return super(
        "SELECT status || ' ' || coalesce(error, '-') || ' ' || coalesce(last_fetched_data_date::text, '-') || "
        "' ' || (completed_at IS NOT NULL) FROM weir.data_source_run");
  }
};

TEST_F(RunEndTest, APassThatFoundNothingLeavesOnlyStateAndUsage) {
  with_database([&](pg::Database& door) -> Task<> {
    auto run = writer(door, runs.claim());
    run.log(LogLevel::info, "nothing new");
    run.set_cursor({.partition = "p", .cursor_at = k_day, .is_pass_complete = true});
    run.set_ledger({.partition = "p", .expected = 0, .is_complete = true});
    run.counts().requests = 3;
    run.counts().not_modified = 2;
    co_await run.checkpoint();
    co_await run.finish("COMPLETED", std::nullopt, std::nullopt);
  });
  EXPECT_EQ(state(), "COMPLETED - 2026-03-01 00:00:00+00 true");
  EXPECT_EQ(super("SELECT runs || ' ' || records || ' ' || requests || ' ' || not_modified FROM weir.usage_hourly"),
            "1 0 3 2");
  EXPECT_EQ(count("weir.run"), "0");
  EXPECT_EQ(count("weir.import_log"), "0");
  EXPECT_EQ(count("weir.ledger"), "0");
}

TEST_F(RunEndTest, ARunThatDidSomethingHasItsHistory) {
  auto right = runs.claim();
  right.user_id = "ada";
  with_database([&](pg::Database& door) -> Task<> {
    auto run = writer(door, right);
    run.log(LogLevel::info, "beginning", {{"page", 1}});
    append(run, "r1", "1", "one", "p");
    run.counts().bytes = 77;
    co_await run.checkpoint();
    append(run, "r1", "1", "one", "p");
    append(run, "r1", "2", "two", "p");
    run.log(LogLevel::info, "going on");
    co_await run.checkpoint();
    co_await run.finish("COMPLETED", std::nullopt, std::nullopt);
    EXPECT_EQ(run.total().imported, 2);
    EXPECT_EQ(run.total().unchanged, 1);
  });
  EXPECT_EQ(super("SELECT concat_ws(' ', status, user_id, records_imported, records_unchanged, bytes, checkpoints, "
                  "log_lines, epoch IS NOT NULL, duration_ms IS NOT NULL) FROM weir.run"),
            "COMPLETED ada 2 1 77 2 2 t t");
  EXPECT_EQ(super("SELECT string_agg(line || ':' || message || coalesce(details::text, ''), ' ' ORDER BY line) FROM "
                  "weir.import_log"),
            "1:beginning{\"page\": 1} 2:going on");
  EXPECT_EQ(super("SELECT records FROM weir.usage_hourly"), "3");
}

TEST_F(RunEndTest, AFailureKeepsItsErrorAndAParkItsWakeUpTime) {
  with_database([&](pg::Database& door) -> Task<> {
    auto failed = writer(door, runs.claim());
    append(failed, "r1", "1", "never committed");
    co_await failed.finish("FAILED", Error{ErrorCode::provider_failed, "the host \xff is dead"}, std::nullopt);
    EXPECT_EQ(state(), "FAILED the host \uFFFD is dead - true");
    EXPECT_EQ(super("SELECT status || error || coalesce(reason, '-') FROM weir.run"), "FAILEDthe host \uFFFD is dead-");
    auto parked = writer(door, runs.claim());
    co_await parked.finish("PARKED", Error{ErrorCode::limited, "rate limit"}, k_day);
    EXPECT_EQ(super("SELECT wake_at FROM weir.data_source_run"), "2026-03-01 00:00:00+00");
    EXPECT_EQ(super("SELECT reason || coalesce(error, '-') FROM weir.run WHERE status = 'PARKED'"), "rate limit-");
  });
  EXPECT_EQ(count("data.pull_request"), "0");
}

TEST_F(RunEndTest, IsFencedAndUsesTheRightUp) {
  with_database([&](pg::Database& door) -> Task<> {
    const auto finish = [](RunWriter& run) -> Task<ErrorCode> {
      try {
        co_await run.finish("COMPLETED", std::nullopt, std::nullopt);
      } catch (const Failure& failure) {
        co_return failure.error().code;
      }
      co_return ErrorCode::internal;
    };
    auto stale = writer(door, runs.claim());
    runs.replace_fence();
    auto run = writer(door, runs.claim());
    const auto stolen = co_await finish(stale);
    EXPECT_EQ(stolen, ErrorCode::lease_lost);
    EXPECT_EQ(super("SELECT status FROM weir.data_source_run"), "RUNNING");
    const auto ended = co_await finish(run);
    EXPECT_EQ(ended, ErrorCode::internal) << "it was ours";
    const auto again = co_await finish(run);
    EXPECT_EQ(again, ErrorCode::lease_lost);
  });
}

TEST_F(RunEndTest, TheDateOfTheDataIsTheOldestReachableCursor) {
  with_database([&](pg::Database& door) -> Task<> {
    auto run = writer(door, runs.claim());
    run.set_cursor({.partition = "old and gone", .cursor_at = k_day - std::chrono::days(9)});
    run.set_unreachable("old and gone", "404", 24h);
    run.set_cursor({.partition = "b", .cursor_at = k_day});
    run.set_cursor({.partition = "c", .cursor_at = k_day + 1h});
    co_await run.checkpoint();
    co_await run.finish("COMPLETED", std::nullopt, std::nullopt);
  });
  EXPECT_EQ(state(), "COMPLETED - 2026-03-01 00:00:00+00 true");
}

TEST_F(RunEndTest, AThousandLinesAreKeptAndTheRestCounted) {
  with_database([&](pg::Database& door) -> Task<> {
    auto run = writer(door, runs.claim());
    for (int i = 0; i < 600; ++i) run.log(LogLevel::info, fmt::format("line {}", i));
    append(run, "r1", "1", "one");
    co_await run.checkpoint();
    for (int i = 600; i < 1'200; ++i) run.log(LogLevel::warning, fmt::format("line {}", i));
    co_await run.checkpoint();
    run.log(LogLevel::error, std::string(20'000, 'x'), {{"long", std::string(20'000, 'y')}});
    co_await run.finish("COMPLETED", std::nullopt, std::nullopt);
  });
  EXPECT_EQ(super("SELECT count(*) || ' ' || max(line) || ' ' || max(message) FROM weir.import_log"),
            "1000 1000 line 999");
  EXPECT_EQ(super("SELECT log_lines || ' ' || log_dropped FROM weir.run"), "1000 201");
}

TEST_F(RunEndTest, ALineIsCutAndMended) {
  with_database([&](pg::Database& door) -> Task<> {
    auto run = writer(door, runs.claim());
    run.log(LogLevel::error, std::string(8'191, 'x') + "ü and more", {{"long", std::string(20'000, 'y')}},
            std::string("id\0\xff", 4));
    co_await run.finish("FAILED", Error{ErrorCode::internal, "x"}, std::nullopt);
  });
  EXPECT_EQ(super("SELECT octet_length(message) || ' ' || (length(details->>'cut') <= 8192) || ' ' || record_id FROM "
                  "weir.import_log"),
            "8191 true id\uFFFD\uFFFD");
}

TEST_F(RunEndTest, GapsAreOpenedWidenedCountedAndClosed) {
  const auto gaps = [&] {
    return super(
        "SELECT string_agg(concat_ws(' ', partition, kind, from_at::date, to_at::date, records, attempts, "
        "closed_at IS NOT NULL), '; ' ORDER BY opened_at, partition) FROM weir.gap");
  };
  with_database([&](pg::Database& door) -> Task<> {
    auto run = writer(door, runs.claim());
    run.open_gap({.partition = "p", .kind = "capped", .from = k_day, .to = k_day + 24h, .records = 5, .reason = "cap"});
    run.open_gap({.partition = "p", .kind = "capped", .from = k_day - 24h, .to = k_day, .records = 2, .reason = "cap"});
    run.open_gap({.partition = "q", .kind = "failed", .reason = "never sent"});
    run.close_gaps("q", "failed");
    co_await run.checkpoint();
    EXPECT_EQ(gaps(), "p capped 2026-02-28 2026-03-02 7 1 f");
    EXPECT_EQ(count("weir.run"), "1") << "a gap is something a run did";
    co_await run.finish("COMPLETED_WITH_GAPS", std::nullopt, std::nullopt);
    auto next = writer(door, runs.claim());
    next.open_gap({.partition = "p", .kind = "capped", .to = k_day, .records = 1, .reason = "cap"});
    co_await next.checkpoint();
    EXPECT_EQ(gaps(), "p capped 2026-03-02 1 2 f");
    next.close_gaps("p", "capped");
    next.open_gap({.partition = "p", .kind = "capped", .records = 9, .reason = "again"});
    co_await next.checkpoint();
    EXPECT_EQ(gaps(), "p capped 2026-03-02 1 2 t; p capped 9 1 f");
  });
}

TEST_F(RunEndTest, TheLedgerAddsUpOverTheCheckpointsOfARun) {
  with_database([&](pg::Database& door) -> Task<> {
    auto run = writer(door, runs.claim(), {.ledger_resource = "pull_request"});
    append(run, "r1", "1", "one", "p");
    auto label = run.rows("pull_request_label", "p").add_row();
    label.text(0, "r1").text(1, "1").text(2, "bug");
    label.done();
    run.set_ledger({.partition = "p", .window_start = k_day, .window_end = k_day + 1h, .expected = 3});
    co_await run.checkpoint();
    append(run, "r1", "2", "two", "p");
    run.rows("pull_request", "p").add_row().text(0, "no number").done();
    run.set_ledger({.partition = "p", .window_end = k_day + 2h, .fetched = 1, .skipped = 1});
    run.set_ledger({.partition = "p", .is_complete = true, .note = "one skipped"});
    co_await run.checkpoint();
  });
  EXPECT_EQ(
      super("SELECT concat_ws(' ', expected, fetched, committed, rejected, skipped, is_complete, note, window_end - "
            "window_start) FROM weir.ledger"),
      "3 4 2 1 1 t one skipped 02:00:00");
}

}  // namespace
}  // namespace weir::load

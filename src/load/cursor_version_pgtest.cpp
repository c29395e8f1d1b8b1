// A pass says once what it has read of its cursor; the writer knows what its own checkpoints made of it.
#include "base/task_group.hpp"
#include "tests/support/writer_fixture.hpp"

#include <boost/asio/post.hpp>

namespace weir::load {
namespace {

using test::error_of;
constexpr Instant k_day{std::chrono::sys_days{std::chrono::year(2026) / 3 / 1}};

class CursorVersions : public test::WriterFixture {
 protected:
  // A page of a pass that has read no cursor row.
  static void page(RunWriter& run, int number, bool is_last = false) {
    append(run, "r1", std::to_string(number), "a title", "r1");
    CursorUpdate update{.partition = "r1", .resume = number, .is_pass_complete = is_last};
    if (is_last) update.cursor_at = k_day;
    run.set_cursor(std::move(update));
  }
  void move_by_hand() const { super("UPDATE weir.partition_cursor SET version = version + 1, resume = NULL"); }
  std::string cursor_row() const {
    return super("SELECT version || ' ' || coalesce(resume::text, '-') FROM weir.partition_cursor");
  }
};

TEST_F(CursorVersions, AreKnownAlsoWhereTheCursorWasSetWithACheckpointUnderWay) {
  with_database([&](pg::Database& door) -> Task<> {
    auto run = writer(door, runs.claim());
    run.begin_pass("r1", std::nullopt);
    page(run, 1);
    const auto next_page = [](RunWriter& there) -> Task<> {
      co_await asio::post(asio::use_awaitable);  // runs when the checkpoint waits for the database
      page(there, 2);
    };
    TaskGroup group(co_await asio::this_coro::executor);
    group.spawn("page", next_page(run));
    co_await run.checkpoint();
    EXPECT_EQ(cursor_row(), "1 1");
    EXPECT_EQ(count("data.pull_request"), "1");
    co_await run.checkpoint();
    EXPECT_EQ(cursor_row(), "2 2");
    page(run, 3, true);
    co_await run.checkpoint();
    EXPECT_EQ(cursor_row(), "3 3");
    co_await group.wait();
  });
}

TEST_F(CursorVersions, AResetBetweenTwoCheckpointsOfAPassIsAConflict) {
  with_database([&](pg::Database& door) -> Task<> {
    auto run = writer(door, runs.claim());
    run.begin_pass("r1", std::nullopt);
    page(run, 1);
    co_await run.checkpoint();
    page(run, 2);
    move_by_hand();
    const auto error = co_await error_of(run.checkpoint());
    EXPECT_EQ(error.code, ErrorCode::conflict);
    page(run, 3, true);
    const auto again = co_await error_of(run.checkpoint());
    EXPECT_EQ(again.code, ErrorCode::conflict);
  });
  EXPECT_EQ(cursor_row(), "2 -");
  EXPECT_EQ(count("data.pull_request"), "1");
}

TEST_F(CursorVersions, AResetBeforeTheFirstCheckpointOfAPassIsAConflict) {
  with_database([&](pg::Database& door) -> Task<> {
    auto run = writer(door, runs.claim());
    run.begin_pass("r1", std::nullopt);
    page(run, 1, true);
    co_await run.checkpoint();
    move_by_hand();
    run.begin_pass("r1", std::nullopt);
    append(run, "r1", "2", "a title", "r1");
    run.set_cursor({.partition = "r1", .expected_version = 1, .resume = 2});
    const auto error = co_await error_of(run.checkpoint());
    EXPECT_EQ(error.code, ErrorCode::conflict);
  });
  EXPECT_EQ(cursor_row(), "2 -");
}

// Each pass stands for what it has read itself.
TEST_F(CursorVersions, AreForgottenWithThePassThatMovedThem) {
  with_database([&](pg::Database& door) -> Task<> {
    auto run = writer(door, runs.claim());
    run.begin_pass("r1", std::nullopt);
    page(run, 1, true);
    co_await run.checkpoint();
    page(run, 2);
    const auto after_its_end = co_await error_of(run.checkpoint());
    EXPECT_EQ(after_its_end.code, ErrorCode::conflict);
  });
  with_database([&](pg::Database& door) -> Task<> {
    auto run = writer(door, runs.claim("test/second"));
    run.begin_pass("r1", std::nullopt);
    page(run, 1);
    co_await run.checkpoint();
    run.begin_pass("r1", std::nullopt);
    page(run, 2);
    const auto begun_again = co_await error_of(run.checkpoint());
    EXPECT_EQ(begun_again.code, ErrorCode::conflict);
  });
}

}  // namespace
}  // namespace weir::load

// Children of a parent as a whole: what it no longer has is tombstoned with the checkpoint that says so.
#include <array>

#include "tests/support/writer_fixture.hpp"

namespace weir::load {
namespace {

class ChildSets : public test::WriterFixture {
 protected:
  // Pull request `number` of r1 has exactly these labels.
  static void label(RunWriter& run, std::string_view number, std::initializer_list<std::string_view> labels) {
    auto& batch = run.rows("pull_request_label", "r1");
    batch.begin_set(std::array<std::string_view, 2>{"r1", number});
    for (const auto name : labels) {
      auto row = batch.add_row();
      row.text(0, "r1").text(1, number).text(2, name);
      row.done();
    }
  }
  std::string labels() const {
    return super(
        "SELECT string_agg(number || label, ' ' ORDER BY number, label) FROM data.pull_request_label WHERE deleted_at "
        "IS NULL");
  }
};

TEST_F(ChildSets, LoseWhatTheParentNoLongerHas) {
  with_database([&](pg::Database& door) -> Task<> {
    auto run = writer(door, runs.claim());
    label(run, "1", {"a", "b"});
    label(run, "2", {"a"});
    co_await run.checkpoint();
    EXPECT_EQ(labels(), "1a 1b 2a");
    EXPECT_EQ(run.total().deleted, 0);
    label(run, "1", {"b", "c"});
    co_await run.checkpoint();
    EXPECT_EQ(labels(), "1b 1c 2a");
    EXPECT_EQ(run.total().deleted, 1);
    label(run, "1", {"a"});
    co_await run.checkpoint();
    EXPECT_EQ(labels(), "1a 2a");
    EXPECT_EQ(run.total().deleted, 3);
  });
}

TEST_F(ChildSets, MayBecomeEmpty) {
  with_database([&](pg::Database& door) -> Task<> {
    auto run = writer(door, runs.claim());
    label(run, "1", {"a", "b"});
    label(run, "2", {"a"});
    co_await run.checkpoint();
    label(run, "1", {});
    co_await run.checkpoint();
    EXPECT_EQ(labels(), "2a");
  });
}

TEST_F(ChildSets, SaidTwiceInACheckpointAreWhatWasSaidLast) {
  with_database([&](pg::Database& door) -> Task<> {
    auto run = writer(door, runs.claim());
    label(run, "1", {"a", "b"});
    label(run, "2", {"a"});
    label(run, "1", {"b", "c"});
    co_await run.checkpoint();
    EXPECT_EQ(labels(), "1b 1c 2a");
  });
}

TEST_F(ChildSets, LeaveTheRowsOfOtherScripts) {
  with_database([&](pg::Database& door) -> Task<> {
    auto run = writer(door, runs.claim());
    label(run, "1", {"a"});
    co_await run.checkpoint();
    super("UPDATE data.pull_request_label SET script = 'test/second'");
    label(run, "1", {"b"});
    co_await run.checkpoint();
    EXPECT_EQ(labels(), "1a 1b");
  });
}

TEST_F(ChildSets, OfSomethingElseThanTheFirstKeyColumnsAreABug) {
  Batch batch(*test::shipped_resources().find("pull_request_label"));
  EXPECT_THROW(batch.begin_set({}), Failure);
  EXPECT_THROW(batch.begin_set(std::array<std::string_view, 3>{"r1", "1", "a"}), Failure);
  batch.begin_set(std::array<std::string_view, 2>{"r1", "1"});
  EXPECT_THROW(batch.begin_set(std::array<std::string_view, 1>{"r1"}), Failure);
}

}  // namespace
}  // namespace weir::load

// After a batch of nothing but new rows the next is expected to be one, too. Where it is not, only the work differs.
#include <array>

#include "tests/support/writer_fixture.hpp"

namespace weir::load {
namespace {

class HopefulMerge : public test::WriterFixture {
 protected:
  // What an earlier run left: r1/<number> with the title "old".
  Task<> leave(pg::Database& door, const std::string& script, std::vector<std::string_view> numbers) const {
    auto run = writer(door, runs.claim(script));
    for (const auto number : numbers) append(run, "r1", number, "old");
    co_await run.checkpoint();
    co_await run.finish("COMPLETED", std::nullopt, std::nullopt);
  }
  // A batch that was all new.
  static Task<> begin(RunWriter& run) {
    append(run, "r2", "1", "new");
    append(run, "r2", "2", "new");
    co_await run.checkpoint();
  }
  std::string version_of(std::string_view number) const {
    return super(fmt::format(
        "SELECT ctid || ' ' || xmin FROM data.pull_request WHERE repo_key = 'r1' AND number = '{}'", number));
  }
  // A hopeful merge locks what it finds.
  std::string locked() const {
    return super(
        "SELECT coalesce(string_agg(number, ' ' ORDER BY number), '') FROM data.pull_request WHERE repo_key = 'r1' AND "
        "xmax <> 0 AND title = 'old' AND number NOT LIKE '%gone'");
  }
};

TEST_F(HopefulMerge, CountsExactlyAndWritesOnlyWhatDiffers) {
  with_database([&](pg::Database& door) -> Task<> {
    co_await leave(door, "test/first", {"same", "changed", "gone"});
    co_await leave(door, "test/second", {"theirs", "theirs-gone"});
    super("UPDATE data.pull_request SET deleted_at = now() WHERE number LIKE '%gone'");
    const auto same = version_of("same");
    const auto theirs = version_of("theirs");
    auto run = writer(door, runs.claim());
    co_await begin(run);
    EXPECT_EQ(run.total().imported, 2);

    for (const auto* number : {"same", "gone", "theirs", "theirs-gone"}) append(run, "r1", number, "old");
    append(run, "r1", "changed", "now");
    append(run, "r1", "new", "now");
    co_await run.checkpoint();
    EXPECT_EQ(run.total().imported, 2 + 4) << "changed, new, and the two that came back";
    EXPECT_EQ(run.total().unchanged, 2);
    EXPECT_EQ(version_of("same"), same);
    EXPECT_EQ(version_of("theirs"), theirs);
    EXPECT_EQ(locked(), "same theirs") << "it was not hopeful";
    EXPECT_EQ(count("data.pull_request WHERE deleted_at IS NOT NULL"), "0");
    EXPECT_EQ(super("SELECT string_agg(number || '=' || script, ' ' ORDER BY number) FROM data.pull_request WHERE "
                    "number LIKE 'theirs%'"),
              "theirs=test/second theirs-gone=test/first");
    EXPECT_EQ(super("SELECT records_imported || ' ' || records_unchanged FROM weir.run WHERE id = '" +
                    to_string(run.right().run) + "'"),
              "6 2");
  });
}

TEST_F(HopefulMerge, IsNotTriedAgainAfterABatchThatWasNotAllNew) {
  with_database([&](pg::Database& door) -> Task<> {
    co_await leave(door, "test/first", {"1", "2", "3"});
    auto run = writer(door, runs.claim());
    append(run, "r1", "1", "old");
    co_await run.checkpoint();
    EXPECT_EQ(locked(), "") << "the first of a run is careful";
    co_await begin(run);
    append(run, "r1", "2", "old");
    co_await run.checkpoint();
    append(run, "r1", "3", "old");
    co_await run.checkpoint();
    EXPECT_EQ(locked(), "2");
    EXPECT_EQ(run.total().unchanged, 3);
  });
}

// A constraint that came later than a row: nothing is written to it, so nothing is refused.
TEST_F(HopefulMerge, RefusesNoRowThatIsThereAlready) {
  with_database([&](pg::Database& door) -> Task<> {
    co_await leave(door, "test/first", {"1"});
    super("ALTER TABLE data.pull_request ADD CHECK (title <> 'old') NOT VALID");
    auto run = writer(door, runs.claim());
    co_await begin(run);
    append(run, "r1", "1", "old");
    append(run, "r1", "2", "new");
    co_await run.checkpoint();
    EXPECT_EQ(run.total().imported, 3);
    EXPECT_EQ(run.total().unchanged, 1);
    EXPECT_EQ(run.total().failed, 0);
  });
  EXPECT_EQ(count("weir.gap"), "0");
}

TEST_F(HopefulMerge, RejectsAloneWhatTheDatabaseRefuses) {
  with_database([&](pg::Database& door) -> Task<> {
    co_await leave(door, "test/first", {"1", "2"});
    super("ALTER TABLE data.pull_request ADD CHECK (title <> 'bad')");
    auto run = writer(door, runs.claim());
    co_await begin(run);
    append(run, "r1", "1", "bad");
    append(run, "r1", "2", "old");
    append(run, "r1", "3", "bad");
    append(run, "r1", "4", "new");
    co_await run.checkpoint();
    EXPECT_EQ(run.total().imported, 3);
    EXPECT_EQ(run.total().unchanged, 1);
    EXPECT_EQ(run.total().failed, 2);
    EXPECT_EQ(super("SELECT string_agg(number || title, ' ' ORDER BY number) FROM data.pull_request WHERE repo_key = "
                    "'r1'"),
              "1old 2old 4new");
  });
}

// A parent that has no children appends none.
TEST_F(HopefulMerge, IsNotWhatABatchWithoutRowsLeadsTo) {
  const auto label = [](RunWriter& run, std::string_view number, std::string_view name) {
    auto& batch = run.rows("pull_request_label");
    batch.begin_set(std::array<std::string_view, 2>{"r1", number});
    if (name.empty()) return;
    auto row = batch.add_row();
    row.text(0, "r1").text(1, number).text(2, name);
    row.done();
  };
  with_database([&](pg::Database& door) -> Task<> {
    auto first = writer(door, runs.claim());
    label(first, "1", "a");
    co_await first.checkpoint();
    co_await first.finish("COMPLETED", std::nullopt, std::nullopt);
    auto run = writer(door, runs.claim());
    label(run, "2", "");
    co_await run.checkpoint();
    label(run, "1", "a");
    co_await run.checkpoint();
    EXPECT_EQ(run.total().unchanged, 1);
  });
  EXPECT_EQ(super("SELECT xmax FROM data.pull_request_label"), "0");
}

}  // namespace
}  // namespace weir::load

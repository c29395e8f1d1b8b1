#include "load/batch.hpp"

#include <gtest/gtest.h>

#include "load/row_store.hpp"

namespace weir::load {
namespace {

using namespace std::string_literals;

Resource issue() {
  Resource resource;
  resource.name = "issue";
  for (const auto& [name, type] :
       std::initializer_list<std::pair<const char*, ColumnType>>{{"repo_key", ColumnType::text},
                                                                 {"issue_key", ColumnType::text},
                                                                 {"title", ColumnType::text},
                                                                 {"points", ColumnType::numeric},
                                                                 {"updated_at", ColumnType::timestamptz},
                                                                 {"extra", ColumnType::jsonb},
                                                                 {"labels", ColumnType::text_array},
                                                                 {"due_on", ColumnType::date}})
    resource.columns.push_back({name, type});
  resource.key_columns = 2;
  resource.updated_at = 4;
  return resource;
}

enum Column : std::size_t { repo_key, issue_key, title, points, updated_at, extra, labels, due_on };

class BatchTest : public testing::Test {
 protected:
  RowWriter row(std::string_view repo, std::string_view key) {
    auto writer = batch.add_row();
    writer.text(repo_key, repo).text(issue_key, key);
    return writer;
  }
  std::optional<std::string_view> at(std::size_t row_index, std::size_t column) const {
    return batch.store().at(row_index, column);
  }

  Resource resource = issue();
  Batch batch{resource};
};

TEST_F(BatchTest, KeepsValuesAndLeavesUnsetColumnsNull) {
  EXPECT_TRUE(row("r", "1").text(title, "A title").done());
  EXPECT_TRUE(row("r", "2").numeric(points, "1.5").done());
  EXPECT_EQ(batch.rows(), 2U);
  EXPECT_EQ(at(0, title), "A title");
  EXPECT_FALSE(at(0, points).has_value());
  EXPECT_FALSE(at(1, title).has_value());
  EXPECT_EQ(at(1, points), "1.5");
  EXPECT_EQ(batch.mended(), 0);
  batch.clear();
  EXPECT_EQ(batch.rows(), 0U);
  EXPECT_EQ(batch.bytes(), 0U);
}

TEST_F(BatchTest, MendsAndCountsWhatPostgresqlWouldRefuse) {
  EXPECT_TRUE(row("r", "1").text(title, "a\0b\xff"s).done());
  EXPECT_TRUE(row("r", "2").numeric(points, "NaN").done());
  EXPECT_TRUE(row("r", "3").instant_seconds(updated_at, 999'999'999'999'999).done());
  EXPECT_TRUE(row("r", "4").instant(updated_at, Instant::max()).done());
  EXPECT_TRUE(row("r", "5").json(extra, "{broken").done());
  const std::string_view values[] = {"a,\"b\"\\", "\xff"};
  EXPECT_TRUE(row("r", "6").texts(labels, values).done());
  EXPECT_TRUE(row("r", "7").date(due_on, std::chrono::sys_days::max()).done());
  EXPECT_EQ(batch.mended(), 7);
  EXPECT_EQ(at(0, title), "a\uFFFD"s + "b\uFFFD");
  EXPECT_FALSE(at(1, points) || at(2, updated_at) || at(3, updated_at) || at(4, extra) || at(6, due_on));
  EXPECT_EQ(at(5, labels), "{\"a,\\\"b\\\"\\\\\",\"\uFFFD\"}");
  EXPECT_EQ(batch.store().notes().mended_records.front(), "r/1");
}

TEST_F(BatchTest, RejectsARecordWithoutAUsableKeyAndRemembersIt) {
  EXPECT_TRUE(row("r", "kept").done());
  EXPECT_FALSE(row("r", std::string(3'000, 'k')).done());
  EXPECT_FALSE(row("r", "nul\0"s).done());
  EXPECT_FALSE(row("r", "\xff").done());
  EXPECT_FALSE(batch.add_row().text(repo_key, "r").text(title, "no key").done());
  EXPECT_TRUE(row("r", std::string(512, 'k')).done());
  EXPECT_TRUE(row("", "").done());
  EXPECT_EQ(batch.rows(), 3U);
  ASSERT_EQ(batch.rejected().size(), 4U);
  EXPECT_EQ(batch.rejected()[0].record_id, "r/" + std::string(198, 'k'));
  EXPECT_EQ(batch.rejected()[0].reason, "issue_key of its key has 3000 bytes, over the limit of 512");
  EXPECT_EQ(batch.rejected()[1].record_id, "r/nul\uFFFD");
  EXPECT_EQ(batch.rejected()[3].reason, "its key has no issue_key");
  EXPECT_EQ(at(1, issue_key), std::string(512, 'k'));
}

TEST_F(BatchTest, RejectedRecordsAreKeptUpToABoundAndCountedBeyond) {
  for (int i = 0; i < 1'500; ++i) batch.add_row().done();
  EXPECT_EQ(batch.rejected().size(), 1'000U);
  EXPECT_EQ(batch.store().rejected_count(), 1'500);
  EXPECT_EQ(batch.rows(), 0U);
}

TEST_F(BatchTest, RowsTakenForACommitDoNotMixWithThoseAppendedMeanwhile) {
  RowStore store(resource);
  const auto append = [&](std::string_view key) {
    store.begin_row();
    for (const auto column : {repo_key, issue_key}) {
      const auto start = store.value().size();
      store.value() += key;
      store.set(column, start);
    }
    store.end_row(7);
  };
  append("first");
  auto taken = store.take();
  append("second");
  EXPECT_EQ(taken.rows(), 1U);
  EXPECT_EQ(taken.at(0, issue_key), "first");
  store.give_back(std::move(taken));
  EXPECT_EQ(store.rows(), 1U);
  EXPECT_EQ(store.at(0, issue_key), "second");
  EXPECT_EQ(store.origin(0), 7U);
  const auto again = store.take();
  EXPECT_EQ(again.record_id(0), "second/second");
  EXPECT_EQ(store.rows(), 0U);
}

TEST_F(BatchTest, TheSourceTimeIsTheUpdatedAtColumnUnlessGiven) {
  const Instant early{1s};
  const Instant late{2s};
  row("r", "1").instant(updated_at, early).done();
  row("r", "2").source_time(late).instant(updated_at, early).done();
  row("r", "3").done();
  EXPECT_EQ(batch.store().source_time(0), 1'000'000);
  EXPECT_EQ(batch.store().source_time(1), 2'000'000);
  EXPECT_EQ(batch.store().source_time(2), RowStore::k_no_time);
}

TEST_F(BatchTest, AColumnSetAsAnotherTypeIsABug) {
  EXPECT_THROW(batch.add_row().integer(title, 1), Failure);
  EXPECT_THROW(batch.add_row().text(99, "x"), Failure);
}

}  // namespace
}  // namespace weir::load

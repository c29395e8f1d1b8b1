// What a merge promises: exactly the rows appended, exact counts, nothing written for what is unchanged, hostile
// records mended or rejected alone, and no deadlock between writers of one table.
#include "base/random.hpp"
#include "base/task_group.hpp"
#include "tests/support/writer_fixture.hpp"

namespace weir::load {
namespace {

using namespace std::string_literals;
using test::error_of;

const Resource& pull_request() { return *test::shipped_resources().find("pull_request"); }
std::size_t column(std::string_view name) { return *pull_request().find(name); }

class MergeTest : public test::WriterFixture {
 protected:
  std::string rows() const {
    return super(
        "SELECT coalesce(string_agg(repo_key || '/' || number || '=' || coalesce(title, '-') || '@' || "
        "coalesce(extract(epoch FROM updated_at)::bigint::text, '-'), ' ' ORDER BY repo_key COLLATE \"C\", "
        "number COLLATE \"C\"), '') FROM data.pull_request");
  }
};

// A random history of records against a map that follows the rule: within a checkpoint the later answer wins unless its
// source time is older; a checkpoint replaces what is there.
class Model {
 public:
  struct Row {
    std::string title;
    std::optional<std::int64_t> updated_at;
    bool operator==(const Row&) const = default;
  };

  void append(const std::string& key, const Row& row) {
    const auto [found, is_new] = batch_.emplace(key, row);
    if (is_new) return;
    auto& kept = found->second;
    if (kept.updated_at && row.updated_at && *row.updated_at < *kept.updated_at) return;
    kept = row;
  }
  void checkpoint() {
    for (const auto& [key, row] : batch_) {
      auto& there = table_[key];
      if (there == row)
        ++unchanged;
      else
        ++imported;
      there = row;
    }
    batch_.clear();
  }
  std::string rows() const {
    std::string out;
    for (const auto& [key, row] : table_)
      out += fmt::format("{}{}={}@{}", out.empty() ? "" : " ", key, row->title,
                         row->updated_at ? std::to_string(*row->updated_at) : "-");
    return out;
  }

  std::int64_t imported = 0;
  std::int64_t unchanged = 0;

 private:
  std::map<std::string, Row> batch_;
  std::map<std::string, std::optional<Row>> table_;
};

TEST_F(MergeTest, EqualsAModelWhateverIsAppendedAndWheneverItIsCommitted) {
  with_database([&](pg::Database& door) -> Task<> {
    for (const unsigned seed : {1U, 2U, 3U}) {
      const auto right = runs.claim(fmt::format("test/seed-{}", seed));
      super("DELETE FROM data.pull_request");
      Random random(seed);
      Model model;
      auto run = writer(door, right);
      for (int checkpoint = 0; checkpoint < 25; ++checkpoint) {
        for (auto left = random.below(60); left > 0; --left) {
          const auto repo = fmt::format("r{}", random.below(3));
          const auto number = std::to_string(random.below(30));
          Model::Row row{fmt::format("t{}", random.below(3)), std::nullopt};
          if (random.below(4) > 0) row.updated_at = static_cast<std::int64_t>(random.below(3));
          model.append(repo + "/" + number, row);
          auto appended = run.rows("pull_request").add_row();
          appended.text(0, repo).text(1, number).text(column("title"), row.title);
          if (row.updated_at) appended.instant(column("updated_at"), Instant(std::chrono::seconds(*row.updated_at)));
          appended.done();
        }
        co_await run.checkpoint();
        model.checkpoint();
      }
      EXPECT_EQ(rows(), model.rows()) << "seed " << seed;
      EXPECT_EQ(run.total().imported, model.imported) << "seed " << seed;
      EXPECT_EQ(run.total().unchanged, model.unchanged) << "seed " << seed;
    }
  });
}

TEST_F(MergeTest, EveryColumnTypeArrivesAsItWasAppended) {
  const auto& issue = *test::shipped_resources().find("issue");
  with_database([&](pg::Database& door) -> Task<> {
    auto run = writer(door, runs.claim());
    for (int round = 0; round < 2; ++round) {
      auto row = run.rows("issue").add_row();
      row.text(0, "k \"quoted\", {braced} \\ 'single'").text(*issue.find("title"), "Grüße 🎉");
      row.numeric(*issue.find("story_points"), "-12.50")
          .integer(*issue.find("est_ms"), std::numeric_limits<int64_t>::min());
      row.instant(*issue.find("created_at"), Instant(std::chrono::microseconds(-1)));
      row.date(*issue.find("due_on"), std::chrono::year(1) / 1 / 1)
          .json(*issue.find("extra"), R"({"a": [1e400, "\ud83c\udf89"]})");
      row.done();
      co_await run.checkpoint();
    }
    EXPECT_EQ(run.total().imported, 1);
    EXPECT_EQ(run.total().unchanged, 1);
  });
  EXPECT_EQ(
      super("SELECT issue_key || ' | ' || title || ' | ' || story_points || ' | ' || est_ms || ' | ' || created_at "
            "|| ' | ' || due_on || ' | ' || (extra->'a'->>1) || length(extra->'a'->>0) FROM data.issue"),
      "k \"quoted\", {braced} \\ 'single' | Grüße 🎉 | -12.50 | -9223372036854775808 | 1969-12-31 "
      "23:59:59.999999+00 | 0001-01-01 | 🎉401");
}

TEST_F(MergeTest, UnchangedRowsWriteNoWalAndKeepTheirRun) {
  const auto first = runs.claim();
  const auto wal = [&](const std::string& since) {
    return std::stoll(super("SELECT (pg_current_wal_insert_lsn() - '" + since + "')::bigint"));
  };
  const auto import = [](RunWriter& run) -> Task<> {
    for (int batch = 0; batch < 5; ++batch) {
      for (int i = 0; i < 2'000; ++i)
        append(run, "r1", std::to_string(batch * 2'000 + i), "the title of a pull request, as long as titles are");
      co_await run.checkpoint();
    }
  };
  std::int64_t first_wal = 0;
  std::int64_t second_wal = 0;
  with_database([&](pg::Database& door) -> Task<> {
    auto run = writer(door, first);
    const auto start = super("SELECT pg_current_wal_insert_lsn()");
    co_await import(run);
    first_wal = wal(start);
    co_await run.finish("COMPLETED", std::nullopt, std::nullopt);
    EXPECT_EQ(run.total().imported, 10'000);

    auto again = writer(door, runs.claim());
    const auto middle = super("SELECT pg_current_wal_insert_lsn()");
    co_await import(again);
    second_wal = wal(middle);
    EXPECT_EQ(again.total().imported, 0);
    EXPECT_EQ(again.total().unchanged, 10'000);
    co_await again.finish("COMPLETED", std::nullopt, std::nullopt);
  });
  EXPECT_LT(second_wal, first_wal / 50) << "first " << first_wal;
  RecordProperty("first_wal_bytes", std::to_string(first_wal));
  RecordProperty("second_wal_bytes", std::to_string(second_wal));
  EXPECT_EQ(super("SELECT count(DISTINCT run_id) || ' ' || min(run_id::text) FROM data.pull_request"),
            "1 " + to_string(first.run));
  EXPECT_EQ(count("weir.run"), "1") << "a pass that found nothing has no row of history";
}

TEST_F(MergeTest, AnotherScriptOwnsARowOnceItChangesIt) {
  with_database([&](pg::Database& door) -> Task<> {
    auto first = writer(door, runs.claim("test/first"));
    append(first, "r1", "1", "one");
    append(first, "r1", "2", "two");
    co_await first.checkpoint();
    auto second = writer(door, runs.claim("test/second"));
    append(second, "r1", "1", "one");
    append(second, "r1", "2", "changed");
    co_await second.checkpoint();
  });
  EXPECT_EQ(super("SELECT string_agg(number || '=' || script, ' ' ORDER BY number) FROM data.pull_request"),
            "1=test/first 2=test/second");
}

TEST_F(MergeTest, AHostileRecordIsMendedOrRejectedAloneAndItsNeighboursArrive) {
  const auto right = runs.claim();
  const std::string large(10'000'000, 'x');
  with_database([&](pg::Database& door) -> Task<> {
    auto run = writer(door, right);
    append(run, "r1", "1", "before", "p");
    append(run, "r1", "2", "nul \0 and \xff"s, "p");
    append(run, "r1", std::string(3'000, 'k'), "its key is too long", "p");
    auto late = run.rows("pull_request", "p").add_row();
    late.text(0, "r1")
        .text(1, "3")
        .instant_seconds(column("updated_at"), 400'000'000'000)
        .json(column("extra"), "{bad");
    late.done();
    append(run, "r1", "4", large, "p");
    append(run, "r1", "5", "after", "p");
    co_await run.checkpoint();
    EXPECT_EQ(run.total().imported, 5);
    EXPECT_EQ(run.total().failed, 1);
    EXPECT_EQ(run.total().mended, 3);
    co_await run.finish("COMPLETED", std::nullopt, std::nullopt);
  });
  EXPECT_EQ(super("SELECT string_agg(number, ' ' ORDER BY number) FROM data.pull_request"), "1 2 3 4 5");
  EXPECT_EQ(super("SELECT title FROM data.pull_request WHERE number = '2'"), "nul \uFFFD and \uFFFD");
  EXPECT_EQ(super("SELECT (updated_at IS NULL AND extra IS NULL)::text FROM data.pull_request WHERE number = '3'"),
            "true");
  EXPECT_EQ(super("SELECT length(title) FROM data.pull_request WHERE number = '4'"), "10000000");
  EXPECT_EQ(super("SELECT record_id FROM weir.import_log WHERE level = 'warning'"), "r1/" + std::string(197, 'k'));
  EXPECT_EQ(super("SELECT details->'columns' FROM weir.import_log WHERE level = 'info'"),
            R"({"extra": 1, "title": 1, "updated_at": 1})");
  EXPECT_EQ(super("SELECT records_failed || ' ' || records_mended FROM weir.run"), "1 3");
  EXPECT_EQ(super("SELECT fetched || ' ' || committed || ' ' || rejected FROM weir.ledger"), "6 5 1");
  EXPECT_EQ(super("SELECT records || ' ' || reason FROM weir.gap WHERE kind = 'rejected' AND partition = 'p'"),
            "1 1 records were rejected: their keys cannot be stored");
}

TEST_F(MergeTest, RowsTheDatabaseRefusesAreFoundAndRejectedAlone) {
  super("ALTER TABLE data.pull_request ADD CHECK (title <> 'bad')");
  with_database([&](pg::Database& door) -> Task<> {
    auto run = writer(door, runs.claim());
    for (int i = 0; i < 1'000; ++i)
      append(run, "r1", std::to_string(i), i == 77 || i == 78 || i == 900 ? "bad" : "good", "p");
    run.set_cursor({.partition = "p", .cursor_at = Instant{}, .is_pass_complete = true});
    const auto versions = co_await run.checkpoint();
    EXPECT_EQ(versions.at("p"), 1);
    EXPECT_EQ(run.total().imported, 997);
    EXPECT_EQ(run.total().failed, 3);
  });
  EXPECT_EQ(count("data.pull_request"), "997");
  EXPECT_EQ(super("SELECT string_agg(record_id, ' ' ORDER BY line) FROM weir.import_log"), "r1/77 r1/78 r1/900");
  EXPECT_EQ(super("SELECT fetched || ' ' || committed || ' ' || rejected FROM weir.ledger"), "1000 997 3");
  EXPECT_EQ(super("SELECT records FROM weir.gap WHERE kind = 'rejected'"), "3");
}

TEST_F(MergeTest, ATableThatRefusesManyRowsFailsTheRunAndMovesNoCursor) {
  super("ALTER TABLE data.pull_request ADD CHECK (title <> 'bad')");
  with_database([&](pg::Database& door) -> Task<> {
    auto run = writer(door, runs.claim());
    for (int i = 0; i < 150; ++i) append(run, "r1", std::to_string(i), "bad", "p");
    run.set_cursor({.partition = "p", .cursor_at = Instant{}, .is_pass_complete = true});
    const auto error = co_await error_of(run.checkpoint());
    EXPECT_EQ(error.code, ErrorCode::invalid_data);
    EXPECT_TRUE(error.message.contains("more than 100 rows of pull_request")) << error.message;
  });
  EXPECT_EQ(count("weir.partition_cursor"), "0");
}

TEST_F(MergeTest, ScriptsThatWriteTheSameRowsDoNotDeadlock) {
  constexpr int k_scripts = 6;
  with_database(
      [&](pg::Database& door) -> Task<> {
        const auto write = [](RunWriter& run, std::uint64_t seed, int& done) -> Task<> {
          Random random(seed);
          for (int checkpoint = 0; checkpoint < 8; ++checkpoint) {
            for (int i = 0; i < 200; ++i)
              append(run, fmt::format("r{}", random.below(5)), std::to_string(random.below(100)),
                     fmt::format("{} {} {}", seed, checkpoint, i));
            co_await run.checkpoint();
          }
          ++done;
        };
        std::vector<std::unique_ptr<RunWriter>> writers;
        int done = 0;
        TaskGroup group(co_await asio::this_coro::executor);
        for (int i = 0; i < k_scripts; ++i) {
          // No retry: a single deadlock would fail the test.
          const LoadSettings settings{.retries_max = 0};
          auto right = runs.claim(fmt::format("test/s{}", i));
          writers.push_back(std::make_unique<RunWriter>(door, test::shipped_resources(), std::move(right), settings));
          group.spawn("write", write(*writers.back(), static_cast<std::uint64_t>(i), done));
        }
        co_await group.wait();
        EXPECT_EQ(done, k_scripts);
      },
      k_scripts);
  EXPECT_EQ(count("data.pull_request"), super("SELECT count(DISTINCT (repo_key, number)) FROM data.pull_request"));
  EXPECT_EQ(super("SELECT sum(deadlocks) FROM pg_stat_database WHERE datname = current_database()"), "0");
}

TEST_F(MergeTest, ATenantsRowsAreItsOwnEvenWithEqualKeys) {
  const auto other = database.add_tenant("other");
  database.add_data_source(other, "src", "test");
  with_database([&](pg::Database& door) -> Task<> {
    auto run = writer(door, runs.claim());
    append(run, "r1", "1", "mine");
    co_await run.checkpoint();
    const auto seen =
        co_await door.query(pg::Scope::tenant(other), {"test.count", "SELECT count(*) AS n FROM data.pull_request"});
    EXPECT_EQ(seen.one().get<int>("n"), 0);
  });
}

}  // namespace
}  // namespace weir::load

#include "orchestrator/partition_pass.hpp"

#include "tests/support/script_runs.hpp"

namespace weir::orchestrator {
namespace {

using plugin::PassContext;
using test::append;
using test::FakeScript;
using test::partition;
using test::Process;
using PartitionPasses = test::ScriptRuns;

TEST_F(PartitionPasses, AFullRefreshTombstonesWhatIsGone) {
  with_process([&](Process& process) -> Task<> {
    FakeScript script;
    script.declared.cursor = plugin::CursorKind::full;
    script.declared.partitions_in_parallel = 2;
    script.partitions = {partition("a"), partition("b")};
    int rows = 3;
    script.pass = [&](PassContext& pass) -> Task<Result<>> {
      EXPECT_FALSE(pass.start().has_value());
      for (int i = 0; i < rows; ++i) {
        append(pass, std::to_string(i));
        co_await pass.page_done(i);
      }
      co_return Result<>{};
    };
    const auto first = co_await run_script(process, script);
    EXPECT_EQ(first.status, RunStatus::completed);
    rows = 2;
    const auto second = co_await run_script(process, script);
    EXPECT_EQ(second.status, RunStatus::completed);
    EXPECT_EQ(second.counts.deleted, 2);
    EXPECT_EQ(count("data.pull_request WHERE deleted_at IS NULL"), "4");
  });
}

TEST_F(PartitionPasses, EvidenceSkipsAPartitionAndMovesItsCursorToWhenItWasRead) {
  with_process([&](Process& process) -> Task<> {
    FakeScript script;
    script.partitions = {partition("a")};
    int passes = 0;
    script.pass = [&](PassContext&) -> Task<Result<>> {
      ++passes;
      co_return Result<>{};
    };
    co_await run_script(process, script);
    const auto read_at = std::chrono::floor<std::chrono::microseconds>(system_clock().now());
    script.partitions[0].evidence = plugin::SkipEvidence{read_at - 1h, read_at};
    const auto result = co_await run_script(process, script);
    EXPECT_EQ(result.status, RunStatus::completed);
    EXPECT_EQ(passes, 1);
    EXPECT_EQ(cursor(fmt::format("cursor_at = '{}'", format_rfc3339(read_at)), "a"), "t");
  });
}

TEST_F(PartitionPasses, AChangedDeclarationBeginsAnOpenPassAnewAndSaysSo) {
  with_process([&](Process& process) -> Task<> {
    FakeScript script;
    script.declared.attempts_max = 1;
    std::vector<nlohmann::json> resumed;
    script.pass = [&](PassContext& pass) -> Task<Result<>> {
      resumed.push_back(pass.resume());
      co_await pass.page_done("somewhere");
      if (resumed.size() == 1) co_return fail(ErrorCode::provider_failed, "502");
      co_return Result<>{};
    };
    co_await run_script(process, script);
    script.declared.hash = "h2";
    const auto result = co_await run_script(process, script);
    EXPECT_EQ(result.status, RunStatus::completed);
    EXPECT_EQ(resumed, (std::vector<nlohmann::json>{nullptr, nullptr}));
    EXPECT_EQ(cursor("declaration_hash"), "h2");
    EXPECT_EQ(count("weir.import_log WHERE message LIKE '%has changed since%weir cursor reset acme src%'"), "1");
  });
}

TEST_F(PartitionPasses, ACapKeepsAGapOpenUntilItsRangeWasCollected) {
  with_process([&](Process& process) -> Task<> {
    FakeScript script;
    const auto from = system_clock().now() - std::chrono::days(9);
    bool is_capped = true;
    std::optional<Instant> start;
    script.pass = [&](PassContext& pass) -> Task<Result<>> {
      start = pass.start();
      if (is_capped) pass.cap(from, from + 1s, "1,000 results in one second");
      co_return Result<>{};
    };
    const auto first = co_await run_script(process, script);
    EXPECT_EQ(first.status, RunStatus::completed_with_gaps);
    is_capped = false;
    co_await run_script(process, script);
    EXPECT_GT(*start, from);
    EXPECT_EQ(gaps(), "capped ");
    super("UPDATE weir.gap SET seen_at = now() - interval '25 hours'");
    co_await run_script(process, script);
    EXPECT_LE(*start, from + 1s);
    EXPECT_EQ(gaps(), "");
  });
}

TEST_F(PartitionPasses, PartitionsInTurnsShareCheckpointsAndKeepTheirCursorsApart) {
  with_process([&](Process& process) -> Task<> {
    process.services.settings.load.checkpoint_interval = 3ms;
    FakeScript script;
    script.declared.partitions_in_parallel = 4;
    script.partitions.clear();
    for (int i = 0; i < 20; ++i) script.partitions.push_back(partition(fmt::format("p{}", i)));
    script.pass = [&](PassContext& pass) -> Task<Result<>> {
      for (int page = 0; page < 5; ++page) {
        append(pass, std::to_string(page));
        co_await sleep_for(1ms);
        co_await pass.page_done(page);
      }
      co_return Result<>{};
    };
    const auto result = co_await run_script(process, script);
    EXPECT_EQ(result.status, RunStatus::completed) << (result.error ? result.error->message : "");
    EXPECT_EQ(count("data.pull_request"), "100");
    EXPECT_EQ(count("weir.partition_cursor WHERE cursor_at IS NOT NULL AND pass_end IS NULL"), "20");
    EXPECT_LT(result.counts.checkpoints, 60);
  });
}

}  // namespace
}  // namespace weir::orchestrator

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

TEST_F(PartitionPasses, RowsThatBelongToNoPartitionStay) {
  with_process([&](Process& process) -> Task<> {
    FakeScript script;
    script.declared.cursor = plugin::CursorKind::full;
    script.declared.resources = {"pull_request", "contributor"};
    script.partitions = {partition("a")};
    bool is_first = true;
    script.pass = [&](PassContext& pass) -> Task<Result<>> {
      append(pass, "1");
      if (is_first) {
        append(pass, "2");
        auto row = pass.rows("contributor").add_row();
        row.text(0, "email:ann@example.org");
        row.done();
      }
      co_await pass.page_done(nullptr);
      co_return Result<>{};
    };
    co_await run_script(process, script);
    is_first = false;
    const auto second = co_await run_script(process, script);
    EXPECT_EQ(second.status, RunStatus::completed) << (second.error ? second.error->message : "");
    EXPECT_EQ(second.counts.deleted, 1);
    EXPECT_EQ(count("data.contributor WHERE deleted_at IS NULL"), "1");
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

constexpr auto k_known = [](PassContext& pass) { return pass.validator("q").has_value(); };

// A pass of one row whose answer has a validator, and what it was told of the one before.
struct ValidatedPass {
  std::vector<bool> known{};
  std::optional<Error> error{};
  bool skips = false;

  Task<Result<>> operator()(PassContext& pass) {
    known.push_back(k_known(pass));
    append(pass, "1");
    pass.set_validator(load::Validator{.request = "q", .etag = "\"a\""});
    if (skips) pass.skip(1, "not shown");
    co_await pass.page_done("page 1");
    if (error) co_return std::unexpected(*error);
    co_return Result<>{};
  }
};

TEST_F(PartitionPasses, AValidatorOfTheLastCompletePassIsGivenToTheNext) {
  with_process([&](Process& process) -> Task<> {
    FakeScript script;
    ValidatedPass pass;
    script.pass = [&](PassContext& context) { return pass(context); };
    co_await run_script(process, script);
    co_await run_script(process, script);
    EXPECT_EQ(pass.known, (std::vector{false, true}));
    script.declared.hash = "h2";
    co_await run_script(process, script);
    co_await run_script(process, script);
    EXPECT_EQ(pass.known, (std::vector{false, true, false, true})) << "another declaration makes other rows";
  });
}

TEST_F(PartitionPasses, AValidatorIsNeverAheadOfTheRowsOfACompletePass) {
  with_process([&](Process& process) -> Task<> {
    FakeScript script;
    script.declared.attempts_max = 1;
    ValidatedPass pass;
    script.pass = [&](PassContext& context) { return pass(context); };
    co_await run_script(process, script);
    EXPECT_EQ(count("weir.validator"), "1");
    pass.error = Error{ErrorCode::provider_failed, "502"};
    co_await run_script(process, script);
    EXPECT_EQ(count("weir.validator"), "0") << "its rows are there, but no complete pass of them";
    pass.error.reset();
    co_await run_script(process, script);
    EXPECT_EQ(pass.known, (std::vector{false, true, false}));
    EXPECT_EQ(count("weir.validator"), "1");
    pass.skips = true;
    co_await run_script(process, script);
    EXPECT_EQ(count("weir.validator"), "0") << "what was left out is asked for again";
  });
}

TEST_F(PartitionPasses, WhatWasNotShownIsAGapUntilAPassReachesBackToItAndSeesAll) {
  with_process([&](Process& process) -> Task<> {
    FakeScript script;
    script.declared.import_window_days.reset();
    bool is_hidden = true;
    std::vector<nlohmann::json> states;
    std::optional<Instant> start;
    script.pass = [&](PassContext& pass) -> Task<Result<>> {
      states.push_back(pass.state());
      start = pass.start();
      append(pass, "1");
      if (is_hidden) pass.skip(3, "2 are secret");
      pass.set_state({{"pass", states.size()}});
      co_return Result<>{};
    };
    const auto first = co_await run_script(process, script);
    EXPECT_EQ(first.status, RunStatus::completed_with_gaps);
    EXPECT_EQ(gaps(), "incomplete ");
    EXPECT_EQ(super("SELECT records || reason || (remedy <> '') FROM weir.gap"), "32 are secrettrue");
    is_hidden = false;
    co_await run_script(process, script);
    EXPECT_TRUE(start.has_value());
    EXPECT_EQ(gaps(), "incomplete ") << "it did not reach back";
    super("UPDATE weir.gap SET seen_at = now() - interval '25 hours'");
    co_await run_script(process, script);
    EXPECT_FALSE(start.has_value());
    EXPECT_EQ(gaps(), "");
    EXPECT_EQ(states, (std::vector<nlohmann::json>{nullptr, nullptr, {{"pass", 2}}}))
        << "heads seen in part are not kept";
  });
}

// One row whose key can be stored, or not; and where the pass began.
struct OneRecord {
  std::string key = std::string(600, 'k');
  std::optional<Instant> start{};

  Task<Result<>> operator()(PassContext& pass) {
    start = pass.start();
    append(pass, key);
    co_await pass.page_done(nullptr);
    co_await sleep_for(2ms);
    append(pass, "2");
    co_await pass.page_done(nullptr);
    co_return Result<>{};
  }
};

TEST_F(PartitionPasses, WhatWasRejectedIsAGapUntilItIsAskedForAgainAndArrivesWell) {
  with_process([&](Process& process) -> Task<> {
    process.services.settings.load.checkpoint_interval = 1ms;
    FakeScript script;
    script.declared.import_window_days.reset();
    OneRecord pass;
    script.pass = [&](PassContext& context) { return pass(context); };
    const auto first = co_await run_script(process, script);
    EXPECT_EQ(first.status, RunStatus::completed_with_gaps);
    EXPECT_EQ(gaps(), "rejected ");
    pass.key = "1";
    co_await run_script(process, script);
    EXPECT_TRUE(pass.start.has_value());
    EXPECT_EQ(gaps(), "rejected ") << "it did not reach back";
    const auto a_day_later = "UPDATE weir.gap SET seen_at = now() - interval '25 hours'";
    super(a_day_later);
    pass.key = std::string(600, 'k');
    co_await run_script(process, script);
    EXPECT_FALSE(pass.start.has_value());
    EXPECT_EQ(gaps(), "rejected ") << "rejected in a checkpoint before the one that ends the pass";
    EXPECT_EQ(super("SELECT attempts FROM weir.gap"), "2");
    super(a_day_later);
    pass.key = "1";
    co_await run_script(process, script);
    EXPECT_TRUE(pass.start.has_value()) << "a day more with each attempt in vain";
    super("UPDATE weir.gap SET seen_at = now() - interval '49 hours'");
    const auto last = co_await run_script(process, script);
    EXPECT_FALSE(pass.start.has_value());
    EXPECT_EQ(last.status, RunStatus::completed);
    EXPECT_EQ(gaps(), "");
  });
}

TEST_F(PartitionPasses, OfHeadsOnlyAPassThatKnowsNoneSeesTheRejectedAgain) {
  with_process([&](Process& process) -> Task<> {
    FakeScript script;
    script.declared.cursor = plugin::CursorKind::heads;
    OneRecord pass;
    script.pass = [&](PassContext& context) -> Task<Result<>> {
      context.set_state("a head");
      return pass(context);
    };
    co_await run_script(process, script);
    pass.key = "1";
    super("UPDATE weir.gap SET seen_at = now() - interval '25 hours'");
    co_await run_script(process, script);
    EXPECT_EQ(gaps(), "rejected ");
    super("UPDATE weir.partition_cursor SET cursor_at = NULL, state = NULL");
    co_await run_script(process, script);
    EXPECT_EQ(gaps(), "");
  });
}

TEST_F(PartitionPasses, WhatWasNotShownBeforeAnInterruptionIsNotForgotten) {
  with_process([&](Process& process) -> Task<> {
    FakeScript script;
    script.declared.cursor = plugin::CursorKind::full;
    script.declared.attempts_max = 1;
    script.partitions = {partition("a")};
    bool is_complete = true;
    bool fails = false;
    script.pass = [&](PassContext& pass) -> Task<Result<>> {
      if (pass.resume().is_null()) {
        append(pass, "1");
        if (is_complete) append(pass, "2");
        if (!is_complete) pass.skip(1, "not shown");
        co_await pass.page_done("page 2");
        if (fails) co_return fail(ErrorCode::provider_failed, "502");
      }
      append(pass, "3");
      co_return Result<>{};
    };
    co_await run_script(process, script);
    EXPECT_EQ(count("data.pull_request WHERE deleted_at IS NULL"), "3");
    is_complete = false;
    fails = true;
    co_await run_script(process, script);
    EXPECT_EQ(gaps(), "failed a, incomplete a");
    const auto resumed = co_await run_script(process, script);
    EXPECT_EQ(resumed.status, RunStatus::completed_with_gaps);
    EXPECT_EQ(resumed.counts.deleted, 0) << "row 2 was only not shown";
    EXPECT_EQ(gaps(), "incomplete a");
    is_complete = true;
    fails = false;
    co_await run_script(process, script);
    EXPECT_EQ(gaps(), "");
    EXPECT_EQ(count("data.pull_request WHERE deleted_at IS NULL"), "3");
  });
}

TEST_F(PartitionPasses, AListingThatIsNotWholeDeletesNothing) {
  with_process([&](Process& process) -> Task<> {
    FakeScript script;
    script.declared.cursor = plugin::CursorKind::full;
    script.partitions = {partition("a")};
    int shown = 3;
    int hidden = 0;
    script.pass = [&](PassContext& pass) -> Task<Result<>> {
      for (int i = 0; i < shown; ++i) append(pass, std::to_string(i));
      if (hidden > 0) pass.skip(hidden, "not shown");
      co_await pass.page_done(nullptr);
      co_return Result<>{};
    };
    co_await run_script(process, script);
    shown = 1;
    hidden = 1;
    const auto partial = co_await run_script(process, script);
    EXPECT_EQ(partial.status, RunStatus::completed_with_gaps);
    EXPECT_EQ(partial.counts.deleted, 0);
    EXPECT_EQ(gaps(), "incomplete a");
    hidden = 0;
    const auto whole = co_await run_script(process, script);
    EXPECT_EQ(whole.counts.deleted, 2);
    EXPECT_EQ(gaps(), "");
  });
}

TEST_F(PartitionPasses, WhatHasNotChangedIsKeptAsItWas) {
  with_process([&](Process& process) -> Task<> {
    FakeScript script;
    script.declared.cursor = plugin::CursorKind::full;
    script.partitions = {partition("a")};
    script.pass = [&](PassContext& pass) -> Task<Result<>> {
      if (k_known(pass)) {
        pass.count_requests({.requests = 1, .not_modified = 1});
        pass.keep_as_it_was();
        co_return Result<>{};
      }
      append(pass, "1");
      pass.set_validator(load::Validator{.request = "q", .etag = "\"a\""});
      co_await pass.page_done(nullptr);
      co_return Result<>{};
    };
    co_await run_script(process, script);
    const auto before = cursor("cursor_at", "a");
    for (int i = 0; i < 2; ++i) {
      const auto result = co_await run_script(process, script);
      EXPECT_EQ(result.status, RunStatus::completed);
      EXPECT_EQ(result.counts.not_modified, 1);
      EXPECT_EQ(result.counts.deleted, 0);
    }
    EXPECT_EQ(count("data.pull_request WHERE deleted_at IS NULL"), "1");
    EXPECT_EQ(cursor(fmt::format("cursor_at > '{}'", before), "a"), "t");
    EXPECT_EQ(count("weir.generation WHERE outcome IS NULL"), "0");
    EXPECT_EQ(count("weir.validator"), "1");
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

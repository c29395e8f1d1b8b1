// What is kept of partitions is read ahead for several at once; each pass gets its own, and none that is old.
#include "tests/support/script_runs.hpp"

namespace weir::orchestrator {
namespace {

using plugin::PassContext;
using test::FakeScript;
using test::partition;
using test::Process;

class PartitionCollectors : public test::ScriptRuns {
 protected:
  PartitionCollectors() {
    script.declared.cursor = plugin::CursorKind::heads;
    script.partitions.clear();
    for (int i = 0; i < 30; ++i) script.partitions.push_back(partition(fmt::format("p{}", i)));
  }
  // Every partition keeps its own name.
  Task<> keep_names(Process& process) {
    script.pass = [](PassContext& pass) -> Task<Result<>> {
      pass.set_state(pass.partition().key);
      co_return Result<>{};
    };
    const auto result = co_await run_script(process, script);
    EXPECT_EQ(result.status, RunStatus::completed);
  }

  FakeScript script;
};

class PartitionsInTurns : public PartitionCollectors, public testing::WithParamInterface<int> {};

TEST_P(PartitionsInTurns, EachGetsWhatIsKeptOfIt) {
  script.declared.partitions_in_parallel = GetParam();
  with_process([&](Process& process) -> Task<> {
    co_await keep_names(process);
    int seen = 0;
    script.pass = [&](PassContext& pass) -> Task<Result<>> {
      EXPECT_EQ(pass.state(), pass.partition().key);
      ++seen;
      co_return Result<>{};
    };
    const auto result = co_await run_script(process, script);
    EXPECT_EQ(result.status, RunStatus::completed) << (result.error ? result.error->message : "");
    EXPECT_EQ(seen, 30);
  });
}

INSTANTIATE_TEST_SUITE_P(, PartitionsInTurns, testing::Values(1, 4));

TEST_F(PartitionCollectors, WhatWasReadLongAgoIsReadAnew) {
  with_process([&](Process& process) -> Task<> {
    co_await keep_names(process);
    script.pass = [&](PassContext& pass) -> Task<Result<>> {
      const auto& key = pass.partition().key;
      if (key == "p1") {  // read together with those after it
        super("UPDATE weir.partition_cursor SET state = '\"moved\"', version = version + 1 WHERE partition = 'p3'");
        co_await sleep_for(600ms);
      }
      EXPECT_EQ(pass.state(), key == "p3" ? "moved" : key);
      co_return Result<>{};
    };
    const auto result = co_await run_script(process, script);
    EXPECT_EQ(result.status, RunStatus::completed) << (result.error ? result.error->message : "");
  });
}

}  // namespace
}  // namespace weir::orchestrator

// Runs fake scripts through claim and ScriptRun, and looks at what they leave.
#pragma once
#include "tests/support/orchestrator_world.hpp"

namespace weir::test {

class ScriptRuns : public OrchestratorWorld {
 protected:
  orchestrator::ClaimRequest request(const FakeScript& script) const {
    return {.tenant = tenant, .id = {"src", script.declared.full_name()}, .concurrent_scripts = 4};
  }
  // Claims and runs it; `meanwhile` is done with the run in flight.
  Task<orchestrator::RunResult> run_script(Process& process, const FakeScript& script,
                                           std::function<Task<>(orchestrator::ScriptRun&)> meanwhile = nullptr) {
    const auto claim = co_await orchestrator::claim_script(process.door, process.node, request(script));
    EXPECT_EQ(claim.outcome, orchestrator::ClaimOutcome::claimed) << claim.reason;
    orchestrator::ScriptProgress progress{.id = request(script).id};
    orchestrator::ScriptRun run(process.services, {tenant, "acme", request(script).id, script, no_keys}, claim,
                                progress);
    TaskGroup beside(process.services.executor);
    if (meanwhile) beside.spawn("meanwhile", meanwhile(run));
    auto result = co_await run.run();
    co_await beside.wait();
    co_return result;
  }
  std::string status() const { return super("SELECT status FROM weir.data_source_run WHERE script LIKE 'fake/%'"); }
  std::string cursor(const std::string& column, const std::string& key = "") const {
    return super(fmt::format("SELECT {} FROM weir.partition_cursor WHERE partition = '{}'", column, key));
  }
  std::string gaps() const {
    return super(
        "SELECT coalesce(string_agg(kind || ' ' || partition, ', ' ORDER BY kind, partition), '') FROM weir.gap "
        "WHERE closed_at IS NULL");
  }
};

}  // namespace weir::test

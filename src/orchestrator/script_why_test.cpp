#include "orchestrator/script_why.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace weir::orchestrator {
namespace {

using queue::Audience;
using queue::Explanation;
using Codes = std::vector<std::string>;

const Instant k_now = *parse_rfc3339("2026-03-29T10:00:00Z");
const PipelineRunId k_pipeline_run(*Uuid::parse("0197a000-0000-7000-8000-000000000005"));

ScriptRunFacts last_run(const std::string& status) {
  return {.run = *Uuid::parse("0197a000-0000-7000-8000-000000000003"),
          .script = {.data_source = "src", .script = "git/commit", .pipeline_run = k_pipeline_run},
          .status = status,
          .is_last = true,
          .node = "worker-3 (process 12, epoch 7)",
          .started_at = k_now};
}

Explanation queued(const std::string& state, std::optional<Instant> expected_start) {
  return {.run = k_pipeline_run.value(),
          .tenant = {},
          .status = "IDLE",
          .queue_state = state,
          .reasons = {{"backoff", "it failed 1 times"}},
          .expected_start = expected_start};
}

Explanation explained(const ScriptRunFacts& facts, const std::optional<Explanation>& pipeline_run = std::nullopt) {
  return explain_script_run(facts, pipeline_run, Audience::operators);
}
Codes codes(const Explanation& said) {
  Codes found;
  for (const auto& reason : said.reasons) found.push_back(reason.code);
  return found;
}

TEST(ScriptWhy, WhatRunsSaysWhereAndWhatItHolds) {
  auto facts = last_run("RUNNING");
  facts.is_held = true;
  EXPECT_EQ(codes(explained(facts)), (Codes{"running"}));
  EXPECT_EQ(explained(facts).reasons[0].text,
            "it holds git/commit of data source src and runs on worker-3 (process 12, epoch 7) since "
            "2026-03-29T10:00:00Z");
  const auto to_tenant = explain_script_run(facts, std::nullopt, Audience::tenant);
  EXPECT_FALSE(to_tenant.reasons[0].text.contains("worker-3"));
  // It runs: what its pipeline run still waits for does not concern it.
  const auto said = explained(facts, queued("leased", std::nullopt));
  EXPECT_EQ(codes(said), (Codes{"running", "pipeline_run"}));
  EXPECT_FALSE(said.expected_start.has_value());
}

TEST(ScriptWhy, ARunWhoseNodeIsGoneDoesNotRun) {
  EXPECT_EQ(codes(explained(last_run("RUNNING"))), (Codes{"node_gone"}));
  EXPECT_EQ(codes(explained(last_run("RUNNING"), queued("leased", std::nullopt))),
            (Codes{"node_gone", "pipeline_run", "backoff"}));
}

TEST(ScriptWhy, AParkedScriptWaitsForItsTimeAndForItsPipelineRun) {
  auto facts = last_run("PARKED");
  facts.wake_at = k_now + 40min;
  EXPECT_EQ(codes(explained(facts)), (Codes{"parked"}));
  EXPECT_EQ(explained(facts).reasons[0].until, facts.wake_at);
  EXPECT_EQ(explained(facts).expected_start, facts.wake_at);
  EXPECT_EQ(explained(facts, queued("leased", std::nullopt)).expected_start, facts.wake_at);
  EXPECT_EQ(explained(facts, queued("scheduled", k_now + 1h)).expected_start, k_now + 1h);
  EXPECT_EQ(explained(facts, queued("scheduled", k_now)).expected_start, facts.wake_at);
  // Its pipeline run waits for somebody.
  EXPECT_EQ(explained(facts, queued("ready", std::nullopt)).expected_start, std::nullopt);
}

TEST(ScriptWhy, WhatIsOverSaysHowAndWhenItsPipelineRunIsTriedAgain) {
  auto facts = last_run("FAILED");
  facts.error = "it does not answer";
  EXPECT_EQ(explained(facts).reasons.at(0).text, "it is over: FAILED, it does not answer");
  EXPECT_FALSE(explained(facts).expected_start.has_value());
  const auto said = explained(facts, queued("scheduled", k_now + 1min));
  EXPECT_EQ(codes(said), (Codes{"over", "pipeline_run", "backoff"}));
  EXPECT_EQ(said.reasons[1].text,
            fmt::format("it is part of pipeline run {}, which is in the queue: scheduled", to_string(k_pipeline_run)));
  EXPECT_EQ(said.reasons[2].text, "its pipeline run: it failed 1 times");
  EXPECT_EQ(said.expected_start, k_now + 1min);
  // One that has left the queue has nothing to add.
  EXPECT_EQ(codes(explained(facts, queued("", std::nullopt))), (Codes{"over"}));
}

TEST(ScriptWhy, ALaterRunHoldsTheScript) {
  auto facts = last_run("PARKED");
  facts.is_last = false;
  facts.is_held = true;
  facts.wake_at = k_now + 40min;  // of the script, hence not of this run
  facts.holder = *Uuid::parse("0197a000-0000-7000-8000-000000000009");
  const auto said = explained(facts);
  EXPECT_EQ(codes(said), (Codes{"over", "lock"}));
  EXPECT_EQ(said.reasons[1].text,
            "run 0197a000-0000-7000-8000-000000000009 holds git/commit of data source src now, on worker-3 "
            "(process 12, epoch 7)");
  EXPECT_FALSE(said.expected_start.has_value());
}

TEST(ScriptWhy, TheDocumentSaysWhichScript) {
  const nlohmann::json document = explained(last_run("COMPLETED"));
  EXPECT_EQ(document.at("kind"), "run");
  EXPECT_EQ(document.at("script"), "git/commit");
  EXPECT_EQ(document.at("pipeline_run_id"), to_string(k_pipeline_run));
  const nlohmann::json of_pipeline = queued("ready", k_now);
  EXPECT_EQ(of_pipeline.at("kind"), "pipeline_run");
  EXPECT_FALSE(of_pipeline.contains("script"));
}

}  // namespace
}  // namespace weir::orchestrator

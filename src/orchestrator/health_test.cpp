#include "orchestrator/health.hpp"

#include <gtest/gtest.h>

#include "base/time.hpp"

namespace weir::orchestrator {
namespace {

using enum Verdict;

NodeHealth living_node() {
  return {.epoch = Epoch(7), .hostname = "a", .pid = 11, .silent = 1s, .lease = 20s, .runs = 2};
}

template <class Change>
Finding judged(Change change) {
  RunsHealth health{.nodes = {living_node()}};
  change(health);
  return judge_runs(health).front();
}

TEST(RunsJudgement, NodesAliveLateAndDead) {
  EXPECT_EQ(judged([](auto&) {}).verdict, ok);
  EXPECT_EQ(judged([](auto& h) { h.nodes.clear(); }).verdict, ok);
  const auto late = judged([](auto& h) { h.nodes[0].silent = 11s; });
  EXPECT_EQ(late.verdict, warning);
  EXPECT_TRUE(late.reason.contains("is late")) << late.reason;
  const auto frozen = judged([](auto& h) { h.nodes[0].is_lease_over = true; });
  EXPECT_TRUE(frozen.reason.contains("lost its lease")) << frozen.reason;
  const auto killed = judged([](auto& h) { h.nodes[0].is_lock_free = true; });
  EXPECT_TRUE(killed.reason.contains("lost its connection")) << killed.reason;
}

TEST(RunsJudgement, RunsOfNodesThatAreGone) {
  const auto findings = judge_runs({.runs_lost = 2, .lost_example = "git git/commit"});
  ASSERT_EQ(findings.size(), 2U);
  EXPECT_EQ(findings[1].verdict, warning);
  EXPECT_TRUE(findings[1].reason.contains("2 scripts, such as git git/commit"));
}

}  // namespace
}  // namespace weir::orchestrator

#include "queue/why.hpp"

#include <gtest/gtest.h>

namespace weir::queue {
namespace {

const Instant k_now = *parse_rfc3339("2026-03-29T10:00:00Z");

WaitFacts ready() {
  WaitFacts facts{.status = "IDLE", .now = k_now, .state = "ready", .due_at = k_now - 1min};
  facts.cap = 2;
  facts.worker_nodes = 1;
  facts.run_slots = 4;
  return facts;
}

Explanation explain_to_operators(const WaitFacts& facts) { return explain({}, facts, Audience::operators); }

std::vector<std::string> codes(const WaitFacts& facts) {
  std::vector<std::string> found;
  for (const auto& reason : explain_to_operators(facts).reasons) found.push_back(reason.code);
  return found;
}
using Codes = std::vector<std::string>;

// What the last of its reasons says.
std::string text_of(const WaitFacts& facts, Audience audience) {
  return explain({}, facts, audience).reasons.back().text;
}

TEST(Why, AFreeLaneStartsAtOnce) {
  EXPECT_EQ(codes(ready()), (Codes{"queued"}));
  EXPECT_EQ(explain_to_operators(ready()).expected_start, k_now);
}

TEST(Why, SaysEveryReasonAndExpectsTheLastOfThem) {
  auto facts = ready();
  facts.running = 2;
  facts.needs_quota = true;
  facts.runs_per_day = 5;
  facts.quota_used = 5;
  facts.quota_resets_at = k_now + 12h;
  EXPECT_EQ(codes(facts), (Codes{"queued", "cap", "quota"}));
  EXPECT_EQ(explain_to_operators(facts).expected_start, k_now + 12h);
}

TEST(Why, ItsOwnRunsBeforeItTakeTheirTime) {
  auto facts = ready();
  facts.running = 2;
  facts.ahead_in_lane = 9;
  facts.mean_run = 2min;
  EXPECT_EQ(explain_to_operators(facts).expected_start, k_now + 10min);
}

TEST(Why, ARetryWaitsForItsTime) {
  auto facts = ready();
  facts.state = "scheduled";
  facts.attempt = 2;
  facts.due_at = k_now + 3min;
  facts.error = "the provider is down";
  const auto said = explain_to_operators(facts);
  ASSERT_EQ(said.reasons.size(), 1U);
  EXPECT_EQ(said.reasons[0].code, "backoff");
  EXPECT_TRUE(said.reasons[0].text.contains("the provider is down")) << said.reasons[0].text;
  EXPECT_EQ(said.expected_start, k_now + 3min);
}

TEST(Why, WhatNeedsSomebodyHasNoExpectedStart) {
  for (const auto& [closed, code] : {std::pair{"paused", "tenant_paused"}, std::pair{"deleting", "tenant_deleting"},
                                     std::pair{"subscription_inactive", "subscription_inactive"}}) {
    auto facts = ready();
    facts.closed = closed;
    EXPECT_EQ(codes(facts), (Codes{"queued", code}));
    EXPECT_EQ(explain_to_operators(facts).expected_start, std::nullopt);
  }
  auto facts = ready();
  facts.worker_nodes = 0;
  facts.run_slots = 0;
  EXPECT_EQ(codes(facts), (Codes{"queued", "no_node"}));
  EXPECT_TRUE(text_of(facts, Audience::operators).ends_with(": start weir serve with the role worker"));
  EXPECT_EQ(text_of(facts, Audience::tenant), "no node that is alive takes runs from the queue");
  EXPECT_EQ(explain_to_operators(facts).expected_start, std::nullopt);
}

TEST(Why, WhatRunsOutsideOfTheQueueSaysWhere) {
  WaitFacts facts{.status = "RUNNING", .now = k_now, .is_node_alive = true, .node = "host (process 12, epoch 7)"};
  EXPECT_EQ(codes(facts), (Codes{"running"}));
  EXPECT_EQ(text_of(facts, Audience::operators), "it runs on host (process 12, epoch 7), outside of the queue");
  EXPECT_EQ(text_of(facts, Audience::tenant), "it runs on a node, outside of the queue");
  facts.is_node_alive = false;
  EXPECT_EQ(codes(facts), (Codes{"node_gone"}));
}

TEST(Why, AllNodesAreFull) {
  auto facts = ready();
  facts.worker_nodes = 2;
  facts.run_slots = 16;
  facts.run_slots_taken = 15;
  EXPECT_EQ(codes(facts), (Codes{"queued"}));
  facts.run_slots_taken = 16;
  facts.mean_run = 8min;
  EXPECT_EQ(codes(facts), (Codes{"queued", "nodes_full"}));
  EXPECT_EQ(text_of(facts, Audience::operators), "all 2 nodes are full: 16 of 16 runs");
  EXPECT_EQ(text_of(facts, Audience::tenant), "all nodes are full");
  EXPECT_EQ(explain_to_operators(facts).expected_start, k_now + 30s);
  // What is not due yet may find them free.
  facts.state = "parked";
  EXPECT_EQ(codes(facts), (Codes{"parked"}));
  // Nobody's slots are not full slots.
  facts = ready();
  facts.worker_nodes = facts.run_slots = 0;
  EXPECT_EQ(codes(facts), (Codes{"queued", "no_node"}));
}

TEST(Why, WhatRunsIsNoLongerWaiting) {
  auto facts = ready();
  facts.state = "leased";
  facts.node = "host (process 12, epoch 7)";
  facts.leased_at = k_now;
  facts.is_node_alive = true;
  EXPECT_EQ(codes(facts), (Codes{"running"}));
  EXPECT_EQ(text_of(facts, Audience::operators), "it runs on host (process 12, epoch 7) since 2026-03-29T10:00:00Z");
  EXPECT_EQ(text_of(facts, Audience::tenant), "it runs on a node since 2026-03-29T10:00:00Z");
  facts.is_node_alive = false;
  EXPECT_EQ(codes(facts), (Codes{"node_gone"}));
  EXPECT_TRUE(text_of(facts, Audience::operators).contains("host (process 12, epoch 7), which is gone"));
  EXPECT_FALSE(text_of(facts, Audience::tenant).contains("host"));
  facts.scripts = {{.name = "git/commit of data source git", .is_own = true}};
  EXPECT_EQ(codes(facts), (Codes{"node_gone"}));  // it does not work on it any more
  facts.is_cancel_asked = true;
  EXPECT_EQ(codes(facts), (Codes{"cancelling", "node_gone"}));
}

TEST(Why, WhatIsOverSaysHow) {
  const auto said =
      explain_to_operators({.status = "SKIPPED", .reason = "the run before it was not over", .now = k_now});
  ASSERT_EQ(said.reasons.size(), 1U);
  EXPECT_EQ(said.reasons[0].text, "it is over: SKIPPED, the run before it was not over");
}

TEST(Why, AParkedRunIsExpectedWhenItWakes) {
  auto facts = ready();
  facts.state = "parked";
  facts.due_at = k_now + 40min;
  EXPECT_EQ(codes(facts), (Codes{"parked"}));
  EXPECT_EQ(explain_to_operators(facts).expected_start, k_now + 40min);
}

}  // namespace
}  // namespace weir::queue

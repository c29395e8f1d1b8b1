#include "queue/why.hpp"

#include <gtest/gtest.h>

namespace weir::queue {
namespace {

const Instant k_now = *parse_rfc3339("2026-03-29T10:00:00Z");

WaitFacts ready() {
  WaitFacts facts{.status = "IDLE", .now = k_now, .state = "ready", .due_at = k_now - 1min};
  facts.cap = 2;
  facts.nodes_alive = 1;
  return facts;
}

std::vector<std::string> codes(const WaitFacts& facts) {
  std::vector<std::string> found;
  for (const auto& reason : explain({}, facts).reasons) found.push_back(reason.code);
  return found;
}
using Codes = std::vector<std::string>;

TEST(Why, AFreeLaneStartsAtOnce) {
  EXPECT_EQ(codes(ready()), (Codes{"queued"}));
  EXPECT_EQ(explain({}, ready()).expected_start, k_now);
}

TEST(Why, SaysEveryReasonAndExpectsTheLastOfThem) {
  auto facts = ready();
  facts.running = 2;
  facts.needs_quota = true;
  facts.runs_per_day = 5;
  facts.quota_used = 5;
  facts.quota_resets_at = k_now + 12h;
  EXPECT_EQ(codes(facts), (Codes{"queued", "cap", "quota"}));
  EXPECT_EQ(explain({}, facts).expected_start, k_now + 12h);
}

TEST(Why, ItsOwnRunsBeforeItTakeTheirTime) {
  auto facts = ready();
  facts.running = 2;
  facts.ahead_in_lane = 9;
  facts.mean_run = 2min;
  EXPECT_EQ(explain({}, facts).expected_start, k_now + 10min);
}

TEST(Why, ARetryWaitsForItsTime) {
  auto facts = ready();
  facts.state = "scheduled";
  facts.attempt = 2;
  facts.due_at = k_now + 3min;
  facts.error = "the provider is down";
  const auto said = explain({}, facts);
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
    EXPECT_EQ(explain({}, facts).expected_start, std::nullopt);
  }
  auto facts = ready();
  facts.nodes_alive = 0;
  EXPECT_EQ(codes(facts), (Codes{"queued", "no_node"}));
  EXPECT_EQ(explain({}, facts).expected_start, std::nullopt);
}

TEST(Why, WhatRunsIsNoLongerWaiting) {
  auto facts = ready();
  facts.state = "leased";
  facts.epoch = Epoch(7);
  facts.leased_at = k_now;
  facts.is_node_alive = true;
  EXPECT_EQ(codes(facts), (Codes{"running"}));
  facts.is_node_alive = false;
  EXPECT_EQ(codes(facts), (Codes{"node_gone"}));
  facts.is_cancel_asked = true;
  EXPECT_EQ(codes(facts), (Codes{"cancelling", "node_gone"}));
}

TEST(Why, WhatIsOverSaysHow) {
  const auto said = explain({}, {.status = "SKIPPED", .reason = "the run before it was not over", .now = k_now});
  ASSERT_EQ(said.reasons.size(), 1U);
  EXPECT_EQ(said.reasons[0].text, "it is over: SKIPPED, the run before it was not over");
}

TEST(Why, AParkedRunIsExpectedWhenItWakes) {
  auto facts = ready();
  facts.state = "parked";
  facts.due_at = k_now + 40min;
  EXPECT_EQ(codes(facts), (Codes{"parked"}));
  EXPECT_EQ(explain({}, facts).expected_start, k_now + 40min);
}

}  // namespace
}  // namespace weir::queue

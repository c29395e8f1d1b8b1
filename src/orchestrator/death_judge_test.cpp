#include "orchestrator/death_judge.hpp"

#include <gtest/gtest.h>

namespace weir::orchestrator {
namespace {

const Instant k_proven = Instant{100s};
const Instant k_start = Instant{50s};

NodeSighting free_lock() { return {Epoch(7), false, true, k_proven, k_start, true}; }

TEST(DeathJudge, AFreeLockProvesDeathOnlyWhenSeenTwiceWithTheGap) {
  DeathJudge judge(1s);
  const auto first = judge.judge({free_lock()}, 10s);
  EXPECT_TRUE(first.dead.empty());
  EXPECT_TRUE(first.is_anyone_suspected);
  EXPECT_TRUE(judge.judge({free_lock()}, 10s + 999ms).dead.empty());
  EXPECT_EQ(judge.judge({free_lock()}, 11s).dead.size(), 1U);
}

TEST(DeathJudge, ALockHeldInBetweenClearsTheSuspicion) {
  DeathJudge judge(1s);
  judge.judge({free_lock()}, 10s);
  auto held = free_lock();
  held.is_lock_free = false;
  EXPECT_FALSE(judge.judge({held}, 11s).is_anyone_suspected);
  EXPECT_TRUE(judge.judge({free_lock()}, 12s).dead.empty());
}

TEST(DeathJudge, ANewProofOrANewServerClearsTheSuspicion) {
  for (const bool is_new_server : {false, true}) {
    DeathJudge judge(1s);
    judge.judge({free_lock()}, 10s);
    auto again = free_lock();
    (is_new_server ? again.server_start : again.proven_at) += 1s;
    EXPECT_TRUE(judge.judge({again}, 12s).dead.empty());
    EXPECT_EQ(judge.judge({again}, 13s).dead.size(), 1U);
  }
}

TEST(DeathJudge, ALeaseThatIsOverNeedsNoSecondLook) {
  DeathJudge judge(1s);
  EXPECT_EQ(judge.judge({{.epoch = Epoch(3), .is_lease_over = true}}, 0s).dead.size(), 1U);
}

TEST(DeathJudge, ANodeThatJustRegisteredIsNoSuspect) {
  DeathJudge judge(1s);
  for (int round = 0; round < 5; ++round) {
    const auto verdict = judge.judge({{.epoch = Epoch(3), .has_runs = true}}, std::chrono::seconds(round));
    EXPECT_TRUE(verdict.dead.empty());
    EXPECT_FALSE(verdict.is_anyone_suspected);
  }
}

TEST(DeathJudge, SuspectsWithoutRunsAreNotWorthWaitingFor) {
  DeathJudge judge(1s);
  auto idle = free_lock();
  idle.has_runs = false;
  EXPECT_FALSE(judge.judge({idle}, 10s).is_anyone_suspected);
  EXPECT_EQ(judge.judge({idle}, 11s).dead.size(), 1U);
}

}  // namespace
}  // namespace weir::orchestrator

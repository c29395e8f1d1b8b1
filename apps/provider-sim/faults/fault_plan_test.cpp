#include "provider-sim/faults/fault_plan.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace weir::sim {
namespace {

nlohmann::json rules(nlohmann::json rule) { return {{"seed", 7}, {"rules", nlohmann::json::array({std::move(rule)})}}; }

TEST(FaultPlan, StrikesAtItsRateWhateverTheOrder) {
  FaultPlan forward;
  FaultPlan backward;
  ASSERT_TRUE(forward.load(rules({{"kind", "reset"}, {"rate", 0.3}})));
  ASSERT_TRUE(backward.load(rules({{"kind", "reset"}, {"rate", 0.3}})));
  std::vector<bool> first;
  std::vector<bool> second(1'000);
  for (int i = 0; i < 1'000; ++i) first.push_back(forward.strike(fmt::format("/x?page={}", i), "core", "u") != nullptr);
  for (int i = 999; i >= 0; --i)
    second[static_cast<std::size_t>(i)] = backward.strike(fmt::format("/x?page={}", i), "core", "u") != nullptr;
  EXPECT_EQ(first, second);
  const auto struck = std::count(first.begin(), first.end(), true);
  EXPECT_GT(struck, 240);
  EXPECT_LT(struck, 360);
}

TEST(FaultPlan, KeepsToItsMatchCountAndStart) {
  FaultPlan plan;
  ASSERT_TRUE(plan.load(
      rules({{"kind", "status_502"}, {"match", "/issues"}, {"after", 1}, {"count", 2}, {"identity", "user:a"}})));
  EXPECT_FALSE(plan.strike("/pulls", "core", "user:a"));
  EXPECT_FALSE(plan.strike("/issues", "core", "user:b"));
  EXPECT_FALSE(plan.strike("/issues", "core", "user:a"));  // the first one is spared
  EXPECT_TRUE(plan.strike("/issues", "core", "user:a"));
  EXPECT_TRUE(plan.strike("/issues?page=2", "core", "user:a"));
  EXPECT_FALSE(plan.strike("/issues", "core", "user:a"));
}

TEST(FaultPlan, RefusesWhatItDoesNotKnowAndKeepsWhatItHad) {
  FaultPlan plan;
  ASSERT_TRUE(plan.load(rules({{"kind", "reset"}})));
  EXPECT_FALSE(plan.load(rules({{"kind", "earthquake"}})));
  EXPECT_FALSE(plan.load(rules({{"kind", "reset"}, {"rat", 1}})));
  EXPECT_FALSE(plan.load(rules({{"kind", "secondary"}, {"form", "500"}})));
  EXPECT_TRUE(plan.strike("/x", "core", "u"));
}

}  // namespace
}  // namespace weir::sim

#include "plugin/declarative/head_state.hpp"

#include <gtest/gtest.h>

namespace weir::plugin::declarative {
namespace {

std::vector<std::string> shown(const std::vector<Head>& heads) {
  std::vector<std::string> lines;
  for (const auto& head : heads)
    lines.push_back(head.name + "=" + head.value + " from " + head.base.value_or("nothing"));
  return lines;
}

using Lines = std::vector<std::string>;

TEST(HeadStates, TheTrunkComesFirstAndIsTheBaseOfNewHeads) {
  HeadState state;
  const std::vector<Head> heads{{.name = "feature", .value = "f1"}, {.name = "main", .value = "m1"}};
  EXPECT_EQ(shown(state.moved(heads, "main")), (Lines{"main=m1 from nothing", "feature=f1 from nothing"}));
  state.add(heads[1]);
  EXPECT_EQ(shown(state.moved(heads, "main")), Lines{"feature=f1 from m1"});
}

TEST(HeadStates, AHeadThatMovedIsComparedWithItself) {
  const HeadState state({{"heads", {{"feature", "f1"}, {"main", "m1"}}}});
  const std::vector<Head> heads{{.name = "feature", .value = "f2"}, {.name = "main", .value = "m1"}};
  EXPECT_EQ(shown(state.moved(heads, "main")), Lines{"feature=f2 from f1"});
}

TEST(HeadStates, AValueThatIsKnownUnderAnotherNameIsNotNew) {
  const HeadState state({{"heads", {{"main", "m1"}}}});
  EXPECT_TRUE(state.moved({{.name = "copy", .value = "m1"}}, "main").empty());
  EXPECT_EQ(state.moved({{.name = "a", .value = "x"}, {.name = "b", .value = "x"}}, "main").size(), 1U);
}

TEST(HeadStates, ThousandsOfHeadsFitIntoACursor) {
  HeadState state;
  std::vector<Head> heads;
  for (int i = 0; i < 1200; ++i)
    heads.push_back({.name = fmt::format("branch-number-{}", i), .value = fmt::format("{:040}", i)});
  for (const auto& head : heads) state.add(head);
  const auto json = state.to_json();
  EXPECT_LT(json.dump().size(), 64U << 10U);
  EXPECT_TRUE(HeadState(json).moved(heads, "branch-number-0").empty());
}

TEST(HeadStates, AForeignStateCountsAsNone) {
  EXPECT_EQ(HeadState(nlohmann::json("x")).moved({{.name = "a", .value = "1"}}, "a").size(), 1U);
  EXPECT_EQ(HeadState({{"heads", {1, 2}}, {"hashes", 5}}).moved({{.name = "a", .value = "1"}}, "a").size(), 1U);
}

}  // namespace
}  // namespace weir::plugin::declarative

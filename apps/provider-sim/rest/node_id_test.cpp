#include "provider-sim/rest/node_id.hpp"

#include <gtest/gtest.h>

namespace weir::sim {
namespace {

// Pairs that GitHub itself sent.
TEST(NodeId, IsGitHubsOwnForm) {
  EXPECT_EQ(make_node_id("R", 515'436'299), "R_kgDOHrjvCw");
  EXPECT_EQ(make_node_id("R", 515'435'940), "R_kgDOHrjtpA");
}

TEST(NodeId, ReadsWhatItMakes) {
  const auto pull = parse_node_id(make_node_id("PR", 515'436'299, 2'983'238'245));
  ASSERT_TRUE(pull);
  EXPECT_EQ(pull->prefix, "PR");
  EXPECT_EQ(pull->numbers, (std::vector<std::int64_t>{515'436'299, 2'983'238'245}));
  const auto big = parse_node_id(make_node_id("I", 1, 9'000'000'000));
  ASSERT_TRUE(big);
  EXPECT_EQ(big->numbers[1], 9'000'000'000);
  const auto commit = parse_node_id(make_commit_node_id(7, std::string(40, 'a')));
  ASSERT_TRUE(commit);
  EXPECT_EQ(commit->text, std::string(40, 'a'));
}

TEST(NodeId, RefusesOthers) {
  for (const auto* text : {"", "R", "R_", "_kgDOHrjvCw", "R_!!!!", "MDEwOlJlcG9zaXRvcnkx", "R_kgDO"})
    EXPECT_FALSE(parse_node_id(text)) << text;
}

}  // namespace
}  // namespace weir::sim

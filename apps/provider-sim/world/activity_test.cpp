#include "provider-sim/world/activity.hpp"

#include <algorithm>

#include <gtest/gtest.h>

namespace weir::sim {
namespace {

using namespace std::chrono_literals;

const Time k_start(1'769'860'800s);

WorldOptions small() {
  return {.seed = 1, .now = k_start, .repositories = 2, .commits = 60, .pulls = 12, .issues = 12};
}

nlohmann::json perform(World& world, const nlohmann::json& activity, std::uint64_t seed = 1) {
  return Activity(world, seed).perform(*parse_activity(activity), k_start, k_start + 1h);
}

const Repository& repository_of(const World& world, const nlohmann::json& event) {
  return *world.find_repository(event["repository_id"].get<std::int64_t>());
}

TEST(Activity, EveryKindDoesSomething) {
  World world(small());
  for (const auto* kind :
       {"commits",     "late_merge",    "force_push",  "branch_new",    "branch_delete", "pull_open",    "pull_merge",
        "pull_close",  "pull_edit",     "review",      "issue_open",    "issue_close",   "issue_reopen", "issue_edit",
        "release_new", "release_edit",  "run_new",     "run_finish",    "run_rerun",     "repo_new",     "repo_edit",
        "first_push",  "member_remove", "repo_rename", "repo_transfer", "repo_archive"}) {
    const auto before = world.version();
    const auto events = perform(world, {{kind, 1}});
    ASSERT_EQ(events.size(), 1U) << kind;
    EXPECT_EQ(events[0]["kind"], kind);
    EXPECT_GT(world.version(), before) << kind;
  }
  World other(small());
  const auto deleted = perform(other, {{"repo_delete", 1}});
  EXPECT_EQ(other.find_repository(deleted[0]["repository_id"].get<std::int64_t>()), nullptr);
}

TEST(Activity, IsTheSameForTheSameSeed) {
  World one(small());
  World two(small());
  EXPECT_EQ(perform(one, "heavy"), perform(two, "heavy"));
  World three(small());
  EXPECT_NE(perform(one, "light", 2), perform(three, "light", 3));
}

TEST(Activity, ALateMergeIsReachableButOlderThanAnyRecentWatermark) {
  World world(small());
  const auto event = perform(world, {{"late_merge", 1}})[0];
  const Repository& repository = repository_of(world, event);
  const auto history = *world.history(repository, repository.branches.front().head);
  for (std::size_t i = 0; i + 1 < event["shas"].size(); ++i) {
    const auto index = repository.find_commit(*Sha::parse(event["shas"][i].get<std::string>()));
    ASSERT_TRUE(index);
    EXPECT_LT(repository.commits[*index].committed_at, k_start - 24h * 9);
    EXPECT_NE(std::ranges::find(history, *index), history.end());
  }
}

TEST(Activity, AForcePushLeavesCommitsThatNoBranchReaches) {
  World world(small());
  nlohmann::json event;
  do event = perform(world, {{"force_push", 1}}, world.version())[0];
  while (event["branch"] != "main");
  const Repository& repository = repository_of(world, event);
  const auto history = *world.history(repository, repository.branches.front().head);
  const auto dropped = repository.find_commit(*Sha::parse(event["dropped"][0].get<std::string>()));
  ASSERT_TRUE(dropped);
  EXPECT_EQ(std::ranges::find(history, *dropped), history.end());
}

TEST(Activity, ARerunKeepsItsIdAndItsCreation) {
  World world(small());
  const auto event = perform(world, {{"run_rerun", 1}})[0];
  const Repository& repository = repository_of(world, event);
  const auto run = std::ranges::find(repository.runs, event["run_id"].get<std::int64_t>(), &WorkflowRun::id);
  ASSERT_NE(run, repository.runs.end());
  EXPECT_LT(run->created_at, k_start);
  EXPECT_GT(run->updated_at, k_start);
}

TEST(Activity, TouchesOnlyTheNamedRepositories) {
  World world(small());
  const auto name = world.repositories()[1]->name;
  for (const auto& event :
       perform(world, {{"issue_edit", 10}, {"commits", 10}, {"repositories", nlohmann::json::array({name})}}))
    EXPECT_EQ(event["repository"], "acme/" + name);
}

TEST(Activity, RefusesWhatItDoesNotKnow) {
  EXPECT_FALSE(parse_activity({{"earthquake", 1}}));
  EXPECT_FALSE(parse_activity({{"commits", -1}}));
  EXPECT_FALSE(parse_activity("busy"));
  EXPECT_TRUE(parse_activity(40));
  EXPECT_TRUE(parse_activity(nullptr)->counts.empty());
}

}  // namespace
}  // namespace weir::sim

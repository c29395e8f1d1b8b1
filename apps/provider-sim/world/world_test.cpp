#include "provider-sim/world/world.hpp"

#include <algorithm>
#include <set>

#include <gtest/gtest.h>

#include "provider-sim/truth/truth.hpp"
#include "provider-sim/world/contributors.hpp"

namespace weir::sim {
namespace {

using namespace std::chrono_literals;

WorldOptions small(std::uint64_t seed) {
  return {.seed = seed, .now = Time(1'769'860'800s), .repositories = 3, .commits = 200, .pulls = 30, .issues = 25};
}

std::string everything(const World& world) {
  std::string text;
  for (const auto resource : truth_resources()) text += *tell_truth(world, resource, {.with_orphans = true});
  return text;
}

TEST(World, IsTheSameForTheSameSeed) {
  EXPECT_EQ(everything(World(small(7))), everything(World(small(7))));
  EXPECT_NE(everything(World(small(7))), everything(World(small(8))));
}

TEST(World, HasExactlyTheSizesAskedFor) {
  const World world(small(1));
  for (std::size_t i = 0; i < 3; ++i) {
    const Repository& repository = *world.repositories()[i];
    EXPECT_EQ(world.history(repository, repository.branches.front().head)->size(), 200U);
    EXPECT_EQ(repository.pulls.size(), 30U);
    EXPECT_EQ(repository.issues.size(), 25U);
    EXPECT_EQ(repository.branches.size(), 4U);
  }
}

TEST(World, NothingLiesInTheFuture) {
  const World world(small(3));
  const Time now = world.options().now;
  for (const auto& repository : world.repositories()) {
    EXPECT_LE(repository->updated_at, now);
    for (const Commit& commit : repository->commits) EXPECT_LE(commit.committed_at, now);
    for (const Pull& pull : repository->pulls) EXPECT_LE(pull.updated_at, now);
    for (const Issue& issue : repository->issues) EXPECT_LE(issue.updated_at, now);
    for (const WorkflowRun& run : repository->runs) EXPECT_LE(run.updated_at, now);
  }
}

TEST(World, HasTheAwkwardThingsOfReality) {
  const World world(small(1));
  std::size_t gone = 0;
  std::size_t nobody = 0;
  std::size_t merged = 0;
  std::size_t bots = 0;
  for (const Pull& pull : world.repositories()[0]->pulls) {
    gone += pull.head_repository == HeadRepository::gone ? 1 : 0;
    merged += pull.merged_at ? 1 : 0;
    bots += pull.author != k_none && world.account(pull.author).kind == AccountKind::bot ? 1 : 0;
  }
  for (const auto& repository : world.repositories())
    for (const Commit& commit : repository->commits) nobody += world.person(commit.author).account == k_none ? 1 : 0;
  EXPECT_GT(gone, 0U);
  EXPECT_GT(nobody, 0U);
  EXPECT_GT(bots, 0U);
  EXPECT_EQ(merged, 21U);
  for (const auto* name :
       {"empty-shell", "archived-lib", "no-issues", "dmca-mirror", "terms-blocked", "forked-tool", "moved-service"})
    EXPECT_TRUE(world.find_repository(std::string("acme/") + name)) << name;
  EXPECT_EQ(world.find_moved_repository("acme/old-service"), world.find_repository("ACME/Moved-Service"));
}

TEST(World, HistoryIsNewestFirstAndParentsFollowTheirChildren) {
  const World world(small(5));
  const Repository& repository = *world.repositories()[0];
  const auto commits = *world.history(repository, repository.branches.front().head);
  std::set<Index> seen;
  for (std::size_t i = 0; i < commits.size(); ++i) {
    const Commit& commit = repository.commits[commits[i]];
    if (i > 0) EXPECT_GE(repository.commits[commits[i - 1]].committed_at, commit.committed_at);
    for (const Index parent : commit.parents) EXPECT_FALSE(seen.contains(parent));
    seen.insert(commits[i]);
  }
}

TEST(World, NumbersAndIdsAreUnique) {
  const World world(small(2));
  std::set<std::int64_t> ids;
  for (const auto& repository : world.repositories()) {
    std::set<std::int64_t> numbers;
    for (const Issue& issue : repository->issues)
      EXPECT_TRUE(numbers.insert(issue.number).second && ids.insert(issue.issue_id).second);
    for (const Pull& pull : repository->pulls)
      EXPECT_TRUE(numbers.insert(pull.number).second && ids.insert(pull.id).second);
  }
  EXPECT_GT(*ids.begin(), 2'147'483'647);
}

TEST(Contributors, AddUpToTheCommitsThatAreNoMerges) {
  const World world(small(4));
  const Repository& repository = *world.repositories()[0];
  std::int64_t sum = 0;
  for (const Contributor& contributor : count_contributors(world, repository)) sum += contributor.contributions;
  const auto commits = *world.history(repository, repository.branches.front().head);
  EXPECT_EQ(
      sum, std::ranges::count_if(commits, [&](Index commit) { return repository.commits[commit].parent_count() < 2; }));
}

}  // namespace
}  // namespace weir::sim

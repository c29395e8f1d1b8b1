#include "plugin/builtin/git/commit_walk.hpp"

#include <algorithm>
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "base/random.hpp"
#include "plugin/builtin/git/references.hpp"
#include "plugin/builtin/git/testing.hpp"

namespace weir::plugin::git {
namespace {

using testing::TestRepository;

constexpr std::size_t k_unbounded = 1U << 30U;

std::vector<ObjectId> walk_all(CommitWalk& walk) {
  std::vector<ObjectId> all;
  for (;;) {
    const auto ids = walk.next(7, k_unbounded);
    if (!ids) throw std::runtime_error(ids.error().message);
    if (ids->empty()) return all;
    all.insert(all.end(), ids->begin(), ids->end());
  }
}

std::vector<ObjectId> walk_all(const TestRepository& repository, WalkRequest request) {
  auto store = ObjectStore::open(repository.objects()).value();
  CommitWalk walk(store, std::move(request), Stop());
  return walk_all(walk);
}

std::set<ObjectId> as_set(const std::vector<ObjectId>& ids) {
  std::set<ObjectId> set(ids.begin(), ids.end());
  EXPECT_EQ(set.size(), ids.size()) << "a commit was taken twice";
  return set;
}

std::vector<ObjectId> heads_of(const TestRepository& repository) {
  auto store = ObjectStore::open(repository.objects()).value();
  return walk_heads(read_references(repository.path()).value(), store).value();
}

std::string arguments(const std::vector<ObjectId>& ids, const char* prefix = "") {
  std::string text;
  for (const auto& id : ids) text += " " + (prefix + id.to_string());
  return text;
}

// Throws unless every commit comes after all its parents that are in the list.
void expect_ancestors_first(const TestRepository& repository, const std::vector<ObjectId>& ids) {
  std::map<std::string, std::size_t> position;
  for (std::size_t i = 0; i < ids.size(); ++i) position[ids[i].to_string()] = i;
  for (const auto& line : testing::lines_of(repository.git("rev-list --parents --all"))) {
    const auto self = position.find(line.substr(0, 40));
    if (self == position.end()) continue;
    for (std::size_t begin = 41; begin < line.size(); begin += 41) {
      const auto parent = position.find(line.substr(begin, 40));
      if (parent != position.end()) ASSERT_LT(parent->second, self->second);
    }
  }
}

class RandomHistory : public ::testing::TestWithParam<int> {};

TEST_P(RandomHistory, IsTakenWholeAndAncestorsFirst) {
  const auto& repository = testing::shared_history(GetParam());
  const auto taken = walk_all(repository, {.heads = heads_of(repository), .collected = {}, .frontier = {}});
  EXPECT_EQ(as_set(taken), as_set(repository.ids("rev-list --all")));
  expect_ancestors_first(repository, taken);
}

TEST_P(RandomHistory, GoesOnBehindAnyFrontier) {
  const auto& repository = testing::shared_history(GetParam());
  const auto heads = heads_of(repository);
  const auto whole = walk_all(repository, {.heads = heads, .collected = {}, .frontier = {}});
  Random random(static_cast<std::uint64_t>(GetParam()));
  for (int round = 0; round < 10; ++round) {
    auto store = ObjectStore::open(repository.objects()).value();
    CommitWalk walk(store, {.heads = heads, .collected = {}, .frontier = {}}, Stop());
    const auto cut = 1 + random.below(whole.size());
    const auto before = walk.next(cut, k_unbounded).value();
    const auto after = walk_all(repository, {.heads = heads, .collected = {}, .frontier = walk.frontier(1000)});
    auto joined = before;
    joined.insert(joined.end(), after.begin(), after.end());
    EXPECT_EQ(joined, whole) << "cut at " << cut;
  }
}

TEST_P(RandomHistory, GoesOnAgainAndAgain) {
  // As many small runs as it takes, each from where the last one was cut; the position stays as small as it was.
  const auto& repository = testing::shared_history(GetParam());
  const auto heads = heads_of(repository);
  const auto whole = walk_all(repository, {.heads = heads, .collected = {}, .frontier = {}});
  std::vector<ObjectId> joined, frontier;
  for (;;) {
    auto store = ObjectStore::open(repository.objects()).value();
    CommitWalk walk(store, {.heads = heads, .collected = {}, .frontier = frontier}, Stop());
    const auto ids = walk.next(23, k_unbounded).value();
    if (ids.empty()) break;
    joined.insert(joined.end(), ids.begin(), ids.end());
    auto uncut_store = ObjectStore::open(repository.objects()).value();
    CommitWalk uncut(uncut_store, {.heads = heads, .collected = {}, .frontier = {}}, Stop());
    ASSERT_TRUE(uncut.next(joined.size(), k_unbounded).has_value());
    frontier = walk.frontier(1000);
    EXPECT_EQ(as_set(frontier), as_set(uncut.frontier(1000)));
  }
  EXPECT_EQ(joined, whole);
}

TEST_P(RandomHistory, MissesNothingBehindAPartOfTheFrontier) {
  const auto& repository = testing::shared_history(GetParam());
  const auto heads = heads_of(repository);
  auto store = ObjectStore::open(repository.objects()).value();
  CommitWalk walk(store, {.heads = heads, .collected = {}, .frontier = {}}, Stop());
  std::set<ObjectId> taken;
  while (walk.frontier(10).size() < 2) taken.insert(walk.next(1, k_unbounded).value().at(0));
  const auto part = walk.frontier(1);
  EXPECT_EQ(part.size(), 1U);
  for (const auto& id : walk_all(repository, {.heads = heads, .collected = {}, .frontier = part})) taken.insert(id);
  EXPECT_EQ(taken, as_set(repository.ids("rev-list --all")));
}

TEST_P(RandomHistory, TakesExactlyWhatWasAddedSince) {
  const TestRepository repository;
  std::vector<ObjectId> collected;
  std::set<ObjectId> known;
  for (const int commits : {50, 51, 400}) {
    repository.generate(fmt::format("--rich --commits {} --seed {}", commits, GetParam()));
    const auto heads = heads_of(repository);
    const auto taken = walk_all(repository, {.heads = heads, .collected = collected, .frontier = {}});
    EXPECT_EQ(as_set(taken), as_set(repository.ids("rev-list" + arguments(heads) + arguments(collected, "^"))));
    known.insert(taken.begin(), taken.end());
    for (const auto& id : repository.ids("rev-list --all")) EXPECT_TRUE(known.contains(id));
    collected = heads;
  }
  EXPECT_TRUE(walk_all(repository, {.heads = collected, .collected = collected, .frontier = {}}).empty());
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomHistory, ::testing::Range(1, 4));

TEST(CommitWalk, FindsALateMergedBranchWithOldDates) {
  const TestRepository repository;
  const auto root = repository.commit({}, "0", 1000);
  const auto old_work = repository.commit({root}, "branch", 1001);
  const auto head = repository.commit({root}, "1", 900'000);
  const auto merge = repository.commit({head, old_work}, "2", 900'001);
  const auto taken = walk_all(repository, {.heads = {merge}, .collected = {head}, .frontier = {}});
  EXPECT_EQ(taken, (std::vector{old_work, merge}));
}

TEST(CommitWalk, FollowsAForcePush) {
  const TestRepository repository;
  const auto root = repository.commit({}, "0", 1);
  const auto kept = repository.commit({root}, "1", 2);
  const auto dropped = repository.commit({kept}, "2", 3);
  const auto replaced = repository.commit({kept}, "3", 3);
  EXPECT_EQ(walk_all(repository, {.heads = {replaced}, .collected = {dropped}, .frontier = {}}), std::vector{replaced});
  // The dropped commit may be gone altogether; then nothing tells where to stop.
  const auto gone = ObjectId::parse("00000000000000000000000000000000000000ff").value();
  EXPECT_EQ(walk_all(repository, {.heads = {replaced}, .collected = {gone}, .frontier = {}}),
            (std::vector{root, kept, replaced}));
  // Back to an older commit: nothing is new.
  EXPECT_TRUE(walk_all(repository, {.heads = {root}, .collected = {dropped}, .frontier = {}}).empty());
}

TEST(CommitWalk, MissesNothingWhateverTheDates) {
  // A random graph whose dates say nothing about its order.
  const TestRepository repository;
  Random random(5);
  std::vector<ObjectId> all;
  const auto tree = repository.write_tree({});
  for (int i = 0; i < 120; ++i) {
    std::vector<ObjectId> parents;
    for (std::uint64_t n = random.below(3); n > 0 && !all.empty(); --n) {
      const auto& parent = all[all.size() - 1 - random.below(std::min<std::size_t>(all.size(), 8))];
      if (std::ranges::find(parents, parent) == parents.end()) parents.push_back(parent);
    }
    const auto date = static_cast<std::int64_t>(random.below(2'000'000'000)) - (i % 10 == 0 ? 3'000'000'000 : 0);
    all.push_back(repository.commit_tree(tree, parents, date, fmt::format("{}", i)));
  }
  for (int round = 0; round < 30; ++round) {
    const auto pick = [&] { return all[random.below(all.size())]; };
    const std::vector<ObjectId> collected{pick(), pick()};
    const std::vector<ObjectId> heads{pick(), pick(), pick()};
    const auto taken = as_set(walk_all(repository, {.heads = heads, .collected = collected, .frontier = {}}));
    for (const auto& id : repository.ids("rev-list" + arguments(heads) + arguments(collected, "^")))
      EXPECT_TRUE(taken.contains(id));
    const auto reachable = as_set(repository.ids("rev-list" + arguments(heads)));
    for (const auto& id : taken) EXPECT_TRUE(reachable.contains(id));
  }
}

TEST(CommitWalk, BoundsABatchByBytes) {
  const TestRepository repository;
  std::vector<ObjectId> parents;
  for (int i = 0; i < 5; ++i) parents = {repository.commit(parents, "x", i, std::string(100'000, 'm'))};
  auto store = ObjectStore::open(repository.objects()).value();
  CommitWalk walk(store, {.heads = parents, .collected = {}, .frontier = {}}, Stop());
  EXPECT_EQ(walk.next(100, 150'000)->size(), 2U);
  EXPECT_EQ(walk.next(100, 1)->size(), 1U);
}

TEST(CommitWalk, SaysWhichCommitIsMissingUnlessHistoryIsCut) {
  const TestRepository repository;
  const auto gone = ObjectId::parse("00000000000000000000000000000000000000ff").value();
  const auto head = repository.commit({gone}, "1", 2);
  auto store = ObjectStore::open(repository.objects()).value();
  CommitWalk walk(store, {.heads = {head}, .collected = {}, .frontier = {}}, Stop());
  const auto ids = walk.next(10, k_unbounded);
  ASSERT_FALSE(ids.has_value());
  EXPECT_EQ(ids.error().code, ErrorCode::provider_failed);
  EXPECT_TRUE(ids.error().message.contains(gone.to_string()));
  const WalkRequest cut{
      .heads = {head}, .collected = {}, .frontier = {}, .completeness = Completeness::may_lack_objects};
  EXPECT_EQ(walk_all(repository, cut), std::vector{head});
}

TEST(CommitWalk, EndsWhenAsked) {
  const TestRepository repository;
  repository.generate("--commits 600 --seed 9");
  const std::atomic<bool> flag = true;
  auto store = ObjectStore::open(repository.objects()).value();
  CommitWalk walk(store, {.heads = heads_of(repository), .collected = {}, .frontier = {}}, Stop(flag));
  const auto ids = walk.next(10, k_unbounded);
  ASSERT_FALSE(ids.has_value());
  EXPECT_EQ(ids.error().code, ErrorCode::cancelled);
}

}  // namespace
}  // namespace weir::plugin::git

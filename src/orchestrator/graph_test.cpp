#include "orchestrator/graph.hpp"

#include <algorithm>
#include <functional>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/random.hpp"
#include "orchestrator/cycles.hpp"
#include "orchestrator/schedule.hpp"

namespace weir::orchestrator {
namespace {

GraphScript script(std::string source, std::string name, std::vector<std::string> provides,
                   std::vector<std::string> needs, bool is_in_run = true) {
  return {{std::move(source), std::move(name)}, std::move(provides), std::move(needs), is_in_run};
}

const KnownResources k_known{{"repository", {"git", "github"}}, {"commit", {"git"}}, {"issue", {"jira"}}};

TEST(Graph, ADependencyIsMetByTheSameSourceBeforeTheOthers) {
  const auto nodes = build_graph(
      {script("git", "git/repository", {"repository"}, {}), script("mirror", "git/repository", {"repository"}, {}),
       script("mirror", "git/commit", {"commit"}, {"repository"}),
       script("jira", "jira/issue", {"issue"}, {"repository"})},
      k_known);
  EXPECT_EQ(nodes[2].waits_for, (std::vector<std::size_t>{1}));
  EXPECT_EQ(nodes[3].waits_for, (std::vector<std::size_t>{0, 1}));
  EXPECT_EQ(nodes[1].remaining_path, 2U);
  EXPECT_EQ(nodes[2].remaining_path, 1U);
}

TEST(Graph, AProviderOutsideTheRunIsNotWaitedFor) {
  const auto nodes = build_graph({script("git", "git/repository", {"repository"}, {}, false),
                                  script("git", "git/commit", {"commit"}, {"repository"})},
                                 k_known);
  ASSERT_EQ(nodes.size(), 1U);
  EXPECT_TRUE(nodes[0].waits_for.empty());
  EXPECT_FALSE(nodes[0].error || nodes[0].not_configured);
}

TEST(Graph, AnUnknownResourceIsAnErrorThatNamesThePath) {
  const auto nodes = build_graph({script("git", "git/commit", {"commit"}, {"repositry"})}, k_known);
  ASSERT_TRUE(nodes[0].error.has_value());
  EXPECT_EQ(nodes[0].error->code, ErrorCode::declaration_invalid);
  EXPECT_TRUE(nodes[0].error->message.contains("git/commit -> repositry")) << nodes[0].error->message;
}

TEST(Graph, AKnownResourceThatNoSourceProvidesNamesTheRemedy) {
  const auto nodes = build_graph({script("jira", "jira/issue", {"issue"}, {"repository"})}, k_known);
  ASSERT_TRUE(nodes[0].not_configured.has_value());
  EXPECT_TRUE(nodes[0].not_configured->contains("add or enable one of git, github")) << *nodes[0].not_configured;
}

TEST(Graph, ACycleNamesItsPathAndSparesTheRest) {
  const KnownResources known{{"a", {"x"}}, {"b", {"x"}}, {"c", {"x"}}};
  Schedule schedule(build_graph({script("x", "x/a", {"a"}, {"b"}), script("x", "x/b", {"b"}, {"a"}),
                                 script("x", "x/after", {"c"}, {"a"}), script("y", "y/free", {}, {})},
                                known));
  EXPECT_TRUE(schedule.node(0).error->message.contains("x/a -> x/b -> x/a")) << schedule.node(0).error->message;
  EXPECT_EQ(schedule.state(1), NodeState::failed);
  EXPECT_EQ(schedule.state(2), NodeState::skipped);
  EXPECT_EQ(schedule.reason(2), "x/a failed");
  EXPECT_EQ(schedule.ready(), (std::vector<std::size_t>{3}));
}

TEST(Graph, AScriptThatProvidesWhatItNeedsReliesOnItsSiblings) {
  const KnownResources known{{"a", {"x"}}};
  const auto nodes = build_graph({script("x", "x/list", {"a"}, {}), script("x", "x/details", {"a"}, {"a"})}, known);
  EXPECT_EQ(nodes[1].waits_for, (std::vector<std::size_t>{0}));
  const auto alone = build_graph({script("x", "x/details", {"a"}, {"a"})}, known);
  EXPECT_TRUE(alone[0].error.has_value());
}

TEST(Graph, WithDependenciesTakesEverythingBelow) {
  const std::vector<GraphScript> scripts{
      script("git", "git/repository", {"repository"}, {}), script("git", "git/commit", {"commit"}, {"repository"}),
      script("git", "git/other", {}, {"repository"}), script("jira", "jira/link", {}, {"commit"})};
  EXPECT_EQ(with_dependencies(scripts, {3}), (std::vector<std::size_t>{0, 1, 3}));
}

TEST(Schedule, HeldAndParkedAreInherited) {
  const KnownResources known{{"a", {"x"}}, {"b", {"x"}}};
  const std::vector<GraphScript> chain{script("x", "x/a", {"a"}, {}), script("x", "x/b", {"b"}, {"a"}),
                                       script("x", "x/c", {}, {"b"})};
  Schedule held(build_graph(chain, known));
  held.skip(0, SkipCode::held, "held by node 7");
  EXPECT_EQ(held.skip_code(2), SkipCode::held);
  EXPECT_TRUE(held.reason(2).contains("node 7"));
  EXPECT_TRUE(held.is_over());

  Schedule parked(build_graph(chain, known));
  parked.start(0);
  parked.park(0);
  EXPECT_TRUE(parked.is_settled());
  EXPECT_FALSE(parked.is_over());
  parked.wake(0);
  EXPECT_EQ(parked.ready(), (std::vector<std::size_t>{0}));
}

TEST(Schedule, TheReasonNamesTheAncestorThatWasAtFault) {
  const KnownResources known{{"a", {"x"}}, {"b", {"x"}}};
  Schedule schedule(build_graph(
      {script("x", "x/a", {"a"}, {}), script("x", "x/b", {"b"}, {"a"}), script("x", "x/c", {}, {"b"})}, known));
  schedule.start(0);
  schedule.fail(0, "no");
  EXPECT_EQ(schedule.reason(2), "x/a failed");
  EXPECT_TRUE(schedule.is_over());
}

// Against brute force -----------------------------------------------------------------------------------------------

struct World {
  std::vector<GraphScript> scripts;
  KnownResources known;
};

World random_world(Random& random) {
  World world;
  for (std::size_t r = 0; r < 5; ++r)
    if (random.below(6) != 0) world.known[fmt::format("r{}", r)] = {"p"};
  const auto count = 1 + random.below(8);
  for (std::size_t i = 0; i < count; ++i) {
    auto one = script(fmt::format("s{}", random.below(3)), fmt::format("p/x{}", i), {}, {}, random.below(8) != 0);
    for (std::size_t r = 0; r < 5; ++r) {
      const auto name = fmt::format("r{}", r);
      if (random.below(4) == 0 && world.known.contains(name)) one.provides.push_back(name);
      if (random.below(5) == 0) one.needs.push_back(name);
    }
    world.scripts.push_back(one);
  }
  return world;
}

bool has(const std::vector<std::string>& names, const std::string& name) {
  return std::ranges::find(names, name) != names.end();
}

// The rule again, written the other way round: does `provider` meet the need of `self` for `resource`?
bool meets(const World& world, std::size_t provider, std::size_t self, const std::string& resource) {
  const auto& scripts = world.scripts;
  if (!has(scripts[provider].provides, resource)) return false;
  const auto is_sibling = [&](std::size_t i) {
    return scripts[i].id.data_source == scripts[self].id.data_source && has(scripts[i].provides, resource);
  };
  bool any_other_sibling = false;
  for (std::size_t i = 0; i < scripts.size(); ++i) any_other_sibling |= i != self && is_sibling(i);
  if (provider == self) return !any_other_sibling;
  if (is_sibling(provider)) return true;
  return !any_other_sibling && !is_sibling(self);
}

struct Expected {
  std::vector<std::vector<bool>> waits;  // waits[i][j]: i waits for j, both in the run
  std::vector<bool> fails, lacks;
};

Expected brute_force(const World& world) {
  const auto n = world.scripts.size();
  Expected out{std::vector(n, std::vector<bool>(n)), std::vector<bool>(n), std::vector<bool>(n)};
  for (std::size_t i = 0; i < n; ++i)
    for (const auto& need : world.scripts[i].needs) {
      bool is_met = false;
      for (std::size_t j = 0; j < n; ++j) {
        if (!meets(world, j, i, need)) continue;
        is_met = true;
        if (world.scripts[i].is_in_run && world.scripts[j].is_in_run) out.waits[i][j] = true;
      }
      if (!is_met) (world.known.contains(need) ? out.lacks : out.fails)[i] = true;
    }
  auto reach = out.waits;  // Warshall
  for (std::size_t k = 0; k < n; ++k)
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < n; ++j) reach[i][j] = reach[i][j] || (reach[i][k] && reach[k][j]);
  for (std::size_t i = 0; i < n; ++i)
    if (reach[i][i]) out.fails[i] = true;
  return out;
}

std::size_t longest_chain(const Expected& expected, std::size_t from) {
  std::size_t longest = 0;
  for (std::size_t i = 0; i < expected.waits.size(); ++i)
    if (expected.waits[i][from] && !expected.fails[i]) longest = std::max(longest, longest_chain(expected, i));
  return longest + 1;
}

// Runs a world with random ends; afterwards every script's state must follow from those ends alone.
void run_and_check(const World& world, Random& random) {
  const auto expected = brute_force(world);
  std::vector<std::size_t> origin;  // node → script
  for (std::size_t i = 0; i < world.scripts.size(); ++i)
    if (world.scripts[i].is_in_run) origin.push_back(i);
  Schedule schedule(build_graph(world.scripts, world.known));
  ASSERT_EQ(schedule.size(), origin.size());
  std::vector<std::size_t> running;
  std::vector<bool> ended_well(world.scripts.size());
  std::vector<bool> ended(world.scripts.size());
  while (!schedule.is_over()) {
    const auto ready = schedule.ready();
    for (std::size_t i = 1; i < ready.size(); ++i)
      EXPECT_GE(longest_chain(expected, origin[ready[i - 1]]), longest_chain(expected, origin[ready[i]]));
    if (!ready.empty() && (running.empty() || random.below(2) == 0)) {
      const auto chosen = ready.front();
      for (std::size_t j = 0; j < world.scripts.size(); ++j)
        EXPECT_TRUE(!expected.waits[origin[chosen]][j] || ended_well[j]) << "started before its dependency was done";
      schedule.start(chosen);
      running.push_back(chosen);
      continue;
    }
    ASSERT_FALSE(running.empty()) << "nothing runs and nothing is ready, yet it is not over";
    const auto at = random.below(running.size());
    const auto i = running[at];
    running.erase(running.begin() + static_cast<std::ptrdiff_t>(at));
    const auto end = random.below(5);
    if (end == 4) {
      schedule.put_back(i);
      continue;
    }
    ended[origin[i]] = true;
    ended_well[origin[i]] = end < 2;
    if (end < 2) schedule.done(i);
    if (end == 2) schedule.fail(i, "no");
    if (end == 3) schedule.skip(i, SkipCode::held, "elsewhere");
  }
  const std::function<bool(std::size_t)> is_blocked = [&](std::size_t i) {
    for (std::size_t j = 0; j < world.scripts.size(); ++j)
      if (expected.waits[i][j] &&
          (expected.fails[j] || expected.lacks[j] || (ended[j] && !ended_well[j]) || is_blocked(j)))
        return true;
    return false;
  };
  for (std::size_t node = 0; node < origin.size(); ++node) {
    const auto i = origin[node];
    const auto state = schedule.state(node);
    if (expected.fails[i])
      EXPECT_EQ(state, NodeState::failed);
    else if (expected.lacks[i] || is_blocked(i))
      EXPECT_EQ(state, NodeState::skipped);
    else
      EXPECT_TRUE(ended[i]) << "nothing kept it from running";
    if (state == NodeState::skipped) EXPECT_FALSE(schedule.reason(node).empty());
  }
}

TEST(Graph, AgreesWithBruteForceOnRandomTenants) {
  for (std::uint64_t seed = 0; seed < 3000; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    Random random(seed);
    const auto world = random_world(random);
    run_and_check(world, random);
    if (::testing::Test::HasFailure()) return;
  }
}

TEST(Cycles, FindsTheShortestWayBack) {
  const auto cycles = find_cycles({{1, 3}, {2}, {0}, {0}, {4}, {0}});
  ASSERT_EQ(cycles.size(), 2U);
  EXPECT_EQ(cycles[0].members, (std::vector<std::size_t>{0, 1, 2, 3}));
  EXPECT_EQ(cycles[0].path, (std::vector<std::size_t>{0, 3}));
  EXPECT_EQ(cycles[1].path, (std::vector<std::size_t>{4}));
}

}  // namespace
}  // namespace weir::orchestrator

// Which runs a claim takes, against the rule in plain words: slot by slot, the lane whose next payable run has the best
// class and then the lowest pass; inside a lane by class and then by age. Random lanes, runs and ends; one connection.
#include <algorithm>
#include <set>

#include "queue/queue.hpp"
#include "tests/support/queue_world.hpp"

namespace weir::queue {
namespace {

using test::ended;

struct Entry {
  PipelineRunId run;
  int run_class = 0;
  bool needs_quota = false;
  double order = 0;
  auto key() const { return std::pair(run_class, order); }
};

struct Lane {
  std::int64_t pass = 0;
  std::int64_t stride = 0;
  int free = 0;
  int quota = 0;
  std::vector<Entry> ready{};

  // What is next when `taken` are, and the quota is what is left.
  const Entry* next(const std::set<PipelineRunId>& taken) const {
    if (free <= 0) return nullptr;
    const Entry* best = nullptr;
    for (const auto& entry : ready)
      if (!taken.contains(entry.run) && (!entry.needs_quota || quota > 0) && (!best || entry.key() < best->key()))
        best = &entry;
    return best;
  }
};
using Lanes = std::map<TenantId, Lane>;
using Key = std::pair<int, std::int64_t>;  // class and pass of a slot given: equal ones may go either way

Task<Lanes> look(pg::Database& door) {
  Lanes lanes;
  const auto rows = co_await door.query(
      pg::Scope::control(), {"test.lanes",
                             "SELECT tenant_id, pass, weir.stride(weight) AS stride, cap - running AS free, "
                             "coalesce(runs_per_day - quota_used, 1000000) AS quota FROM weir.lane"});
  for (const auto row : rows)
    lanes[row.get<TenantId>("tenant_id")] = {row.get<std::int64_t>("pass"), row.get<std::int64_t>("stride"),
                                             row.get<int>("free"), row.get<int>("quota")};
  const auto entries = co_await door.query(
      pg::Scope::control(),
      {"test.entries",
       "SELECT tenant_id, pipeline_run_id, class, needs_quota, extract(epoch FROM order_at)::float8 "
       "AS order_at FROM weir.pipeline_execution_queue WHERE state = 'ready'"});
  for (const auto row : entries)
    lanes[row.get<TenantId>("tenant_id")].ready.push_back({row.get<PipelineRunId>("pipeline_run_id"),
                                                           row.get<int>("class"), row.get<bool>("needs_quota"),
                                                           row.get<double>("order_at")});
  co_return lanes;
}

// Gives one slot of a lane to its next run.
Key give(Lane& lane, const Entry& entry, std::set<PipelineRunId>& taken) {
  const Key key(entry.run_class, lane.pass);
  taken.insert(entry.run);
  lane.pass += lane.stride;
  --lane.free;
  lane.quota -= entry.needs_quota ? 1 : 0;
  return key;
}

std::vector<Key> predict(Lanes lanes, int max) {
  std::vector<Key> keys;
  std::set<PipelineRunId> taken;
  while (static_cast<int>(keys.size()) < max) {
    Lane* best = nullptr;
    Key best_key;
    for (auto& [tenant, lane] : lanes) {
      const auto* next = lane.next(taken);
      if (next && (!best || Key(next->run_class, lane.pass) < best_key)) {
        best = &lane;
        best_key = {next->run_class, lane.pass};
      }
    }
    if (!best) break;
    keys.push_back(give(*best, *best->next(taken), taken));
  }
  std::ranges::sort(keys);
  return keys;
}

// The slots that were given, if each lane gave its first ones.
std::vector<Key> explain_claim(Lanes lanes, const std::vector<ClaimedRun>& claimed) {
  std::vector<Key> keys;
  std::set<PipelineRunId> wanted, taken;
  for (const auto& run : claimed) wanted.insert(run.id);
  for (const auto& run : claimed) {
    auto& lane = lanes[run.tenant];
    const auto* next = lane.next(taken);
    if (!next || !wanted.contains(next->run)) return {};
    keys.push_back(give(lane, *next, taken));
  }
  std::ranges::sort(keys);
  return keys;
}

class ClaimOrder : public test::QueueWorld {};

TEST_F(ClaimOrder, IsTheRuleForRandomLanes) {
  add_node();
  settings.class_blind_every = 1'000'000;
  std::vector<TenantId> tenants;
  std::vector<PipelineId> pipelines;
  for (int i = 0; i < 7; ++i) {
    test::QueueWorld::Limits limits{.cap = 1 + i, .weight = 50 * (1 + i % 3)};
    if (i % 3 == 0) limits.runs_per_day = 12;
    tenants.push_back(add_tenant(fmt::format("t{}", i), limits));
    for (int p = 0; p < 4; ++p) pipelines.push_back(add_pipeline(tenants.back(), fmt::format("p{}", p), 1 + p % 2, p));
  }
  test::run([&](test::Context context) -> Task<> {
    pg::Pool pool(context.executor(), context.blocking, database.pool_settings(1));
    pg::Database door(pool, database.roles());
    Queue queue(door, random, settings);
    std::vector<ClaimedRun> held;
    int compared = 0;
    for (int step = 0; step < 150; ++step) {
      for (auto i = random.below(4); i > 0; --i) {
        const auto tenant = tenants[random.below(tenants.size())];
        const auto run_class = random.below(3) == 0 ? RunClass::backfill : RunClass::manual;
        co_await queue.enqueue(
            {.tenant = tenant, .run_class = run_class, .priority = static_cast<int>(random.below(3))});
      }
      if (random.below(2) == 0) fire(pipelines[random.below(pipelines.size())]);
      while (!held.empty() && random.below(3) != 0) {
        const auto end = random.below(4) == 0 ? RunEndStatus::released : RunEndStatus::completed;
        co_await queue.finish(held.back(), ended(end));
        held.pop_back();
      }
      const auto max = 1 + static_cast<int>(random.below(6));
      const auto before = co_await look(door);
      const auto claimed = co_await queue.claim(node, epoch, max);
      EXPECT_EQ(explain_claim(before, claimed), predict(before, max)) << "step " << step << ", " << claimed.size();
      compared += static_cast<int>(claimed.size());
      held.insert(held.begin(), claimed.begin(), claimed.end());
    }
    EXPECT_GT(compared, 100);
  });
}

}  // namespace
}  // namespace weir::queue

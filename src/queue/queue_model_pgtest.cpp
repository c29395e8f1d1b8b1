// Random operations from four connections at once, with the database watching: a check on the lanes refuses the first
// run too many, every snapshot must agree with itself, nobody may hold what another holds, and at the end every run is
// accounted for.
#include <set>

#include "base/task_group.hpp"
#include "queue/queue.hpp"
#include "tests/support/queue_world.hpp"

namespace weir::queue {
namespace {

using test::ended;

constexpr int k_tenants = 6, k_pipelines = 3, k_workers = 4;

class QueueModel : public test::QueueWorld {
 protected:
  struct Known {
    TenantId tenant;
    bool is_manual = false;
    bool is_held = false;
    bool was_parked = false;
    std::optional<bool> is_charged{};  // once it is over
  };

  void SetUp() override {
    add_node();
    settings.backoff = {.first_delay = 0ms, .delay_max = 0ms};
    settings.interruptions_max = 1;
    super(
        "ALTER TABLE weir.lane ADD CHECK (running <= cap); "
        "ALTER TABLE weir.lane ADD CHECK (runs_per_day IS NULL OR quota_used <= runs_per_day)");
    for (int i = 0; i < k_tenants; ++i) {
      test::QueueWorld::Limits limits{.cap = 1 + i % 3};
      if (i % 2 == 0) limits.runs_per_day = 15 + i;
      tenants.push_back(add_tenant(fmt::format("t{}", i), limits));
      for (int p = 0; p < k_pipelines; ++p)
        pipelines.push_back(add_pipeline(tenants.back(), fmt::format("p{}", p), 1 + p % 2, p - 1));
    }
  }

  Task<> worker(Queue& queue, int operations) {
    for (int i = 0; i < operations; ++i) {
      const auto dice = random.below(100);
      if (dice < 20)
        co_await ask(queue);
      else if (dice < 35)
        fire_one();
      else if (dice < 65)
        co_await take(queue);
      else if (dice < 90)
        co_await give_back(queue);
      else if (dice < 97)
        co_await queue.promote_due();
      else
        co_await lose_node(queue);
    }
    --working;
  }

  Task<> ask(Queue& queue) {
    const auto tenant = tenants[random.below(tenants.size())];
    const auto answer = co_await queue.enqueue({.tenant = tenant, .priority = static_cast<int>(random.below(5)) - 2});
    if (answer.outcome != EnqueueOutcome::enqueued) {
      EXPECT_EQ(answer.outcome, EnqueueOutcome::quota_spent);
      co_return;
    }
    auto& known = runs[*answer.run];
    known.tenant = tenant;
    known.is_manual = true;
    if (random.below(8) != 0) co_return;
    const auto cancelled = co_await queue.cancel(*answer.run, "no");
    if (cancelled.outcome != CancelOutcome::cancelled) co_return;
    runs[*answer.run].is_charged = runs[*answer.run].was_parked || history(*answer.run, "attempts") != "0";
  }

  void fire_one() { fire(pipelines[random.below(pipelines.size())]); }

  Task<> take(Queue& queue) {
    const auto by = epoch;
    std::vector<ClaimedRun> claimed;
    try {
      claimed = co_await queue.claim(node, by, 1 + static_cast<int>(random.below(4)));
    } catch (const Failure& failure) {
      EXPECT_EQ(failure.error().code, ErrorCode::lease_lost) << failure.error().message;
      co_return;
    }
    for (const auto& run : claimed) {
      EXPECT_TRUE(tokens.insert(run.token).second);
      auto& known = runs[run.id];
      EXPECT_FALSE(known.is_charged.has_value()) << "it is over, and runs again";
      EXPECT_TRUE(!known.is_held || gone.contains(by.value()) || has_lost_nodes) << "two hold it";
      known.tenant = run.tenant;
      known.is_manual = !run.pipeline;
      known.is_held = true;
      held.push_back(run);
    }
  }

  Task<> give_back(Queue& queue) {
    if (held.empty()) co_return;
    const auto at = random.below(held.size());
    const auto run = held[at];
    held.erase(held.begin() + static_cast<std::ptrdiff_t>(at));
    auto end = ended(static_cast<RunEndStatus>(random.below(7)));
    if (end.status == RunEndStatus::cancelled) end.status = RunEndStatus::completed;
    if (end.status == RunEndStatus::parked) runs[run.id].was_parked = true;
    runs[run.id].is_held = false;
    const auto answer = co_await queue.finish(run, end);
    note_end(run.id, answer.outcome);
  }

  void note_end(PipelineRunId run, FinishOutcome outcome) {
    if (outcome == FinishOutcome::finished || outcome == FinishOutcome::failed || outcome == FinishOutcome::cancelled)
      runs[run].is_charged = true;
    if (outcome == FinishOutcome::given_up) runs[run].is_charged = false;
  }

  // The node is gone, another takes its place; whoever still works for it finds out.
  Task<> lose_node(Queue& queue) {
    has_lost_nodes = true;
    const auto lost = epoch;
    gone.insert(lost.value());
    add_node();
    end_lease(lost);
    const auto reaped = co_await queue.reap();
    for (const auto& run : reaped) {
      runs[run.run].is_held = false;
      note_end(run.run, run.outcome);
    }
  }

  // One snapshot: every lane says how many of its entries are leased.
  Task<> watch(pg::Database& door) {
    while (working > 0) {
      const auto rows = co_await door.query(
          pg::Scope::control(),
          {"test.watch",
           "SELECT count(*) AS wrong FROM weir.lane l WHERE l.running <> (SELECT count(*) FROM "
           "weir.pipeline_execution_queue q WHERE q.tenant_id = l.tenant_id AND q.state = 'leased')"});
      EXPECT_EQ(rows.one().get<int>("wrong"), 0);
      ++looks;
    }
  }

  Task<> drain(Queue& queue) {
    for (int round = 0; round < 2000; ++round) {
      super("UPDATE weir.pipeline_execution_queue SET due_at = weir.clock() WHERE state IN ('parked', 'scheduled')");
      co_await queue.promote_due();
      for (const auto& run : held) {
        const auto answer = co_await queue.finish(run, ended());
        note_end(run.id, answer.outcome);
      }
      held.clear();
      co_await take(queue);
      if (held.empty() && count("weir.pipeline_execution_queue WHERE NOT needs_quota") == "0") break;
    }
  }

  // What is charged: runs that are over and were not paid back, and entries that have paid.
  std::string charged(TenantId tenant) const {
    int over = 0;
    for (const auto& [id, known] : runs)
      if (known.tenant == tenant && known.is_charged == true) ++over;
    return std::to_string(over + std::stoi(count(fmt::format(
                                     "weir.pipeline_execution_queue WHERE tenant_id = '{}' AND quota_day IS NOT NULL",
                                     to_string(tenant)))));
  }

  std::vector<TenantId> tenants;
  std::vector<PipelineId> pipelines;
  std::map<PipelineRunId, Known> runs;
  std::vector<ClaimedRun> held;
  std::set<LeaseToken> tokens;
  std::set<std::int64_t> gone;
  bool has_lost_nodes = false;
  int working = k_workers;
  int looks = 0;
};

TEST_F(QueueModel, RandomWorkOnFourConnectionsIsExact) {
  set_clock("2026-05-01T12:00:00Z");  // one quota day
  test::run([&](test::Context context) -> Task<> {
    pg::Pool pool(context.executor(), context.blocking, database.pool_settings(k_workers + 1));
    pg::Database door(pool, database.roles());
    Queue queue(door, random, settings);
    TaskGroup tasks(context.executor());
    for (int i = 0; i < k_workers; ++i) tasks.spawn("worker", worker(queue, 250));
    tasks.spawn("watch", watch(door));
    co_await tasks.wait();
    EXPECT_EQ(working, 0);  // nobody ended with an exception
    EXPECT_GT(looks, 10);
    EXPECT_GT(runs.size(), 100U);
    for (const auto tenant : tenants) EXPECT_EQ(lane(tenant, "quota_used"), charged(tenant));
    const auto differences = co_await queue.recount();
    EXPECT_TRUE(differences.empty()) << differences.size() << " " << differences.front().what;
    co_await drain(queue);
    EXPECT_EQ(count("weir.pipeline_execution_queue WHERE state = 'leased'"), "0");
    EXPECT_EQ(count("weir.pipeline_execution_queue q JOIN weir.lane l USING (tenant_id) "
                    "WHERE l.runs_per_day IS NULL OR l.quota_used < l.runs_per_day"),
              "0");
    for (const auto& [id, known] : runs)
      EXPECT_TRUE(known.is_charged.has_value() || history(id, "status") == "IDLE") << to_string(id);
    for (const auto tenant : tenants) EXPECT_EQ(lane(tenant, "quota_used"), charged(tenant));
    const auto at_the_end = co_await queue.recount();
    EXPECT_TRUE(at_the_end.empty());
  });
}

}  // namespace
}  // namespace weir::queue

// What does a tenant's backlog cost the others? 60 tenants ask for RATE runs a second (100) that take 100 ms each, of a
// node with 20 slots, for SECONDS (10): their waits from asking to the claim, alone and beside a tenant with 100,000
// runs to do, which fills every slot that they leave.
//
//   scripts/with-postgres.sh build/release/bench/weir_bench_waits
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <map>

#include <fmt/format.h>

#include "queue/queue.hpp"
#include "tests/support/run.hpp"
#include "tests/support/test_database.hpp"

namespace weir {
namespace {

using SteadyClock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr int k_tenants = 60, k_slots = 20, k_cap = 4, k_backlog = 100'000;
constexpr auto k_run_time = 100ms;

int setting(const char* name, int otherwise) {
  const auto* text = std::getenv(name);
  return text == nullptr ? otherwise : std::atoi(text);
}

struct Waits {
  std::vector<double> milliseconds;
  int of_backlog = 0;

  double at(double share) {
    std::ranges::sort(milliseconds);
    return milliseconds.at(static_cast<std::size_t>(share * static_cast<double>(milliseconds.size() - 1)));
  }
  void print(std::string_view what) {
    fmt::print("  {:28} median {:6.1f} ms  p95 {:6.1f}  max {:6.1f}  ({} runs, and {} of the backlog)\n", what, at(0.5),
               at(0.95), milliseconds.back(), milliseconds.size(), of_backlog);
  }
};

// The node: asks, claims and ends, in turns.
class Node {
 public:
  Node(queue::Queue& queue, NodeId id, Epoch epoch, std::vector<TenantId> tenants)
      : queue_(queue), id_(id), epoch_(epoch), tenants_(std::move(tenants)) {}

  Task<Waits> serve(std::chrono::seconds time) {
    const auto began = SteadyClock::now();
    const auto every = std::chrono::duration_cast<SteadyClock::duration>(1s) / setting("RATE", 100);
    auto next_ask = began;
    while (SteadyClock::now() < began + time || !asked_.empty()) {
      for (; next_ask <= SteadyClock::now() && next_ask < began + time; next_ask += every) co_await ask(next_ask);
      co_await end_due();
      if (running_.size() < k_slots) co_await claim();
      co_await sleep_for(1ms);
    }
    co_return std::move(waits_);
  }

 private:
  struct Running {
    queue::ClaimedRun run;
    SteadyClock::time_point ends;
  };

  Task<> ask(SteadyClock::time_point at) {
    const auto tenant = tenants_[random_.below(tenants_.size())];
    const auto answer = co_await queue_.enqueue({.tenant = tenant, .run_class = queue::RunClass::backfill});
    asked_[answer.run.value()] = at;
  }

  Task<> end_due() {
    for (std::size_t i = 0; i < running_.size();) {
      if (running_[i].ends > SteadyClock::now()) {
        ++i;
        continue;
      }
      co_await queue_.finish(running_[i].run, {});
      running_.erase(running_.begin() + static_cast<std::ptrdiff_t>(i));
    }
  }

  Task<> claim() {
    auto runs = co_await queue_.claim(id_, epoch_, k_slots - static_cast<int>(running_.size()));
    const auto now = SteadyClock::now();
    for (auto& run : runs) {
      if (const auto asked = asked_.find(run.id); asked != asked_.end()) {
        waits_.milliseconds.push_back(std::chrono::duration<double, std::milli>(now - asked->second).count());
        asked_.erase(asked);
      } else {
        ++waits_.of_backlog;
      }
      running_.push_back({std::move(run), now + k_run_time});
    }
  }

  queue::Queue& queue_;
  NodeId id_;
  Epoch epoch_;
  std::vector<TenantId> tenants_;
  Random random_{1};
  std::map<PipelineRunId, SteadyClock::time_point> asked_;
  std::vector<Running> running_;
  Waits waits_;
};

TenantId add_tenant(const test::TestDatabase& database, const std::string& key, int cap) {
  const auto tenant = database.add_tenant(key);
  database.super(
      fmt::format("INSERT INTO weir.plan (name, concurrent_runs) VALUES ('{0}', {1}); INSERT INTO "
                  "weir.subscription (tenant_id, plan) VALUES ('{2}', '{0}')",
                  key, cap, to_string(tenant)));
  return tenant;
}

void add_backlog(const test::TestDatabase& database, TenantId tenant) {
  database.super(fmt::format(
      "INSERT INTO weir.pipeline_execution_queue (pipeline_run_id, tenant_id, class, state, needs_quota, "
      "priority, order_at, due_at, queued_at) SELECT gen_random_uuid(), '{0}', 2, 'ready', false, 0, t, t, t "
      "FROM (SELECT weir.clock() - interval '1 hour' + i * interval '1 ms' AS t FROM generate_series(1, {1}) "
      "i) s; SELECT weir.raise_lanes(ARRAY['{0}'::uuid], 2::smallint); ANALYZE weir.pipeline_execution_queue",
      to_string(tenant), k_backlog));
}

void measure() {
  const test::TestDatabase database;
  const auto epoch = database.add_node();
  const NodeId node(*Uuid::parse(database.super("SELECT node_id FROM weir.node")));
  std::vector<TenantId> tenants;
  for (int i = 0; i < k_tenants; ++i) tenants.push_back(add_tenant(database, fmt::format("t{}", i), k_cap));
  const auto big = add_tenant(database, "big", k_cap);
  const auto serve = [&](std::string_view what) {
    test::run([&](test::Context context) -> Task<> {
      Random random(1);
      pg::Pool pool(context.executor(), context.blocking, database.pool_settings(2));
      pg::Database door(pool, database.roles());
      queue::Queue queue(door, random);
      Node server(queue, node, epoch, tenants);
      auto waits = co_await server.serve(std::chrono::seconds(setting("SECONDS", 10)));
      waits.print(what);
    });
  };
  serve("alone");
  database.super("DELETE FROM weir.pipeline_execution_queue; SELECT weir.recount_lanes()");
  add_backlog(database, big);
  serve("beside a backlog of 100,000");
}

}  // namespace
}  // namespace weir

int main() { weir::measure(); }

// Is the queue as fast as it should be? (a) PIPELINES pipelines (1,000,000), 10,000 of them due: a tick of the
// scheduler beside the one SQL statement that moves the plans and inserts the entries. (b) A queue of DEPTH entries
// (1,000,000) of 10,000 tenants: claims of 16 runs and of one, with their ends in between.
//
//   scripts/with-postgres.sh build/release/bench/weir_bench_queue
#include <algorithm>
#include <chrono>
#include <cstdlib>

#include <fmt/format.h>

#include "queue/queue.hpp"
#include "scheduler/scheduler.hpp"
#include "tests/support/run.hpp"
#include "tests/support/test_database.hpp"

namespace weir {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr int k_tenants = 10'000, k_due = 10'000;

int setting(const char* name, int otherwise) {
  const auto* text = std::getenv(name);
  return text == nullptr ? otherwise : std::atoi(text);
}

double milliseconds_since(SteadyClock::time_point began) {
  return std::chrono::duration<double, std::milli>(SteadyClock::now() - began).count();
}

void print_times(std::string_view what, std::vector<double> times) {
  std::ranges::sort(times);
  const auto at = [&](double share) {
    return times[static_cast<std::size_t>(share * static_cast<double>(times.size() - 1))];
  };
  fmt::print("  {:44} median {:8.2f} ms  p95 {:8.2f}  max {:8.2f}  ({})\n", what, at(0.5), at(0.95), times.back(),
             times.size());
}

void make_tenants(const test::TestDatabase& database) {
  database.super(
      fmt::format("ALTER TABLE weir.tenant DISABLE TRIGGER USER; ALTER TABLE weir.subscription DISABLE TRIGGER USER; "
                  "INSERT INTO weir.plan (name, concurrent_runs, runs_per_day) VALUES ('bench', 4, 1000000); "
                  "INSERT INTO weir.tenant (key) SELECT 't' || i FROM generate_series(1, {}) i; "
                  "INSERT INTO weir.subscription (tenant_id, plan) SELECT id, 'bench' FROM weir.tenant; "
                  "ALTER TABLE weir.tenant ENABLE TRIGGER USER; ALTER TABLE weir.subscription ENABLE TRIGGER USER; "
                  "SELECT weir.refresh_lanes(array_agg(id)) FROM weir.tenant",
                  k_tenants));
}

void make_pipelines(const test::TestDatabase& database, int pipelines) {
  database.super(
      fmt::format("INSERT INTO weir.tenant_pipeline_configs (tenant_id, name, every_seconds, next_fire_at) "
                  "SELECT t.id, 'p-' || i, 900, date_trunc('minute', now()) + interval '1 hour' + (random() * "
                  "900)::int * interval '1 s' "
                  "FROM weir.tenant t, generate_series(1, {}) i",
                  pipelines / k_tenants));
  database.super("VACUUM ANALYZE weir.tenant_pipeline_configs");
}

// The same 10,000 pipelines are due, and the queue is empty.
void make_due(const test::TestDatabase& database) {
  database.super("TRUNCATE weir.pipeline_execution_queue, weir.scheduled_pipeline_runs");
  database.super(
      fmt::format("UPDATE weir.lane SET ready_class = NULL; UPDATE weir.tenant_pipeline_configs SET last_fire_at = "
                  "NULL, next_fire_at = "
                  "date_trunc('minute', now()) - interval '1 minute' WHERE id IN (SELECT id FROM "
                  "weir.tenant_pipeline_configs ORDER BY "
                  "name, tenant_id LIMIT {})",
                  k_due));
  database.super("VACUUM ANALYZE weir.tenant_pipeline_configs");
  database.super("VACUUM ANALYZE weir.lane");
}

constexpr std::string_view k_one_statement =
    "WITH due AS (SELECT id, tenant_id, next_fire_at, every_seconds, priority, class, weir.uuid_v7() AS run_id FROM "
    "weir.tenant_pipeline_configs WHERE next_fire_at <= now() FOR NO KEY UPDATE SKIP LOCKED), moved AS (UPDATE "
    "weir.tenant_pipeline_configs c SET last_fire_at = d.next_fire_at, next_fire_at = d.next_fire_at + d.every_seconds "
    "* "
    "interval '1 second' FROM due d WHERE c.id = d.id), queued AS (INSERT INTO weir.pipeline_execution_queue "
    "(pipeline_run_id, tenant_id, pipeline_id, class, state, needs_quota, priority, order_at, due_at, fire_at, "
    "queued_at) "
    "SELECT run_id, tenant_id, id, class, 'ready', true, priority, next_fire_at, next_fire_at, next_fire_at, now() "
    "FROM due) "
    "INSERT INTO weir.scheduled_pipeline_runs (id, tenant_id, pipeline_id, trigger, fire_at, status, started_at, "
    "queued_at) "
    "SELECT run_id, tenant_id, id, 'schedule', next_fire_at, 'IDLE', NULL, now() FROM due";

void measure_ticks(const test::TestDatabase& database, int rounds) {
  std::vector<double> statement, tick;
  for (int round = 0; round < rounds; ++round) {
    make_due(database);
    auto began = SteadyClock::now();
    database.super(std::string(k_one_statement));
    statement.push_back(milliseconds_since(began));
    make_due(database);
    test::run([&](test::Context context) -> Task<> {
      Random random(1);
      pg::Pool pool(context.executor(), context.blocking, database.pool_settings());
      pg::Database door(pool, database.roles());
      queue::QueueBell bell(context.executor(), context.blocking, door, database.pool_settings().connect, random,
                            {.is_poll_only = true});
      scheduler::Scheduler scheduler(door, bell, random);
      began = SteadyClock::now();
      const auto result = co_await scheduler.tick();
      tick.push_back(milliseconds_since(began));
      if (result.enqueued != k_due) fmt::print("  only {} of {} were enqueued\n", result.enqueued, k_due);
    });
  }
  print_times("one SQL statement", statement);
  print_times("a tick of the scheduler", tick);
}

void fill_queue(const test::TestDatabase& database, int depth) {
  database.super("TRUNCATE weir.pipeline_execution_queue, weir.scheduled_pipeline_runs");
  database.super(fmt::format(
      "INSERT INTO weir.pipeline_execution_queue (pipeline_run_id, tenant_id, class, state, needs_quota, priority, "
      "order_at, "
      "due_at, queued_at) SELECT gen_random_uuid(), t.id, 1 + i % 2, 'ready', true, 0, at, at, at FROM weir.tenant t, "
      "generate_series(1, {}) i, LATERAL (SELECT now() - i * interval '1 second' - random() * interval '1 hour' AS at) "
      "a; "
      "SELECT weir.raise_lanes(array_agg(id), 1::smallint) FROM weir.tenant",
      depth / k_tenants));
  database.super("ANALYZE weir.pipeline_execution_queue");
}

Task<> measure_claims(queue::Queue& queue, NodeId node, Epoch epoch, int max, int claims) {
  std::vector<double> claim_times, finish_times;
  for (int i = 0; i < claims; ++i) {
    auto began = SteadyClock::now();
    const auto runs = co_await queue.claim(node, epoch, max);
    claim_times.push_back(milliseconds_since(began));
    for (const auto& run : runs) {
      began = SteadyClock::now();
      co_await queue.finish(run, {});
      finish_times.push_back(milliseconds_since(began));
    }
  }
  print_times(fmt::format("a claim of {}", max), claim_times);
  print_times("the end of a run", finish_times);
}

void measure_depth(const test::TestDatabase& database, int depth) {
  const auto epoch = database.add_node();
  const NodeId node(*Uuid::parse(database.super("SELECT node_id FROM weir.node")));
  fill_queue(database, depth);
  test::run([&](test::Context context) -> Task<> {
    Random random(1);
    pg::Pool pool(context.executor(), context.blocking, database.pool_settings(2));
    pg::Database door(pool, database.roles());
    queue::Queue queue(door, random);
    co_await queue.claim(node, epoch, 1);  // connects and plans
    co_await measure_claims(queue, node, epoch, 16, 200);
    co_await measure_claims(queue, node, epoch, 1, 300);
  });
}

}  // namespace
}  // namespace weir

int main() {
  const weir::test::TestDatabase database;
  const auto pipelines = weir::setting("PIPELINES", 1'000'000), depth = weir::setting("DEPTH", 1'000'000);
  weir::make_tenants(database);
  fmt::print("{} pipelines, {} due:\n", pipelines, weir::k_due);
  weir::make_pipelines(database, pipelines);
  weir::measure_ticks(database, weir::setting("ROUNDS", 3));
  fmt::print("{} entries of {} tenants:\n", depth, weir::k_tenants);
  weir::measure_depth(database, depth);
}

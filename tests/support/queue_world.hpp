// Tenants with lanes, nodes and pipelines on a database of its own, whose clock a test may set.
#pragma once
#include <functional>
#include <map>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "queue/queue.hpp"
#include "tests/support/run.hpp"
#include "tests/support/test_database.hpp"

namespace weir::test {

class QueueWorld : public testing::Test {
 protected:
  struct Limits {
    int cap = 2;
    std::optional<int> runs_per_day{};
    int weight = 100;
    std::string time_zone = "UTC";
  };

  // A tenant with a plan of its own.
  TenantId add_tenant(const std::string& key, const Limits& limits) {
    const auto tenant = database.add_tenant(key);
    super(fmt::format("UPDATE weir.tenant SET time_zone = '{}' WHERE key = '{}'", limits.time_zone, key));
    super(fmt::format("INSERT INTO weir.plan (name, concurrent_runs, runs_per_day, weight) VALUES ('{}', {}, {}, {})",
                      key, limits.cap, limits.runs_per_day ? std::to_string(*limits.runs_per_day) : "NULL",
                      limits.weight));
    super(fmt::format("INSERT INTO weir.subscription (tenant_id, plan) VALUES ('{}', '{}')", to_string(tenant), key));
    return tenant;
  }
  TenantId add_tenant(const std::string& key) { return add_tenant(key, {}); }

  queue::PipelineId add_pipeline(TenantId tenant, const std::string& name, int run_class = 1, int priority = 0) {
    return queue::PipelineId(*Uuid::parse(
        super(fmt::format("INSERT INTO weir.tenant_pipeline_configs (tenant_id, name, class, priority, every_seconds) "
                          "VALUES ('{}', '{}', {}, {}, 900) RETURNING id",
                          to_string(tenant), name, run_class, priority))));
  }
  // Its fire is due now, and is enqueued as a scheduler would.
  std::string fire(queue::PipelineId pipeline) {
    return super(fmt::format(
        "UPDATE weir.tenant_pipeline_configs SET next_fire_at = weir.clock() WHERE id = '{0}'; "
        "SELECT d.enqueued FROM weir.tenant_pipeline_configs c, weir.enqueue_due(ARRAY[c.id], ARRAY[c.version], "
        "ARRAY[c.next_fire_at], ARRAY[c.next_fire_at], ARRAY[c.next_fire_at + interval '15 minutes'], ARRAY[0], "
        "ARRAY[false]) d WHERE c.id = '{0}'",
        to_string(pipeline)));
  }
  void add_node() {
    epoch = database.add_node();
    node = NodeId(*Uuid::parse(super(fmt::format("SELECT node_id FROM weir.node WHERE epoch = {}", epoch.value()))));
  }
  void end_lease(Epoch of) {
    super(fmt::format("UPDATE weir.node SET lease_until = now() - interval '1 second' WHERE epoch = {}", of.value()));
  }

  // From now on the queue's clock stands still at this instant.
  void set_clock(const std::string& at) {
    super(fmt::format(
        "CREATE OR REPLACE FUNCTION weir.clock() RETURNS timestamptz LANGUAGE sql VOLATILE PARALLEL SAFE AS "
        "$$ SELECT timestamptz '{}' $$",
        at));
  }

  std::string super(const std::string& sql) const { return database.super(sql); }
  std::string count(const std::string& from) const { return super("SELECT count(*) FROM " + from); }
  std::string lane(TenantId tenant, const std::string& column) const {
    return super(fmt::format("SELECT {} FROM weir.lane WHERE tenant_id = '{}'", column, to_string(tenant)));
  }
  std::string history(PipelineRunId run, const std::string& column) const {
    return super(fmt::format("SELECT {} FROM weir.scheduled_pipeline_runs WHERE id = '{}'", column, to_string(run)));
  }

  // Runs `body` with a queue of its own on as many connections.
  void with_queue(const std::function<Task<>(queue::Queue&)>& body, std::size_t connections = 4) {
    run([&](Context context) -> Task<> {
      pg::Pool pool(context.executor(), context.blocking, database.pool_settings(connections));
      pg::Database door(pool, database.roles());
      queue::Queue queue(door, random, settings);
      co_await body(queue);
    });
  }

  TestDatabase database;
  Random random{42};
  queue::QueueSettings settings;
  NodeId node;
  Epoch epoch;
};

// How a completed run ends.
inline queue::RunEnd ended(queue::RunEndStatus status = queue::RunEndStatus::completed) {
  queue::RunEnd end;
  end.status = status;
  return end;
}

}  // namespace weir::test

// Workers on one queue, in one process or several: tenant `acme` with the data source `fake`, whose scripts are
// functions in the test.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "orchestrator/worker.hpp"
#include "tests/support/fake_catalog.hpp"
#include "tests/support/orchestrator_world.hpp"

namespace weir::test {

// One node that works the queue.
struct WorkingNode : Process {
  WorkingNode(Context owner, const TestDatabase& database, const std::filesystem::path& key_file,
              const FakeCatalog& plugins, orchestrator::WorkerSettings settings, queue::QueueSettings queue_settings)
      : Process(owner, database, key_file),
        queue(door, random, queue_settings),
        bell(context.executor(), context.blocking, door, database.pool_settings().connect, random,
             {.debounce = 1ms, .poll_min = 10ms, .poll_max = 20ms}),
        catalog(std::make_shared<const plugin::PluginCatalog>(plugins.read())),
        worker(services, [this] { return give_catalog(); }, queue, bell, settings) {}

  Task<std::shared_ptr<const plugin::PluginCatalog>> give_catalog() { co_return catalog; }
  Task<> start() {
    co_await node.start();
    bell.start();
    worker.start();
  }
  Task<> stop() {
    co_await worker.stop();
    co_await bell.stop();
    co_await node.stop();
  }

  Random random{7};
  queue::Queue queue;
  queue::QueueBell bell;
  std::shared_ptr<const plugin::PluginCatalog> catalog;
  orchestrator::Worker worker;
};

class WorkerWorld : public OrchestratorWorld {
 protected:
  WorkerWorld() {
    database.add_data_source(tenant, "fake", "fake");
    super("DELETE FROM weir.data_source WHERE name = 'src'");
  }

  // `nodes` of them, one after the other, around `body`; they share an executor.
  void with_nodes(int nodes, const std::function<Task<>(std::vector<std::unique_ptr<WorkingNode>>&)>& body) {
    run([&](Context context) -> Task<> {
      std::vector<std::unique_ptr<WorkingNode>> all;
      for (int i = 0; i < nodes; ++i)
        all.push_back(std::make_unique<WorkingNode>(context, database, directory.path() / "master.key", plugins,
                                                    settings, queue_settings));
      for (auto& node : all) co_await node->start();
      co_await body(all);
      for (auto& node : all) co_await node->stop();
    });
  }
  void with_node(const std::function<Task<>(WorkingNode&)>& body) {
    with_nodes(1, [&](std::vector<std::unique_ptr<WorkingNode>>& all) -> Task<> { co_await body(*all.front()); });
  }

  Task<PipelineRunId> enqueue(WorkingNode& node, nlohmann::json parameters = nlohmann::json::object(),
                              std::optional<queue::PipelineId> pipeline = std::nullopt) {
    const auto answer = co_await node.queue.enqueue(
        {.tenant = tenant, .pipeline = pipeline, .user = "ann", .parameters = std::move(parameters)});
    EXPECT_EQ(answer.outcome, queue::EnqueueOutcome::enqueued);
    node.bell.ring();
    co_return answer.run.value();
  }
  queue::PipelineId add_pipeline(const std::string& columns, const std::string& values) const {
    return queue::PipelineId(*Uuid::parse(
        super(fmt::format("INSERT INTO weir.tenant_pipeline_configs (tenant_id, name, {}) VALUES ('{}', 'p', {}) "
                          "RETURNING id",
                          columns, to_string(tenant), values))));
  }

  std::string history(PipelineRunId id, const std::string& column = "status") const {
    return super(fmt::format("SELECT {} FROM weir.scheduled_pipeline_runs WHERE id = '{}'", column, to_string(id)));
  }
  Task<bool> until(PipelineRunId id, std::string status) {
    for (const auto deadline = Deadline::in(20s); history(id) != status; co_await sleep_for(5ms))
      if (deadline.is_over()) co_return false;
    co_return true;
  }
  // Status by script, of the summary.
  std::map<std::string, std::string> states(PipelineRunId id) const {
    std::map<std::string, std::string> all;
    for (const auto& one : nlohmann::json::parse(history(id, "summary")))
      all[one.at("script").get<std::string>()] = one.at("status").get<std::string>();
    return all;
  }

  FakeCatalog plugins;
  orchestrator::WorkerSettings settings{.compare_pause = 20ms};
  queue::QueueSettings queue_settings{.backoff = {.first_delay = 1ms, .delay_max = 2ms}};
};

}  // namespace weir::test

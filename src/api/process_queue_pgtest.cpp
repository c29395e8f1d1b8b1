// POST /scheduler/process-queue of a process that works on runs: by itself, and beside its worker that looks for work.
#include <algorithm>
#include <set>

#include "tests/support/api_world.hpp"
#include "tests/support/worker_world.hpp"

namespace weir::api {
namespace {

using nlohmann::json;
using test::ApiProcess;
using test::eventually;
using test::WorkingNode;
using Ids = std::vector<std::string>;

constexpr int k_scripts = 8, k_slots = 3;

struct ProcessQueue : test::WorkerWorld {
  ProcessQueue() {
    settings.concurrent_runs = k_slots;
    super(
        "INSERT INTO weir.plan (name, concurrent_runs) VALUES ('many', 10); "
        "INSERT INTO weir.subscription (tenant_id, plan) SELECT id, 'many' FROM weir.tenant");
    for (int i = 0; i < k_scripts; ++i)
      plugins.add("fake", fmt::format("s{}", i), "resources: [issue]").pass =
          [this, i](plugin::PassContext&) -> Task<Result<>> {
        ++executed.at(static_cast<std::size_t>(i));
        while (is_blocked) co_await sleep_for(1ms);
        co_return Result<>{};
      };
  }

  // A node whose worker is asked over HTTP; `is_looking`: it looks for work by itself, too.
  void with_worker(bool is_looking, const std::function<Task<>(ApiProcess&, WorkingNode&)>& body) {
    test::run([&](test::Context context) -> Task<> {
      WorkingNode node(context, database, directory.path() / "master.key", plugins, settings, queue_settings);
      ApiProcess process(context, database, directory.path() / "master.key", *node.catalog, {.port = 0});
      process.services.worker = &node.worker;
      const auto key = co_await tenancy::create_api_key(node.door, "cli:tester",
                                                        {.name = "test", .scope = tenancy::KeyScope::admin});
      admin = key.value().text.reveal();
      EXPECT_TRUE(process.server.open());
      co_await node.node.start();
      if (is_looking) node.bell.start();
      if (is_looking) node.worker.start();
      co_await body(process, node);
      co_await process.stop();
      co_await node.stop();
    });
  }

  // A run of each script from `first` on.
  Task<> enqueue_scripts(WorkingNode& node, int first, int scripts) {
    for (int i = first; i < first + scripts; ++i) co_await enqueue(node, {{"scripts", {fmt::format("fake/s{}", i)}}});
  }
  // The ids that it answers with.
  Task<Ids> process_queue(ApiProcess& process, std::string query) {
    const auto reply =
        co_await process.call({.method = "POST", .target = "/scheduler/process-queue" + query, .key = admin});
    EXPECT_EQ(reply.status, 202) << reply.body;
    EXPECT_EQ(reply.document()["is_worker"], true);
    Ids ids;
    for (const auto& run : reply.document()["runs"]) {
      ids.push_back(run["run_id"].get<std::string>());
      EXPECT_EQ(run["is_over"], query.contains("wait")) << reply.body;
    }
    co_return ids;
  }
  Task<> note_processed(ApiProcess& process, Ids& noted) {
    for (const auto& id : co_await process_queue(process, "?max=2&wait=20")) noted.push_back(id);
  }
  Ids completed() const {
    return json::parse(super("SELECT coalesce(json_agg(id), '[]') FROM weir.scheduled_pipeline_runs "
                             "WHERE status = 'COMPLETED'"))
        .get<Ids>();
  }

  std::string admin;
  std::vector<int> executed = std::vector<int>(k_scripts);
  bool is_blocked = false;
};

TEST_F(ProcessQueue, AnswersWithTheRunsThatItClaimedAndWorked) {
  with_worker(false, [&](ApiProcess& process, WorkingNode& node) -> Task<> {
    co_await enqueue_scripts(node, 0, 5);
    const auto one = co_await process_queue(process, "?wait=20");
    EXPECT_EQ(one.size(), 1U);
    EXPECT_EQ(completed(), one);
    const auto as_many_as_it_has_slots = co_await process_queue(process, "?max=100&wait=20");
    EXPECT_EQ(as_many_as_it_has_slots.size(), k_slots);
    const auto at_once = co_await process_queue(process, "");
    EXPECT_EQ(at_once.size(), 1U);
    const bool is_over = co_await eventually([&] { return completed().size() == 5U; });
    EXPECT_TRUE(is_over);
    const auto nothing_left = co_await process_queue(process, "?max=100&wait=20");
    EXPECT_TRUE(nothing_left.empty());
    std::set<std::string> all(one.begin(), one.end());
    all.insert(as_many_as_it_has_slots.begin(), as_many_as_it_has_slots.end());
    all.insert(at_once.begin(), at_once.end());
    EXPECT_EQ(all.size(), 5U);
    EXPECT_EQ(executed, (std::vector<int>{1, 1, 1, 1, 1, 0, 0, 0}));
  });
}

TEST_F(ProcessQueue, AFullWorkerTakesNothing) {
  is_blocked = true;
  with_worker(false, [&](ApiProcess& process, WorkingNode& node) -> Task<> {
    co_await enqueue_scripts(node, 0, k_slots + 1);
    const auto first = co_await process_queue(process, "?max=100");
    EXPECT_EQ(first.size(), k_slots);
    const auto none = co_await process_queue(process, "?max=100");
    EXPECT_TRUE(none.empty());
    EXPECT_EQ(count("weir.pipeline_execution_queue WHERE state = 'ready'"), "1");
    is_blocked = false;
    const bool is_over = co_await eventually([&] { return completed().size() == k_slots; });
    EXPECT_TRUE(is_over);
  });
}

// Who is faster claims: between the requests and the worker's own looks nothing runs twice, and nothing is named twice.
TEST_F(ProcessQueue, BesideALookingWorkerEachRunIsExecutedOnce) {
  with_worker(true, [&](ApiProcess& process, WorkingNode& node) -> Task<> {
    Ids noted;
    for (int i = 0; i < k_scripts; i += 2) {
      TaskGroup asking(node.context.executor());
      for (int j = 0; j < 4; ++j) asking.spawn("process-queue", note_processed(process, noted));
      co_await enqueue_scripts(node, i, 2);
      co_await asking.wait();
    }
    const bool is_over = co_await eventually([&] { return completed().size() == k_scripts; });
    EXPECT_TRUE(is_over);
    EXPECT_EQ(executed, std::vector<int>(k_scripts, 1));
    EXPECT_EQ(node.worker.claimed_total(), static_cast<std::uint64_t>(k_scripts));
    const std::set<std::string> once(noted.begin(), noted.end());
    EXPECT_EQ(once.size(), noted.size());
    const auto all = completed();
    for (const auto& id : once) EXPECT_TRUE(std::ranges::count(all, id) == 1) << id;
    const auto nothing_left = co_await process_queue(process, "?max=100&wait=20");
    EXPECT_TRUE(nothing_left.empty());
  });
}

}  // namespace
}  // namespace weir::api

#include "orchestrator/service_metrics.hpp"

#include <set>
#include <sstream>

#include "tests/support/fake_catalog.hpp"
#include "tests/support/queue_world.hpp"

namespace weir::orchestrator {
namespace {

TEST(ServiceMeter, CountsOnlyScriptsThatThereAre) {
  test::FakeCatalog plugins;
  plugins.add("fake", "issue", "resources: [issue]");
  const auto catalog = plugins.read();
  Metrics metrics;
  ServiceMeter meter(metrics);
  const queue::ClaimedRun run{};
  const queue::FinishAnswer answer{};
  const std::string tenant = "acme";
  meter.ended({.run = run,
               .answer = answer,
               .tenant_key = tenant,
               .scripts = {{.id = {"src", "fake/issue"}, .status = "COMPLETED"},
                           {.id = {"gone", "*"}, .status = "FAILED"},
                           {.id = {"*", "fake/made-up-by-a-tenant"}, .status = "FAILED"}},
               .catalog = catalog});
  const auto text = metrics.text();
  EXPECT_TRUE(text.contains(R"(weir_script_runs_total{outcome="COMPLETED",provider="fake",script="fake/issue"} 1)"))
      << text;
  EXPECT_FALSE(text.contains("made-up")) << text;
  EXPECT_FALSE(text.contains("\"*\"")) << text;
}

class Gauges : public test::QueueWorld {
 protected:
  using Snapshot = std::shared_ptr<const MetricSnapshot>;
  static Task<> read_into(ServiceGauges& gauges, std::vector<Snapshot>& into) {
    auto snapshot = co_await gauges.read();
    into.push_back(std::move(snapshot));
  }
  static std::string text_of(const Snapshot& snapshot) { return Metrics().text(*snapshot); }
  void with_database(const std::function<Task<>(test::Context, pg::Database&, queue::Queue&)>& body) {
    test::run([&](test::Context context) -> Task<> {
      pg::Pool pool(context.executor(), context.blocking, database.pool_settings(4));
      pg::Database door(pool, database.roles());
      queue::Queue queue(door, random);
      co_await body(context, door, queue);
    });
  }
};

TEST_F(Gauges, OneReadingServesAllWhoAskMeanwhileAndForAWhile) {
  with_database([&](test::Context context, pg::Database& door, queue::Queue& queue) -> Task<> {
    ServiceGauges gauges(door, queue, 1h);
    std::vector<Snapshot> all;
    TaskGroup group(context.executor());
    for (int i = 0; i < 5; ++i) group.spawn("scrape", read_into(gauges, all));
    co_await group.wait();
    EXPECT_EQ(all.size(), 5U);
    for (const auto& one : all) EXPECT_EQ(one, all.front());
    add_node();
    co_await read_into(gauges, all);
    EXPECT_TRUE(text_of(all.back()).contains("weir_nodes_alive 0")) << text_of(all.back());
  });
}

TEST_F(Gauges, AfterThatTheDatabaseIsReadAgain) {
  with_database([&](test::Context, pg::Database& door, queue::Queue& queue) -> Task<> {
    ServiceGauges gauges(door, queue, 0ms);
    std::vector<Snapshot> all;
    co_await read_into(gauges, all);
    add_node();
    co_await read_into(gauges, all);
    EXPECT_TRUE(text_of(all.back()).contains("weir_nodes_alive 1")) << text_of(all.back());
  });
}

TEST_F(Gauges, EveryFigureIsToldOnce) {
  add_node();
  with_database([&](test::Context, pg::Database& door, queue::Queue& queue) -> Task<> {
    ServiceGauges gauges(door, queue, 0ms);
    std::vector<Snapshot> all;
    co_await read_into(gauges, all);
    std::istringstream lines(text_of(all.back()));
    std::set<std::string> figures;
    for (std::string line; std::getline(lines, line);)
      if (!line.starts_with('#')) EXPECT_TRUE(figures.insert(line.substr(0, line.rfind(' '))).second) << line;
    EXPECT_TRUE(figures.contains("weir_oldest_transaction_seconds"));
  });
}

TEST_F(Gauges, AFailureIsToldAndNotKept) {
  with_database([&](test::Context, pg::Database& door, queue::Queue& queue) -> Task<> {
    ServiceGauges gauges(door, queue, 1h);
    std::vector<Snapshot> all;
    super("ALTER TABLE weir.node RENAME TO node_away");
    std::optional<Error> error;
    try {
      co_await read_into(gauges, all);
    } catch (const Failure& failure) {
      error = failure.error();
    }
    EXPECT_TRUE(error);
    super("ALTER TABLE weir.node_away RENAME TO node");
    co_await read_into(gauges, all);
    EXPECT_EQ(all.size(), 1U);
  });
}

}  // namespace
}  // namespace weir::orchestrator

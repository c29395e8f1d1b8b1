#include "queue/queue_list.hpp"

#include "tests/support/queue_world.hpp"

namespace weir::queue {
namespace {

class QueueList : public test::QueueWorld {};

TEST_F(QueueList, PagesThroughTheEntriesOfATenantOrOfAll) {
  add_node();
  const auto acme = add_tenant("acme"), other = add_tenant("other");
  fire(add_pipeline(acme, "nightly"));
  test::run([&](test::Context context) -> Task<> {
    pg::Pool pool(context.executor(), context.blocking, database.pool_settings());
    pg::Database door(pool, database.roles());
    Queue queue(door, random);
    for (const auto tenant : {acme, other}) co_await queue.enqueue({.tenant = tenant});
    const auto all = co_await list_entries(door, {});
    EXPECT_EQ(all.size(), 3U);
    EXPECT_EQ(all.at(0).at("pipeline"), "nightly");
    EXPECT_EQ(all.at(0).at("tenant_key"), "acme");
    const auto mine = co_await list_entries(door, {.tenant = acme, .limit = 1});
    EXPECT_EQ(mine.size(), 1U);
    const auto last = PipelineRunId(*Uuid::parse(mine.at(0).at("pipeline_run_id").get<std::string>()));
    const auto rest = co_await list_entries(door, {.tenant = acme, .after = last});
    EXPECT_EQ(rest.size(), 1U);
    EXPECT_EQ(rest.at(0).at("class"), "manual");
    const auto leased = co_await list_entries(door, {.state = "leased"});
    EXPECT_TRUE(leased.empty());
    const auto depth = co_await queue.depth();
    EXPECT_EQ(depth.size(), 2U);
    EXPECT_EQ(depth.at(0).run_class, RunClass::manual);
    EXPECT_EQ(depth.at(0).entries, 2);
  });
}

}  // namespace
}  // namespace weir::queue

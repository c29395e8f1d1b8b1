#include "queue/why.hpp"

#include "tests/support/queue_world.hpp"

namespace weir::queue {
namespace {

class WhyOfQueue : public test::QueueWorld {
 protected:
  using Codes = std::vector<std::string>;

  // What is said of the first entry in this state.
  Explanation why(const std::string& state, Audience audience = Audience::operators) {
    std::optional<Explanation> said;
    test::run([&](test::Context context) -> Task<> {
      pg::Pool pool(context.executor(), context.blocking, database.pool_settings());
      pg::Database door(pool, database.roles());
      const auto id = super(fmt::format(
          "SELECT pipeline_run_id FROM weir.pipeline_execution_queue WHERE state = '{}' ORDER BY 1 LIMIT 1", state));
      said = co_await explain_run(door, PipelineRunId(Uuid::parse(id).value_or(Uuid{})), audience);
    });
    return said.value();
  }
  Codes codes(const std::string& state) {
    Codes found;
    const auto said = why(state);
    for (const auto& reason : said.reasons) found.push_back(reason.code);
    return found;
  }
  void set_slots(int slots) { super(fmt::format("UPDATE weir.node SET run_slots = {}", slots)); }
};

TEST_F(WhyOfQueue, NodesThatTakeNoRunsAreNone) {
  add_node();
  set_slots(0);  // as the API alone and `weir import` register
  fire(add_pipeline(add_tenant("acme"), "p"));
  EXPECT_EQ(codes("ready"), (Codes{"queued", "no_node"}));
  EXPECT_FALSE(why("ready").expected_start.has_value());
  set_slots(1);
  EXPECT_EQ(codes("ready"), (Codes{"queued"}));
  EXPECT_TRUE(why("ready").expected_start.has_value());
  end_lease(epoch);
  EXPECT_EQ(codes("ready"), (Codes{"queued", "no_node"}));
}

TEST_F(WhyOfQueue, NodesAreFullByWhatTheyHoldOfAnyTenant) {
  add_node();
  set_slots(2);
  fire(add_pipeline(add_tenant("busy", {.cap = 4}), "a"));
  const auto busy = TenantId(*Uuid::parse(super("SELECT id FROM weir.tenant")));
  fire(add_pipeline(busy, "b"));
  with_queue([&](Queue& queue) -> Task<> {
    const auto one = co_await queue.claim(node, epoch, 1);
    EXPECT_EQ(one.size(), 1U);
  });
  fire(add_pipeline(add_tenant("acme"), "p"));
  EXPECT_EQ(codes("ready"), (Codes{"queued"}));
  with_queue([&](Queue& queue) -> Task<> {
    const auto another = co_await queue.claim(node, epoch, 1);
    EXPECT_EQ(another.size(), 1U);
  });
  EXPECT_EQ(codes("ready"), (Codes{"queued", "nodes_full"}));
  EXPECT_EQ(why("ready").reasons.back().text, "the only node is full: 2 of 2 runs");
  // What a dead node held takes no slot of a living one.
  const auto dead = epoch;
  add_node();
  end_lease(dead);
  EXPECT_EQ(codes("ready"), (Codes{"queued"}));
  EXPECT_EQ(codes("leased"), (Codes{"node_gone"}));
}

TEST_F(WhyOfQueue, NamesTheNodeToThoseWhoOperateIt) {
  add_node();
  super("UPDATE weir.node SET hostname = 'worker-3'");
  fire(add_pipeline(add_tenant("acme"), "p"));
  with_queue([&](Queue& queue) -> Task<> { co_await queue.claim(node, epoch, 1); });
  const auto text = why("leased").reasons.at(0).text;
  EXPECT_TRUE(text.starts_with(fmt::format("it runs on worker-3 (process 1, epoch {}) since ", epoch.value()))) << text;
  EXPECT_TRUE(why("leased", Audience::tenant).reasons.at(0).text.starts_with("it runs on a node since "));
}

}  // namespace
}  // namespace weir::queue

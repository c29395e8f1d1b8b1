#include "scheduler/source_pipeline.hpp"

#include "tests/support/queue_world.hpp"

namespace weir::scheduler {
namespace {

class SourcePipelines : public test::QueueWorld {
 protected:
  void with_database(const std::function<Task<>(pg::Database&)>& body) {
    test::run([&](test::Context context) -> Task<> {
      pg::Pool pool(context.executor(), context.blocking, database.pool_settings(4));
      pg::Database door(pool, database.roles());
      co_await body(door);
    });
  }
  std::string pipelines() {
    return super(
        "SELECT string_agg(name || ':' || array_to_string(data_sources, '+'), ' ' ORDER BY name) FROM "
        "weir.tenant_pipeline_configs");
  }
};

TEST_F(SourcePipelines, AreMadeOnceAndStayAsSomebodyChangedThem) {
  const auto tenant = add_tenant("acme");
  with_database([&](pg::Database& door) -> Task<> {
    const auto added = co_await add_source_pipeline(door, "ann", tenant, "github", default_schedule());
    EXPECT_TRUE(added && added->is_new);
    EXPECT_EQ(pipelines(), "github:github");
    EXPECT_EQ(super("SELECT every_seconds FROM weir.tenant_pipeline_configs"), "900");
    EXPECT_EQ(super("SELECT next_fire_at > now() AND next_fire_at <= now() + interval '15 minutes' FROM "
                    "weir.tenant_pipeline_configs"),
              "t");
    const auto again = co_await add_source_pipeline(door, "ann", tenant, "github", {.every = std::chrono::hours(1)});
    EXPECT_TRUE(again && !again->is_new);
    EXPECT_EQ(again->pipeline.data.schedule, default_schedule());
    EXPECT_EQ(super("SELECT count(*) FROM weir.audit_log WHERE action = 'pipeline.add' AND actor = 'ann'"), "1");
  });
}

TEST_F(SourcePipelines, GoWithTheSourceAndLeaveOthersToTheRest) {
  const auto tenant = add_tenant("acme");
  with_database([&](pg::Database& door) -> Task<> {
    co_await add_source_pipeline(door, "ann", tenant, "github", default_schedule());
    co_await add_source_pipeline(door, "ann", tenant, "git", default_schedule());
    co_await scheduler::add_pipeline(door, "ann", tenant, {.name = "all"});
    co_await scheduler::add_pipeline(door, "ann", tenant, {.name = "both", .data_sources = {"git", "github"}});
    const auto removed = co_await leave_pipelines(door, "ann", tenant, "github");
    EXPECT_TRUE(removed.has_value());
    EXPECT_EQ(*removed, std::vector<std::string>{"github"});
    EXPECT_EQ(pipelines(), "all: both:git git:git") << "one of all sources is not of this one";
    const auto again = co_await leave_pipelines(door, "ann", tenant, "github");
    EXPECT_TRUE(again && again->empty());
  });
}

}  // namespace
}  // namespace weir::scheduler

#include "tenancy/plan.hpp"

#include <gtest/gtest.h>

#include "tests/support/tenancy.hpp"

namespace weir::tenancy {
namespace {

using testing::k_actor;

struct Plans : ::testing::Test {
  test::TestDatabase server;
  TenantId acme = server.add_tenant("acme");

  template <class Function>
  void run(Function function) {
    test::run([&](test::Context context) -> Task<> {
      pg::Pool pool(context.executor(), context.blocking, server.pool_settings());
      pg::Database database(pool, server.roles());
      co_await function(database);
    });
  }
  std::string lane(const std::string& column) const { return server.super("SELECT " + column + " FROM weir.lane"); }
};

TEST_F(Plans, AreMadeChangedAndRemoved) {
  run([&](pg::Database& database) -> Task<> {
    const auto made = co_await save_plan(database, k_actor, "small", {.runs_per_day = 5});
    EXPECT_TRUE(made->is_new);
    const auto same = co_await save_plan(database, k_actor, "small", {.runs_per_day = 5});
    EXPECT_FALSE(same->is_new);
    const auto changed =
        co_await save_plan(database, k_actor, "small", {.concurrent_runs = 7, .data_retention_days = 30});
    EXPECT_FALSE(changed->plan.data.runs_per_day);
    const auto found = co_await find_plan(database, "small");
    EXPECT_EQ(found->data.concurrent_runs, 7);
    EXPECT_EQ(found->data.data_retention_days, 30);
    const auto all = co_await list_plans(database);
    EXPECT_EQ(all.size(), 1U);
    const auto removed = co_await remove_plan(database, k_actor, "small");
    EXPECT_TRUE(removed);
    const auto gone = co_await find_plan(database, "small");
    EXPECT_EQ(gone.error().code, ErrorCode::not_found);
  });
  EXPECT_EQ(server.super("SELECT string_agg(action, ' ' ORDER BY id) FROM weir.audit_log"),
            "plan.add plan.set plan.rm");
}

TEST_F(Plans, BadOnesAreRefused) {
  run([&](pg::Database& database) -> Task<> {
    for (const auto& bad : std::vector<PlanData>{{.runs_per_day = -1},
                                                 {.concurrent_runs = 0},
                                                 {.concurrent_runs = 1001},
                                                 {.weight = 0},
                                                 {.weight = 10'001},
                                                 {.data_retention_days = 0}}) {
      const auto refused = co_await save_plan(database, k_actor, "bad", bad);
      EXPECT_EQ(refused.error().code, ErrorCode::invalid_input);
    }
    const auto name = co_await save_plan(database, k_actor, "Bad Name", {});
    EXPECT_EQ(name.error().code, ErrorCode::invalid_input);
  });
  EXPECT_EQ(server.super("SELECT count(*) FROM weir.plan"), "0");
}

TEST_F(Plans, TheTenantsPlaceInTheQueueFollows) {
  run([&](pg::Database& database) -> Task<> {
    co_await save_plan(database, k_actor, "small", {.runs_per_day = 5, .concurrent_runs = 3});
    const auto set = co_await set_subscription(database, k_actor, acme, "small", SubscriptionStatus::active);
    EXPECT_EQ(set->plan, "small");
    EXPECT_EQ(lane("concat_ws(' ', cap, runs_per_day, closed)"), "3 5");
    co_await save_plan(database, k_actor, "small", {.runs_per_day = 6, .concurrent_runs = 4});
    EXPECT_EQ(lane("concat_ws(' ', cap, runs_per_day)"), "4 6");
    const auto used = co_await remove_plan(database, k_actor, "small");
    EXPECT_EQ(used.error().code, ErrorCode::conflict);
    co_await set_subscription(database, k_actor, acme, "small", SubscriptionStatus::suspended);
    EXPECT_EQ(lane("closed"), "subscription_inactive");
    const auto kept = co_await set_subscription(database, k_actor, acme, "small", std::nullopt);
    EXPECT_EQ(kept->status, SubscriptionStatus::suspended);
    const auto ended = co_await remove_subscription(database, k_actor, acme);
    EXPECT_TRUE(ended);
    EXPECT_EQ(lane("concat_ws(' ', cap, runs_per_day, closed)"), "2");
  });
  EXPECT_EQ(server.super("SELECT string_agg(concat_ws('>', before->>'status', after->>'status'), ' ' ORDER BY id) FROM "
                         "weir.audit_log WHERE action LIKE 'subscription.%'"),
            "ACTIVE ACTIVE>SUSPENDED SUSPENDED");
}

TEST_F(Plans, OnlyAnActiveSubscriptionOrNoneLetsWork) {
  run([&](pg::Database& database) -> Task<> {
    const auto tenant = co_await find_tenant(database, "acme");
    const auto without = co_await require_active_subscription(database, *tenant);
    EXPECT_TRUE(without);
    co_await save_plan(database, k_actor, "small", {});
    for (const auto status :
         {SubscriptionStatus::suspended, SubscriptionStatus::cancelled, SubscriptionStatus::active}) {
      co_await set_subscription(database, k_actor, acme, "small", status);
      const auto may = co_await require_active_subscription(database, *tenant);
      EXPECT_EQ(may.has_value(), status == SubscriptionStatus::active);
      if (!may) EXPECT_EQ(may.error().code, ErrorCode::subscription_inactive);
    }
    const auto nothing = co_await set_subscription(database, k_actor, acme, "none", SubscriptionStatus::active);
    EXPECT_EQ(nothing.error().code, ErrorCode::invalid_input);
    const auto nobody =
        co_await set_subscription(database, k_actor, TenantId(Uuid{}), "small", SubscriptionStatus::active);
    EXPECT_EQ(nobody.error().code, ErrorCode::not_found);
  });
}

TEST_F(Plans, UseIsCountedByDay) {
  run([&](pg::Database& database) -> Task<> {
    co_await save_plan(database, k_actor, "small", {.runs_per_day = 5});
    co_await set_subscription(database, k_actor, acme, "small", SubscriptionStatus::active);
    server.super("UPDATE weir.lane SET quota_used = 4");
    auto quota = co_await read_quota(database, acme);
    EXPECT_EQ(quota["runs_remaining"], 1);
    server.super("UPDATE weir.lane SET quota_day = quota_day - 1");
    quota = co_await read_quota(database, acme);
    EXPECT_EQ(quota["runs_remaining"], 5);
    server.super(
        "INSERT INTO weir.usage_hourly (tenant_id, data_source, script, hour, runs, records, requests) SELECT '" +
        to_string(acme) +
        "', 's', 'git/commit', date_trunc('hour', now()) - make_interval(hours => n), 1, 10, 2 "
        "FROM generate_series(0, 47) n");
    const auto usage = co_await list_usage(database, acme, 10);
    std::int64_t records = 0, runs = 0;
    for (const auto& day : usage) {
      records += day["records"].get<std::int64_t>();
      runs += day["runs_used"].get<std::int64_t>();
    }
    EXPECT_EQ(records, 480);
    EXPECT_EQ(runs, 4);
    EXPECT_GE(usage[0]["day"], usage[1]["day"]);
  });
}

}  // namespace
}  // namespace weir::tenancy

#include "tenancy/tenant.hpp"

#include <gtest/gtest.h>

#include "tenancy/plan.hpp"
#include "tests/support/tenancy.hpp"

namespace weir::tenancy {
namespace {

using testing::k_actor;

struct Tenants : ::testing::Test {
  test::TestDatabase server;

  template <class Function>
  void run(Function function) {
    test::run([&](test::Context context) -> Task<> {
      pg::Pool pool(context.executor(), context.blocking, server.pool_settings());
      pg::Database database(pool, server.roles());
      co_await function(database);
    });
  }
  std::string claim(TenantId tenant, const std::string& source, const std::string& epoch) {
    return server.super("SELECT outcome FROM weir.claim_script('" + to_string(tenant) + "', '" + source +
                        "', 'example/thing', weir.uuid_v7(), " + epoch + ", null, 9, false)");
  }
};

TEST_F(Tenants, AreAddedOnceAndFoundByKeyAndId) {
  run([&](pg::Database& database) -> Task<> {
    const auto added = co_await add_tenant(database, k_actor, "acme", {"Acme Inc.", 7});
    EXPECT_EQ(added->outcome, Outcome::changed);
    const auto again = co_await add_tenant(database, k_actor, "acme", {"Acme Inc.", 7});
    EXPECT_EQ(again->outcome, Outcome::unchanged);
    EXPECT_EQ(again->tenant.id, added->tenant.id);
    const auto other = co_await add_tenant(database, k_actor, "acme", {"Other", 7});
    EXPECT_EQ(other.error().code, ErrorCode::already_exists);
    const auto by_key = co_await find_tenant(database, "acme");
    EXPECT_EQ(by_key->name, "Acme Inc.");
    EXPECT_EQ(by_key->concurrent_scripts, 7);
    const auto by_id = co_await find_tenant(database, to_string(added->tenant.id));
    EXPECT_EQ(by_id->key, "acme");
    const auto missing = co_await find_tenant(database, "acme2");
    EXPECT_EQ(missing.error().code, ErrorCode::not_found);
  });
  EXPECT_EQ(server.super("SELECT count(*) FROM weir.audit_log"), "1");
  EXPECT_EQ(
      server.super("SELECT concat_ws(' ', actor, action, target, tenant_key, after->>'name') FROM weir.audit_log"),
      "cli:tester tenant.add acme acme Acme Inc.");
}

TEST_F(Tenants, AKeyIsPreferredToAnId) {
  run([&](pg::Database& database) -> Task<> {
    const auto first = co_await add_tenant(database, k_actor, "first", {});
    const auto second = co_await add_tenant(database, k_actor, to_string(first->tenant.id), {});
    const auto found = co_await find_tenant(database, to_string(first->tenant.id));
    EXPECT_EQ(found->id, second->tenant.id);
  });
}

TEST_F(Tenants, BadDataChangeNothing) {
  run([&](pg::Database& database) -> Task<> {
    for (const auto& key : std::vector<std::string>{"", "-a", "a b", "a/b", "ä", std::string(101, 'a')}) {
      const auto added = co_await add_tenant(database, k_actor, key, {});
      EXPECT_EQ(added.error().code, ErrorCode::invalid_input) << key;
    }
    const auto none = co_await add_tenant(database, k_actor, "acme", {std::nullopt, 0});
    EXPECT_EQ(none.error().code, ErrorCode::invalid_input);
    const auto name = co_await add_tenant(database, k_actor, "acme", {"two\nlines", {}});
    EXPECT_EQ(name.error().code, ErrorCode::invalid_input);
    const auto egress = co_await add_tenant(database, k_actor, "acme", {{}, {}, std::string(4001, 'a')});
    EXPECT_EQ(egress.error().code, ErrorCode::invalid_input);
  });
  EXPECT_EQ(server.super("SELECT (SELECT count(*) FROM weir.tenant) + (SELECT count(*) FROM weir.audit_log)"), "0");
}

TEST_F(Tenants, ChangesAreRecordedAndNoChangeIsNot) {
  const auto tenant = server.add_tenant("acme");
  run([&](pg::Database& database) -> Task<> {
    const auto changed = co_await change_tenant(database, k_actor, tenant, {"Acme", 9});
    EXPECT_EQ(*changed, Outcome::changed);
    const auto again = co_await change_tenant(database, k_actor, tenant, {"Acme", {}});
    EXPECT_EQ(*again, Outcome::unchanged);
    const auto unnamed = co_await change_tenant(database, k_actor, tenant, {"", {}});
    EXPECT_EQ(*unnamed, Outcome::changed);
    const auto now = co_await find_tenant(database, "acme");
    EXPECT_EQ(now->name, std::nullopt);
    EXPECT_EQ(now->concurrent_scripts, 9);
  });
  EXPECT_EQ(server.super("SELECT string_agg((before->>'concurrent_scripts') || '>' || (after->>'concurrent_scripts'), "
                         "' ' ORDER BY id) FROM weir.audit_log"),
            "4>9 9>9");
}

TEST_F(Tenants, MayBeAllowedToReachMore) {
  const auto tenant = server.add_tenant("acme");
  run([&](pg::Database& database) -> Task<> {
    const auto before = co_await find_tenant(database, "acme");
    EXPECT_EQ(before->egress_allow, "");
    const auto changed = co_await change_tenant(database, k_actor, tenant, {{}, {}, "10.1.0.0/16"});
    EXPECT_EQ(*changed, Outcome::changed);
    const auto kept = co_await change_tenant(database, k_actor, tenant, {"Acme", {}});
    EXPECT_EQ(*kept, Outcome::changed);
    const auto now = co_await find_tenant(database, "acme");
    EXPECT_EQ(now->egress_allow, "10.1.0.0/16");
  });
  EXPECT_EQ(server.super("SELECT after->>'egress_allow' FROM weir.audit_log ORDER BY id LIMIT 1"), "10.1.0.0/16");
}

TEST_F(Tenants, PausedNothingRunsAndNothingIsClaimed) {
  const auto tenant = server.add_tenant("acme");
  const auto other = server.add_tenant("other");
  const auto epoch = std::to_string(server.add_node().value());
  server.add_data_source(tenant, "one", "example");
  server.add_data_source(other, "one", "example");
  EXPECT_EQ(claim(tenant, "one", epoch), "claimed");
  EXPECT_EQ(claim(other, "one", epoch), "claimed");
  const auto fences = "SELECT string_agg(fence || ' ' || status, ',' ORDER BY tenant_id) FROM weir.data_source_run";
  const auto before = server.super(fences);
  run([&](pg::Database& database) -> Task<> {
    const auto paused = co_await pause_tenant(database, k_actor, tenant);
    EXPECT_EQ(*paused, Outcome::changed);
    const auto again = co_await pause_tenant(database, k_actor, tenant);
    EXPECT_EQ(*again, Outcome::unchanged);
  });
  const auto after = server.super(fences);
  EXPECT_TRUE(after.contains("INTERRUPTED")) << after;
  EXPECT_TRUE(after.ends_with(before.substr(before.find(',')))) << after;  // the other tenant's run goes on
  EXPECT_EQ(claim(tenant, "one", epoch), "paused");
  run([&](pg::Database& database) -> Task<> {
    const auto resumed = co_await resume_tenant(database, k_actor, tenant);
    EXPECT_EQ(*resumed, Outcome::changed);
  });
  EXPECT_EQ(claim(tenant, "one", epoch), "claimed");
}

TEST_F(Tenants, WithoutAnActiveSubscriptionNothingOfItRunsWhateverItsState) {
  const auto tenant = server.add_tenant("acme");
  const auto epoch = std::to_string(server.add_node().value());
  server.add_data_source(tenant, "one", "example");
  EXPECT_EQ(claim(tenant, "one", epoch), "claimed");
  run([&](pg::Database& database) -> Task<> {
    co_await save_plan(database, k_actor, "small", {});
    co_await set_subscription(database, k_actor, tenant, "small", SubscriptionStatus::suspended);
  });
  EXPECT_EQ(server.super("SELECT status FROM weir.data_source_run"), "INTERRUPTED");
  EXPECT_EQ(claim(tenant, "one", epoch), "paused");
  run([&](pg::Database& database) -> Task<> {
    co_await pause_tenant(database, k_actor, tenant);
    co_await resume_tenant(database, k_actor, tenant);
  });
  EXPECT_EQ(claim(tenant, "one", epoch), "paused");
  run([&](pg::Database& database) -> Task<> {
    co_await pause_tenant(database, k_actor, tenant);
    co_await set_subscription(database, k_actor, tenant, "small", SubscriptionStatus::active);
  });
  EXPECT_EQ(claim(tenant, "one", epoch), "paused");
  run([&](pg::Database& database) -> Task<> { co_await resume_tenant(database, k_actor, tenant); });
  EXPECT_EQ(claim(tenant, "one", epoch), "claimed");
}

}  // namespace
}  // namespace weir::tenancy

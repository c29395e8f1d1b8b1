#include "pg/database.hpp"

#include <gtest/gtest.h>

#include "tests/support/run.hpp"
#include "tests/support/test_database.hpp"

namespace weir::pg {
namespace {

constexpr Statement k_who{"test.who",
                          "SELECT current_user::text AS role, current_setting('weir.tenant_id', true) AS tenant"};

TEST(Database, TakesTheRoleAndTheTenantForOneTransactionOnly) {
  test::TestDatabase database;
  const auto tenant = database.add_tenant("acme");
  test::run([&](test::Context context) -> Task<> {
    Pool pool(context.executor(), context.blocking, database.pool_settings(1));
    Database door(pool, database.roles());
    const auto inside = co_await door.query(Scope::tenant(tenant), k_who);
    EXPECT_EQ(inside.one().get<std::string>("role"), database.roles().tenant());
    EXPECT_EQ(inside.one().get<std::string>("tenant"), to_string(tenant));
    const auto lease = co_await pool.acquire();
    const auto outside = co_await lease->query(k_who, {}, Deadline::in(5s));
    EXPECT_EQ(outside.one().get<std::string>("role"), database.roles().login());
    EXPECT_EQ(outside.one().get<std::optional<std::string>>("tenant").value_or(""), "");
  });
}

TEST(Database, ATransactionLeftOpenIsRolledBack) {
  test::TestDatabase database;
  test::run([&](test::Context context) -> Task<> {
    Pool pool(context.executor(), context.blocking, database.pool_settings(2));
    Database door(pool, database.roles());
    {
      auto transaction = co_await door.begin(Scope::control());
      co_await transaction.query({"insert", "INSERT INTO weir.tenant (key) VALUES ('lost')"});
    }
    const auto rows = co_await door.query(Scope::control(), {"count", "SELECT count(*) AS n FROM weir.tenant"});
    EXPECT_EQ(rows.one().get<int>("n"), 0);
    auto transaction = co_await door.begin(Scope::control());
    co_await transaction.query({"insert", "INSERT INTO weir.tenant (key) VALUES ('kept')"});
    co_await transaction.commit();
    EXPECT_EQ(database.super("SELECT count(*) FROM weir.tenant"), "1");
  });
}

TEST(Database, ATransactionCanPassFromOneScopeToAnother) {
  test::TestDatabase database;
  const auto tenant = database.add_tenant("acme");
  test::run([&](test::Context context) -> Task<> {
    Pool pool(context.executor(), context.blocking, database.pool_settings(1));
    Database door(pool, database.roles());
    auto transaction = co_await door.begin(Scope::tenant(tenant));
    co_await transaction.enter(Scope::control());
    const auto inside = co_await transaction.query(k_who);
    EXPECT_EQ(inside.one().get<std::string>("role"), database.roles().control());
    EXPECT_EQ(inside.one().get<std::string>("tenant"), "");
  });
}

}  // namespace
}  // namespace weir::pg

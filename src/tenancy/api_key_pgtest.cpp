#include "tenancy/api_key.hpp"

#include <set>

#include <gtest/gtest.h>

#include "tests/support/tenancy.hpp"

namespace weir::tenancy {
namespace {

using testing::k_actor;

struct ApiKeys : ::testing::Test {
  test::TestDatabase server;
  TenantId acme = server.add_tenant("acme");
  TenantId globex = server.add_tenant("globex");

  template <class Function>
  void run(Function function) {
    test::run([&](test::Context context) -> Task<> {
      pg::Pool pool(context.executor(), context.blocking, server.pool_settings());
      pg::Database database(pool, server.roles());
      co_await function(database);
    });
  }
};

TEST_F(ApiKeys, AreKnownByWhatWasShownOnce) {
  std::string text;
  run([&](pg::Database& database) -> Task<> {
    const auto made = co_await create_api_key(database, k_actor, {"ours", KeyScope::tenant_write, acme});
    text = made->text.reveal();
    const auto known = co_await authenticate(database, made->text);
    EXPECT_EQ(known->id, made->key.id);
    EXPECT_EQ(known->scope, KeyScope::tenant_write);
    EXPECT_EQ(known->tenant, acme);
    EXPECT_EQ(known->tenant_key, "acme");
  });
  EXPECT_TRUE(text.starts_with("weir_")) << text;
  EXPECT_EQ(text.size(), 61U);
  const auto secret = text.substr(18);
  EXPECT_EQ(server.super("SELECT count(*) FROM weir.api_key k WHERE k::text LIKE '%" + secret + "%'"), "0");
  EXPECT_EQ(server.super("SELECT count(*) FROM weir.audit_log a WHERE a::text LIKE '%" + secret + "%'"), "0");
  EXPECT_EQ(server.super("SELECT concat_ws(' ', actor, action, tenant_key, after->>'scope') FROM weir.audit_log"),
            "cli:tester key.create acme tenant:write");
}

TEST_F(ApiKeys, WhatIsNotOneIsRefusedWithOneMessage) {
  run([&](pg::Database& database) -> Task<> {
    const auto made = co_await create_api_key(database, k_actor, {"ours", KeyScope::admin});
    const std::string text(made->text.reveal());
    auto changed = text;
    changed.back() = changed.back() == 'A' ? 'B' : 'A';
    auto other_prefix = text;
    other_prefix[5] = other_prefix[5] == '0' ? '1' : '0';
    std::set<std::string> messages;
    for (const auto& bad : {std::string(), text + "A", text.substr(1), changed, other_prefix, std::string(61, 'a')}) {
      const auto answer = co_await authenticate(database, Secret(bad));
      EXPECT_EQ(answer.error().code, ErrorCode::unauthenticated) << bad;
      messages.insert(answer.error().message);
    }
    EXPECT_EQ(messages.size(), 1U);
  });
}

TEST_F(ApiKeys, EndWhenTheyExpireOrAreRevoked) {
  run([&](pg::Database& database) -> Task<> {
    const auto expiring =
        co_await create_api_key(database, k_actor, {"short", KeyScope::tenant_read, acme, std::chrono::hours(1)});
    const auto lasting = co_await create_api_key(database, k_actor, {"long", KeyScope::tenant_read, acme});
    server.super("UPDATE weir.api_key SET expires_at = now() - interval '1 second' WHERE name = 'short'");
    const auto expired = co_await authenticate(database, expiring->text);
    EXPECT_EQ(expired.error().code, ErrorCode::unauthenticated);

    const auto foreign = co_await revoke_api_key(database, k_actor, globex, to_string(lasting->key.id));
    EXPECT_EQ(foreign.error().code, ErrorCode::not_found);
    const auto revoked = co_await revoke_api_key(database, k_actor, acme, "weir_" + lasting->key.prefix);
    EXPECT_EQ(revoked->outcome, Outcome::changed);
    const auto again = co_await revoke_api_key(database, k_actor, std::nullopt, to_string(lasting->key.id));
    EXPECT_EQ(again->outcome, Outcome::unchanged);
    const auto refused = co_await authenticate(database, lasting->text);
    EXPECT_EQ(refused.error().code, ErrorCode::unauthenticated);
  });
  EXPECT_EQ(server.super("SELECT count(*) FROM weir.audit_log WHERE action = 'key.revoke'"), "1");
}

TEST_F(ApiKeys, BadOnesAreNotMade) {
  run([&](pg::Database& database) -> Task<> {
    for (const auto& bad : std::vector<NewApiKey>{{"", KeyScope::admin},
                                                  {"two\nlines", KeyScope::admin},
                                                  {std::string(201, 'a'), KeyScope::admin},
                                                  {"a", KeyScope::admin, acme},
                                                  {"a", KeyScope::tenant_read},
                                                  {"a", KeyScope::admin, {}, std::chrono::seconds(0)},
                                                  {"a", KeyScope::admin, {}, std::chrono::days(4000)}}) {
      const auto made = co_await create_api_key(database, k_actor, bad);
      EXPECT_EQ(made.error().code, ErrorCode::invalid_input) << bad.name;
    }
    const auto nobody = co_await create_api_key(database, k_actor, {"a", KeyScope::tenant_read, TenantId(Uuid{})});
    EXPECT_EQ(nobody.error().code, ErrorCode::not_found);
  });
  EXPECT_EQ(server.super("SELECT count(*) FROM weir.api_key"), "0");
}

TEST_F(ApiKeys, AreListedByTenantAndPage) {
  run([&](pg::Database& database) -> Task<> {
    for (const auto* name : {"one", "two", "three"})
      co_await create_api_key(database, k_actor, {name, KeyScope::tenant_read, acme});
    co_await create_api_key(database, k_actor, {"other", KeyScope::tenant_read, globex});
    const auto all = co_await list_api_keys(database, {});
    EXPECT_EQ(all.size(), 4U);
    const auto first = co_await list_api_keys(database, {.tenant = acme, .limit = 2});
    EXPECT_EQ(first.size(), 2U);
    const auto rest = co_await list_api_keys(database, {.tenant = acme, .after = first.back().id});
    EXPECT_EQ(rest.size(), 1U);
    EXPECT_EQ(rest.front().name, "three");
  });
}

TEST_F(ApiKeys, OfTheOperatorAreFoundAmongThousands) {
  run([&](pg::Database& database) -> Task<> {
    server.super(
        "INSERT INTO weir.api_key (prefix, secret_hash, name, scope, tenant_id) SELECT lpad(to_hex(n), 12, '0'), "
        "decode(repeat('00', 32), 'hex'), 'old', 'tenant:read', '" +
        to_string(acme) + "' FROM generate_series(1, 1500) n");
    const bool is_there_yet = co_await has_admin_key(database);
    EXPECT_FALSE(is_there_yet);
    const auto made = co_await create_api_key(database, k_actor, {"ours", KeyScope::admin});
    const bool is_there = co_await has_admin_key(database);
    EXPECT_TRUE(is_there);
    co_await revoke_api_key(database, k_actor, {}, made->key.prefix);
    const bool is_left = co_await has_admin_key(database);
    EXPECT_FALSE(is_left);
    co_await create_api_key(database, k_actor,
                            {.name = "short", .scope = KeyScope::admin, .lifetime = std::chrono::hours(1)});
    server.super("UPDATE weir.api_key SET expires_at = now() - interval '1 s' WHERE name = 'short'");
    const bool is_over = !co_await has_admin_key(database);
    EXPECT_TRUE(is_over);
  });
}

TEST_F(ApiKeys, TheAuditLogCanOnlyGrow) {
  server.super("INSERT INTO weir.audit_log (action, target) VALUES ('a', 'b')");
  const auto control = server.roles().control();
  for (const std::string statement :
       {"UPDATE weir.audit_log SET action = 'c'", "DELETE FROM weir.audit_log", "TRUNCATE weir.audit_log"})
    EXPECT_ANY_THROW(server.super("SET ROLE " + control + "; " + statement)) << statement;
  EXPECT_EQ(server.super("SELECT action FROM weir.audit_log"), "a");
}

}  // namespace
}  // namespace weir::tenancy

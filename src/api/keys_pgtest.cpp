#include <set>

#include <gtest/gtest.h>

#include "tests/support/api_world.hpp"

namespace weir::api {
namespace {

using nlohmann::json;
using tenancy::KeyScope;
using test::ApiProcess;

struct KeyRoutes : test::ApiWorld {
  TenantId acme = database.add_tenant("acme");
  TenantId globex = database.add_tenant("globex");
  std::string admin = make_key(KeyScope::admin);
};

TEST_F(KeyRoutes, AKeyIsShownOnceWorksAndEnds) {
  with_server([&](ApiProcess& process) -> Task<> {
    const auto made = co_await process.call({.method = "POST",
                                             .target = "/api/v1/tenants/acme/keys",
                                             .key = admin,
                                             .body = json{{"name", "theirs"}, {"scope", "tenant:read"}},
                                             .headers = {{"X-User-ID", "alice"}}});
    EXPECT_EQ(made.status, 201);
    const auto key = made.document()["api_key"].get<std::string>();
    const auto mine = co_await process.get("/api/v1/tenants/acme/audit", key);
    EXPECT_EQ(mine.status, 200);
    EXPECT_EQ(mine.document()["items"][0]["actor"], "alice");
    const auto listed = co_await process.get("/api/v1/tenants/acme/keys", admin);
    EXPECT_EQ(listed.document()["items"].size(), 1U);
    EXPECT_FALSE(listed.body.contains(key.substr(18)));

    const auto revoked =
        co_await process.call({.method = "DELETE",
                               .target = "/api/v1/tenants/acme/keys/" + made.document()["prefix"].get<std::string>(),
                               .key = admin});
    EXPECT_EQ(revoked.document()["is_valid"], false);
    const auto refused = co_await process.get("/api/v1/tenants/acme/audit", key);
    EXPECT_EQ(refused.status, 401);
    EXPECT_TRUE(refused.headers.contains("www-authenticate"));
  });
}

TEST_F(KeyRoutes, ARevocationHoldsOnEveryNodeAtOnce) {
  const auto key = make_key(KeyScope::admin);
  with_server([&](ApiProcess& one) -> Task<> {
    ApiProcess other(one.process.context, database, directory.path() / "master.key", catalog, {.port = 0});
    EXPECT_TRUE(other.server.open());
    const auto before = co_await other.get("/api/v1/keys", key);
    EXPECT_EQ(before.status, 200);
    co_await one.call({.method = "DELETE", .target = "/api/v1/keys/" + key.substr(0, 17), .key = admin});
    const auto after = co_await other.get("/api/v1/keys", key);
    EXPECT_EQ(after.status, 401);
    co_await other.stop();
  });
}

TEST_F(KeyRoutes, AnExpiredOrWrongKeyIsRefused) {
  const auto expired = make_key(KeyScope::admin, {}, std::chrono::hours(1));
  super("UPDATE weir.api_key SET expires_at = now() WHERE expires_at IS NOT NULL");
  with_server([&](ApiProcess& process) -> Task<> {
    for (const auto& bad : {expired, std::string(), std::string("nonsense"), admin + "x"}) {
      const auto refused = co_await process.get("/api/v1/keys", bad);
      EXPECT_EQ(refused.code(), "unauthenticated");
    }
  });
}

TEST_F(KeyRoutes, BadRequestsChangeNothing) {
  with_server([&](ApiProcess& process) -> Task<> {
    for (const auto& bad :
         {json::object(), json{{"name", ""}}, json{{"name", "a"}, {"expires_in", "soon"}},
          json{{"name", "a"}, {"scope", "admin"}}, json{{"name", "two\nlines"}}, json::array(), json()}) {
      const auto refused = co_await process.post("/api/v1/keys", admin, bad);
      EXPECT_EQ(refused.status, 422) << bad;
    }
    const auto broken =
        co_await process.call({.method = "POST", .target = "/api/v1/keys", .key = admin, .body = json::binary({'{'})});
    EXPECT_EQ(broken.status, 400);
    const auto untyped = co_await process.call(
        {.method = "POST", .target = "/api/v1/keys", .key = admin, .headers = {{"Content-Length", "0"}}});
    EXPECT_EQ(untyped.status, 415);
    const auto user = co_await process.call(
        {.target = "/api/v1/keys", .key = admin, .headers = {{"X-User-ID", std::string(201, 'a')}}});
    EXPECT_EQ(user.status, 400);
  });
  EXPECT_EQ(super("SELECT count(*) FROM weir.api_key"), "1");
}

TEST_F(KeyRoutes, NobodyPassesForAKeyOrTheCommandLine) {
  const auto writer = make_key(KeyScope::tenant_write, acme);
  const auto pausing = [&](std::string user) -> test::ApiCall {
    return {.method = "POST",
            .target = "/api/v1/tenants/acme/pause",
            .key = writer,
            .headers = {{"X-User-ID", std::move(user)}}};
  };
  with_server([&](ApiProcess& process) -> Task<> {
    for (const auto* forged : {"cli:root", "key:weir_0123456789ab", "CLI:root", "key:"}) {
      const auto refused = co_await process.call(pausing(forged));
      EXPECT_EQ(refused.code(), "usage") << forged;
      EXPECT_TRUE(refused.body.contains("X-User-ID")) << refused.body;
    }
    EXPECT_EQ(super("SELECT state FROM weir.tenant WHERE key = 'acme'"), "ACTIVE");
    const auto person = co_await process.call(pausing("keyes"));
    EXPECT_EQ(person.status, 200);
  });
  EXPECT_EQ(super("SELECT actor FROM weir.audit_log WHERE action = 'tenant.pause'"), "keyes");
}

TEST_F(KeyRoutes, PagesShowEachOnce) {
  for (int i = 0; i < 4; ++i) make_key(KeyScope::tenant_read, acme);
  with_server([&](ApiProcess& process) -> Task<> {
    std::set<std::string> seen;
    std::string after;
    for (int pages = 0; pages < 10; ++pages) {
      const auto page = co_await process.get("/api/v1/keys?limit=2" + after, admin);
      for (const auto& item : page.document()["items"]) EXPECT_TRUE(seen.insert(item["id"]).second);
      if (page.document()["next"].is_null()) break;
      after = "&after=" + page.document()["next"].get<std::string>();
    }
    EXPECT_EQ(seen.size(), 5U);
    for (const auto* bad : {"limit=0", "limit=1001", "limit=x", "after=x", "limit=1&limit=2", "other=1"}) {
      const auto refused = co_await process.get(std::string("/api/v1/keys?") + bad, admin);
      EXPECT_EQ(refused.status, 400) << bad;
    }
  });
}

}  // namespace
}  // namespace weir::api

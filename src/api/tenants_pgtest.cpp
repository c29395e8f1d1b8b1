#include <gtest/gtest.h>

#include "tests/support/api_world.hpp"

namespace weir::api {
namespace {

using nlohmann::json;
using tenancy::KeyScope;
using test::ApiProcess;

struct TenantRoutes : test::ApiWorld {
  std::string admin = make_key(KeyScope::admin);
  std::string audit() const {
    return super(
        "SELECT string_agg(action, ' ' ORDER BY id) FROM weir.audit_log WHERE action NOT LIKE 'key.%' AND action NOT "
        "LIKE 'pipeline.%'");
  }

  Task<test::ApiReply> change(ApiProcess& process, std::string method, std::string target, json body) {
    return process.call({.method = std::move(method),
                         .target = std::move(target),
                         .key = admin,
                         .body = std::move(body),
                         .headers = {{"X-User-ID", "alice"}}});
  }
  Task<test::ApiReply> act(ApiProcess& process, std::string method, std::string target) {
    return process.call(
        {.method = std::move(method), .target = std::move(target), .key = admin, .headers = {{"X-User-ID", "alice"}}});
  }
};

TEST_F(TenantRoutes, AreAddedChangedPausedAndRemoved) {
  with_server([&](ApiProcess& process) -> Task<> {
    const json data{{"key", "acme"}, {"name", "Acme"}};
    const auto added = co_await change(process, "POST", "/api/v1/tenants", data);
    EXPECT_EQ(added.status, 201);
    const auto again = co_await change(process, "POST", "/api/v1/tenants", data);
    EXPECT_EQ(again.status, 200);
    const auto other = co_await change(process, "POST", "/api/v1/tenants", {{"key", "acme"}, {"name", "Other"}});
    EXPECT_EQ(other.code(), "already_exists");
    const auto changed =
        co_await change(process, "PATCH", "/api/v1/tenants/acme",
                        {{"name", nullptr}, {"concurrent_scripts", 9}, {"egress_allow", "10.0.0.0/8"}});
    EXPECT_TRUE(changed.document()["name"].is_null());
    EXPECT_EQ(changed.document()["concurrent_scripts"], 9);
    const auto bad = co_await change(process, "PATCH", "/api/v1/tenants/acme", {{"egress_allow", "10.0.0.0/99"}});
    EXPECT_EQ(bad.code(), "invalid_input");
    const auto zone = co_await change(process, "PATCH", "/api/v1/tenants/acme", {{"time_zone", "Asia/Tokyo"}});
    EXPECT_EQ(zone.document()["time_zone"], "Asia/Tokyo");
    EXPECT_EQ(super("SELECT time_zone FROM weir.lane"), "Asia/Tokyo");
    const auto nowhere = co_await change(process, "PATCH", "/api/v1/tenants/acme", {{"time_zone", "Mars/Olympus"}});
    EXPECT_EQ(nowhere.code(), "invalid_input");
    const auto paused = co_await act(process, "POST", "/api/v1/tenants/acme/pause");
    EXPECT_EQ(paused.document()["state"], "PAUSED");
    const auto resumed =
        co_await act(process, "POST", "/api/v1/tenants/" + added.document()["id"].get<std::string>() + "/resume");
    EXPECT_EQ(resumed.document()["state"], "ACTIVE");
    const auto removed = co_await act(process, "DELETE", "/api/v1/tenants/acme");
    EXPECT_EQ(removed.document()["is_removed"], true);
    const auto gone = co_await process.get("/api/v1/tenants/acme", admin);
    EXPECT_EQ(gone.status, 404);
  });
  EXPECT_EQ(audit(), "tenant.add tenant.set tenant.set tenant.pause tenant.resume tenant.rm tenant.removed");
  EXPECT_EQ(super("SELECT count(*) FROM weir.audit_log WHERE actor = 'alice'"), "7");
}

TEST_F(TenantRoutes, AreListedInPages) {
  for (const auto* key : {"a", "b", "c", "d", "e"}) database.add_tenant(key);
  with_server([&](ApiProcess& process) -> Task<> {
    const auto first = co_await process.get("/api/v1/tenants?limit=3", admin);
    EXPECT_EQ(first.document()["next"], "c");
    const auto rest = co_await process.get("/api/v1/tenants?limit=3&after=c", admin);
    EXPECT_EQ(rest.document()["items"].size(), 2U);
    EXPECT_TRUE(rest.document()["next"].is_null());
  });
}

TEST_F(TenantRoutes, ConnectTheirTools) {
  database.add_tenant("acme");
  const std::string base = "/api/v1/tenants/acme/data-sources";
  with_server([&](ApiProcess& process) -> Task<> {
    const json data{{"provider", "github"},
                    {"name", "hub"},
                    {"settings", {{"GITHUB_ORG", "acme"}}},
                    {"secrets", {{"GITHUB_TOKEN", "hush-4711-hush"}}}};
    const auto added = co_await change(process, "POST", base, data);
    EXPECT_EQ(added.status, 201);
    EXPECT_EQ(added.document()["state"], "enabled");
    EXPECT_FALSE(added.body.contains("hush"));
    const auto again = co_await change(process, "POST", base, data);
    EXPECT_EQ(again.status, 200);
    const auto pipelines = co_await process.get("/api/v1/tenants/acme/pipelines", admin);
    EXPECT_EQ(pipelines.document()["items"][0]["name"], "hub") << pipelines.body;
    const auto provider = co_await change(process, "POST", base, {{"provider", "gitbub"}});
    EXPECT_EQ(provider.code(), "invalid_input");
    const auto plain = co_await change(process, "POST", base,
                                       {{"provider", "github"}, {"settings", {{"GITHUB_TOKEN", "hush-4711-hush"}}}});
    EXPECT_EQ(plain.code(), "invalid_input");
    EXPECT_FALSE(plain.body.contains("hush"));
    const auto configured =
        co_await change(process, "PATCH", base + "/hub/config",
                        {{"settings", {{"GITHUB_ORG", "other"}}}, {"secrets", {{"GITHUB_TOKEN", "hush-2-hush"}}}});
    EXPECT_EQ(configured.document()["changed"], true);
    const auto disabled = co_await act(process, "POST", base + "/hub/disable");
    EXPECT_EQ(disabled.document()["is_enabled"], false);
    const auto enabled = co_await act(process, "POST", base + "/hub/enable");
    EXPECT_EQ(enabled.document()["is_enabled"], true);
    const auto listed = co_await process.get(base, admin);
    EXPECT_EQ(listed.document()["items"].size(), 1U);
    EXPECT_FALSE(listed.body.contains("hush"));
    const auto shown = co_await process.get(base + "/hub", admin);
    EXPECT_EQ(shown.document()["name"], "hub");
    const auto removed = co_await act(process, "DELETE", base + "/hub");
    EXPECT_EQ(removed.status, 200);
    EXPECT_EQ(super("SELECT count(*) FROM weir.tenant_pipeline_configs"), "0")
        << "a pipeline of nothing else goes, too";
    const auto gone = co_await act(process, "DELETE", base + "/hub");
    EXPECT_EQ(gone.status, 404);
    const auto log = co_await process.get("/api/v1/tenants/acme/audit", admin);
    EXPECT_FALSE(log.body.contains("hush"));
    EXPECT_TRUE(log.body.contains("***"));
  });
  EXPECT_EQ(audit(), "source.add source.set source.disable source.enable source.rm source.removed");
}

TEST_F(TenantRoutes, GiveNoSecretsWithoutAnActiveSubscription) {
  database.add_tenant("acme");
  const std::string base = "/api/v1/tenants/acme/data-sources";
  with_server([&](ApiProcess& process) -> Task<> {
    const json data{{"provider", "github"},
                    {"settings", {{"GITHUB_ORG", "acme"}}},
                    {"secrets", {{"GITHUB_TOKEN", "hush-4711-hush"}}}};
    co_await change(process, "POST", base, data);
    super(
        "INSERT INTO weir.plan (name) VALUES ('p'); INSERT INTO weir.subscription (tenant_id, plan, status) "
        "SELECT id, 'p', 'SUSPENDED' FROM weir.tenant");
    auto other = data;
    other["name"] = "other";
    const auto added = co_await change(process, "POST", base, other);
    EXPECT_EQ(added.status, 403);
    EXPECT_EQ(added.code(), "subscription_inactive");
    const auto secret =
        co_await change(process, "PATCH", base + "/github/config", {{"secrets", {{"GITHUB_TOKEN", "hush-2-hush"}}}});
    EXPECT_EQ(secret.code(), "subscription_inactive");
    const auto plain =
        co_await change(process, "PATCH", base + "/github/config", {{"settings", {{"GITHUB_ORG", "beta"}}}});
    EXPECT_EQ(plain.status, 200);
  });
  EXPECT_EQ(audit(), "source.add source.set");
}

TEST_F(TenantRoutes, GetThePipelineThatAnInterruptionLeftOut) {
  database.add_tenant("acme");
  const std::string target = "/api/v1/tenants/acme/credentials";
  const auto pipelines = [&] {
    return super("SELECT coalesce(string_agg(name, ' ' ORDER BY name), '') FROM weir.tenant_pipeline_configs");
  };
  with_server([&](ApiProcess& process) -> Task<> {
    const json data{{"provider", "github"},
                    {"settings", {{"GITHUB_ORG", "acme"}}},
                    {"secrets", {{"GITHUB_TOKEN", "hush-4711-hush"}}}};
    co_await change(process, "POST", target, data);
    super("DELETE FROM weir.tenant_pipeline_configs");  // as if the process had died before
    const auto again = co_await change(process, "POST", target, data);
    EXPECT_EQ(again.status, 200);
    EXPECT_EQ(pipelines(), "github");
    super("UPDATE weir.tenant_pipeline_configs SET name = 'mine'");
    co_await change(process, "POST", target, data);
    EXPECT_EQ(pipelines(), "mine") << "somebody's own pipeline does";
    super("DELETE FROM weir.tenant_pipeline_configs; UPDATE weir.data_source SET first_import_at = now()");
    co_await change(process, "POST", target, data);
    EXPECT_EQ(pipelines(), "") << "somebody wanted none";
  });
}

TEST_F(TenantRoutes, GiveCredentialsThatNobodyReads) {
  const auto acme = database.add_tenant("acme");
  const auto writer = make_key(KeyScope::tenant_write, acme);
  const std::string target = "/api/v1/tenants/acme/credentials";
  with_server([&](ApiProcess& process) -> Task<> {
    const json data{{"provider", "github"},
                    {"settings", {{"GITHUB_ORG", "acme"}}},
                    {"secrets", {{"GITHUB_TOKEN", "hush-4711-hush"}}}};
    const auto saved = co_await process.call({.method = "POST",
                                              .target = target,
                                              .key = writer,
                                              .body = data,
                                              .headers = {{"X-User-ID", "bob"}, {"Idempotency-Key", "1"}}});
    EXPECT_EQ(saved.status, 201);
    EXPECT_EQ(saved.document()["keys"], json::array({"GITHUB_TOKEN"}));
    EXPECT_NE(super("SELECT count(*) FROM pg_tables WHERE schemaname = 'data'"), "0");
    const auto again = co_await process.post(target, writer, data);
    EXPECT_EQ(again.status, 200);
    auto changed = data;
    changed["secrets"]["GITHUB_TOKEN"] = "hush-2-hush";
    const auto replaced = co_await process.post(target, writer, changed);
    EXPECT_EQ(replaced.status, 201);
    const auto foreign = co_await process.post(
        target, writer, {{"provider", "git"}, {"data_source", "github"}, {"secrets", json::object()}});
    EXPECT_EQ(foreign.code(), "conflict");

    super(
        "INSERT INTO weir.plan (name) VALUES ('p'); INSERT INTO weir.subscription (tenant_id, plan, status) VALUES ('" +
        to_string(acme) + "', 'p', 'SUSPENDED')");
    const auto refused = co_await process.post(target, writer, data);
    EXPECT_EQ(refused.code(), "subscription_inactive");
    EXPECT_EQ(refused.status, 403);
  });
  EXPECT_EQ(super("SELECT actor FROM weir.audit_log WHERE action = 'source.add'"), "bob");
  for (const auto* table : {"audit_log", "idempotency_key", "tenant_data_source_config"})
    EXPECT_EQ(super(std::string("SELECT count(*) FROM weir.") + table + " t WHERE t::text LIKE '%hush%'"), "0")
        << table;
}

}  // namespace
}  // namespace weir::api

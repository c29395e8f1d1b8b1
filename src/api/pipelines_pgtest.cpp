#include <gtest/gtest.h>

#include "tests/support/api_world.hpp"

namespace weir::api {
namespace {

using nlohmann::json;
using tenancy::KeyScope;
using test::ApiProcess;

struct PipelineRoutes : test::ApiWorld {
  TenantId acme = database.add_tenant("acme");
  std::string admin = make_key(KeyScope::admin);
  std::string writer = make_key(KeyScope::tenant_write, acme);
  std::string base = "/api/v1/tenants/acme/pipelines";

  Task<test::ApiReply> put(ApiProcess& process, std::string target, json body) {
    return process.call({.method = "PUT", .target = std::move(target), .key = admin, .body = std::move(body)});
  }
  Task<test::ApiReply> patch(ApiProcess& process, std::string target, json body) {
    return process.call({.method = "PATCH", .target = std::move(target), .key = writer, .body = std::move(body)});
  }
};

TEST_F(PipelineRoutes, AreAddedChangedPreviewedAndRemoved) {
  with_server([&](ApiProcess& process) -> Task<> {
    const auto added = co_await process.post(
        base, writer, {{"name", "nightly"}, {"schedule", {{"cron", "30 2 * * *"}, {"time_zone", "Europe/Berlin"}}}});
    EXPECT_EQ(added.status, 201);
    EXPECT_TRUE(added.document()["next_fire_at"].is_string());
    const auto twice = co_await process.post(base, writer, {{"name", "nightly"}});
    EXPECT_EQ(twice.code(), "already_exists");
    for (const auto& schedule :
         {json{{"cron", "61 * * * *"}}, json{{"every", "1s"}}, json{{"every", "15m"}, {"cron", "@hourly"}},
          json{{"cron", "@hourly"}, {"time_zone", "Mars/Olympus"}}, json{{"cron", "0 0 30 2 *"}}}) {
      const auto bad = co_await process.post(base, writer, {{"name", "bad"}, {"schedule", schedule}});
      EXPECT_EQ(bad.code(), "invalid_input") << schedule;
    }
    const auto fires = co_await process.get(base + "/nightly/preview?count=3&from=2026-03-27T12:00:00Z", writer);
    EXPECT_EQ(fires.document()["items"][1]["clock_change"], "after_gap") << fires.body;
    const auto changed = co_await patch(process, base + "/nightly", {{"schedule", {{"every", "15m"}}}, {"version", 1}});
    EXPECT_EQ(changed.document()["schedule"]["every_seconds"], 900);
    const auto late = co_await patch(process, base + "/nightly", {{"priority", 3}, {"version", 1}});
    EXPECT_EQ(late.code(), "conflict");
    const auto listed = co_await process.get("/scheduler/customer/acme/pipelines", writer);
    EXPECT_EQ(listed.document()["items"].size(), 1U);
    const auto removed = co_await process.call(
        {.method = "DELETE",
         .target = "/scheduler/customer/acme/pipelines/" + added.document()["id"].get<std::string>(),
         .key = writer});
    EXPECT_EQ(removed.status, 204);
    EXPECT_EQ(removed.body, "");
    const auto gone = co_await process.get(base + "/nightly", writer);
    EXPECT_EQ(gone.status, 404);
  });
}

TEST_F(PipelineRoutes, ARunSaysWhatIsLeftOfTheDay) {
  with_server([&](ApiProcess& process) -> Task<> {
    co_await put(process, "/api/v1/plans/small", {{"runs_per_day", 1}});
    co_await put(process, "/api/v1/tenants/acme/subscription", {{"plan", "small"}});
    co_await process.post(base, writer, {{"name", "a"}});
    co_await process.post(base, writer, {{"name", "b"}});
    const auto unknown = co_await process.post(base + "/a/run", writer, {{"parameters", {{"surce", "x"}}}});
    EXPECT_EQ(unknown.code(), "invalid_input");
    const auto first = co_await process.call({.method = "POST",
                                              .target = base + "/a/run",
                                              .key = writer,
                                              .body = json::object(),
                                              .headers = {{"X-User-ID", "carol"}}});
    EXPECT_EQ(first.status, 202);
    EXPECT_EQ(first.document()["quota"]["remaining"], 0);
    EXPECT_EQ(first.headers.at("x-quota-remaining"), "0");
    const auto run = first.document()["run_id"].get<std::string>();
    const auto spent = co_await process.post(base + "/b/run", writer, json::object());
    EXPECT_EQ(spent.status, 429);
    EXPECT_EQ(spent.code(), "quota_spent");
    EXPECT_EQ(spent.document()["quota"]["remaining"], 0);
    EXPECT_TRUE(spent.headers.contains("retry-after") && spent.headers.contains("x-quota-reset"));
    const auto again = co_await process.post(base + "/a/run", writer, json::object());
    EXPECT_EQ(again.code(), "conflict");

    const auto queue = co_await process.get("/api/v1/tenants/acme/queue", writer);
    EXPECT_EQ(queue.document()["items"][0]["pipeline_run_id"], run);
    const auto why = co_await process.get("/api/v1/tenants/acme/runs/" + run + "/why", writer);
    EXPECT_FALSE(why.document()["reasons"].empty());
    const auto shown = co_await process.get("/api/v1/tenants/acme/runs/" + run, writer);
    EXPECT_EQ(shown.document()["kind"], "pipeline_run");
    EXPECT_EQ(shown.document()["user_id"], "carol");
    const auto quota = co_await process.get("/api/v1/tenants/acme/quota", writer);
    EXPECT_EQ(quota.document()["runs_used"], 1);
    const auto cancelled = co_await process.call(
        {.method = "POST", .target = "/api/v1/tenants/acme/runs/" + run + "/cancel", .key = writer});
    EXPECT_EQ(cancelled.status, 202);
    const auto empty = co_await process.get("/api/v1/queue", admin);
    EXPECT_TRUE(empty.document()["items"].empty()) << empty.body;
  });
}

TEST_F(PipelineRoutes, AnInactiveSubscriptionRefusesRuns) {
  with_server([&](ApiProcess& process) -> Task<> {
    co_await process.post(base, writer, {{"name", "a"}});
    co_await put(process, "/api/v1/plans/small", json::object());
    const auto set =
        co_await put(process, "/api/v1/tenants/acme/subscription", {{"plan", "small"}, {"status", "SUSPENDED"}});
    EXPECT_EQ(set.document()["status"], "SUSPENDED");
    const auto refused = co_await process.post(base + "/a/run", writer, json::object());
    EXPECT_EQ(refused.status, 403);
    EXPECT_EQ(refused.code(), "subscription_inactive");
    const auto used = co_await process.call({.method = "DELETE", .target = "/api/v1/plans/small", .key = admin});
    EXPECT_EQ(used.code(), "conflict");
    co_await process.call({.method = "DELETE", .target = "/api/v1/tenants/acme/subscription", .key = admin});
    const auto none = co_await process.get("/api/v1/tenants/acme/subscription", writer);
    EXPECT_EQ(none.status, 404);
    const auto allowed = co_await process.post(base + "/a/run", writer, json::object());
    EXPECT_EQ(allowed.status, 202);
    EXPECT_TRUE(allowed.document()["quota"]["remaining"].is_null());
    const auto plans = co_await process.get("/api/v1/plans", admin);
    EXPECT_EQ(plans.document()["items"].size(), 1U);
    const auto usage = co_await process.get("/api/v1/tenants/acme/usage", writer);
    EXPECT_EQ(usage.document()["items"][0]["runs_used"], 1);
  });
}

}  // namespace
}  // namespace weir::api

#include <future>

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

TEST_F(PipelineRoutes, AScheduleIsChangedByWhatIsSaidOfIt) {
  with_server([&](ApiProcess& process) -> Task<> {
    co_await process.post(base, writer,
                          {{"name", "nightly"}, {"schedule", {{"cron", "30 2 * * *"}, {"gap_rule", "skip"}}}});
    const auto patched = [&](json schedule) { return patch(process, base + "/nightly", {{"schedule", schedule}}); };
    auto reply = co_await patched({{"time_zone", "America/New_York"}});
    auto schedule = reply.document()["schedule"];
    EXPECT_EQ(schedule["cron"], "30 2 * * *") << reply.body;
    EXPECT_EQ(schedule["time_zone"], "America/New_York");
    EXPECT_EQ(schedule["gap_rule"], "skip");
    reply = co_await process.get(base + "/nightly/preview?count=2&from=2026-03-07T00:00:00Z", writer);
    const auto fires = reply.document()["items"];
    EXPECT_TRUE(fires[0]["clock_change"].is_null()) << reply.body;
    EXPECT_EQ(fires[1]["at"], "2026-03-09T06:30:00Z");
    EXPECT_EQ(fires[1]["clock_change"], "after_left_out");
    EXPECT_EQ(fires[1]["left_out"], "2026-03-08T02:30:00");
    reply = co_await patched({{"missed", "skip"}, {"spread_seconds", 60}});
    EXPECT_EQ(reply.document()["schedule"]["spread_seconds"], 60);
    const auto echoed = co_await patched(reply.document()["schedule"]);
    EXPECT_EQ(echoed.document()["schedule"], reply.document()["schedule"]);
    reply = co_await patched({{"every", "2d"}});
    EXPECT_EQ(reply.document()["schedule"],
              (json{{"every_seconds", 172'800}, {"missed", "skip"}, {"spread_seconds", 86'400}}));
    reply = co_await patched({{"cron", "@hourly"}});
    schedule = reply.document()["schedule"];
    EXPECT_FALSE(schedule.contains("every_seconds")) << schedule;
    EXPECT_EQ(schedule["time_zone"], "UTC");
    EXPECT_EQ(schedule["gap_rule"], "after");
    EXPECT_EQ(schedule["spread_seconds"], 0);
    reply = co_await patched(nullptr);
    EXPECT_EQ(reply.document()["schedule"], json::object());
    EXPECT_TRUE(reply.document()["next_fire_at"].is_null());
    reply = co_await patched(json::object());
    EXPECT_EQ(reply.document()["schedule"], json::object());
  });
}

TEST_F(PipelineRoutes, AScheduleSaysNothingThatDoesNotApply) {
  with_server([&](ApiProcess& process) -> Task<> {
    for (const auto& schedule :
         {json{{"every", "1d"}, {"gap_rule", "skip"}}, json{{"every", "1d"}, {"time_zone", "UTC"}},
          json{{"every", "1d"}, {"overlap_rule", "both"}}, json{{"every", "1d"}, {"day_rule", "both"}},
          json{{"missed", "skip"}}, json{{"spread_seconds", 60}}, json{{"time_zone", "UTC"}}}) {
      const auto refused = co_await process.post(base, writer, {{"name", "bad"}, {"schedule", schedule}});
      EXPECT_EQ(refused.status, 422) << schedule << refused.body;
    }
    const auto spread = co_await process.post(base, writer, {{"name", "a"}, {"schedule", {{"every", "15m"}}}});
    EXPECT_EQ(spread.document()["schedule"]["spread_seconds"], 900);
    const auto together =
        co_await process.post(base, writer, {{"name", "b"}, {"schedule", {{"every", "15m"}, {"spread_seconds", 0}}}});
    EXPECT_EQ(together.document()["schedule"]["spread_seconds"], 0);
  });
}

TEST_F(PipelineRoutes, NameOnlyWhatThereIs) {
  database.add_data_source(acme, "mirror", "git");
  database.add_data_source(acme, "old", "git");
  with_server([&](ApiProcess& process) -> Task<> {
    for (const auto& [body, name] : {std::pair{json{{"data_sources", {"mirror", "nope"}}}, "'nope'"},
                                     {json{{"scripts", {"nope/x"}}}, "'nope/x'"},
                                     {json{{"parameters", {{"sources", {"gone"}}}}}, "'gone'"},
                                     {json{{"parameters", {{"scripts", {"git/nope"}}}}}, "'git/nope'"}}) {
      auto named = body;
      named["name"] = "bad";
      const auto refused = co_await process.post(base, writer, named);
      EXPECT_EQ(refused.status, 422) << body;
      EXPECT_TRUE(refused.document()["detail"].get<std::string>().contains(name)) << refused.body;
    }
    const auto added = co_await process.post(
        base, writer, {{"name", "a"}, {"data_sources", {"mirror", "old"}}, {"scripts", {"git/commit"}}});
    EXPECT_EQ(added.status, 201) << added.body;
    super("DELETE FROM weir.data_source WHERE name = 'old'");
    const auto other = co_await patch(process, base + "/a", {{"priority", 3}});
    EXPECT_EQ(other.status, 200) << other.body;
    const auto fewer = co_await patch(process, base + "/a", {{"data_sources", {"old"}}});
    EXPECT_EQ(fewer.status, 200) << "it named it already: " << fewer.body;
    const auto more = co_await patch(process, base + "/a", {{"data_sources", {"old", "nope"}}});
    EXPECT_EQ(more.status, 422);
    for (const auto& parameters :
         {json{{"sources", {"nope"}}}, json{{"scripts", {"nope/x"}}}, json{{"scripts", {"github/issue"}}},
          json{{"source", "nope"}, {"script", "commit"}, {"from", "2026-01-01"}, {"to", "2026-01-02"}},
          json{{"source", "mirror"}, {"script", "nope"}, {"from", "2026-01-01"}, {"to", "2026-01-02"}}}) {
      const auto refused = co_await process.post(base + "/a/run", writer, {{"parameters", parameters}});
      EXPECT_EQ(refused.status, 422) << parameters << refused.body;
      EXPECT_FALSE(refused.body.contains("`weir")) << refused.body;
    }
    const auto run = co_await process.post(base + "/a/run", writer, {{"parameters", {{"sources", {"mirror"}}}}});
    EXPECT_EQ(run.status, 202) << run.body;
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
                                              .headers = {{"X-User-ID", "carol"}, {"Idempotency-Key", "k1"}}});
    EXPECT_EQ(first.status, 202);
    EXPECT_EQ(first.document()["quota"]["remaining"], 0);
    EXPECT_EQ(first.headers.at("x-quota-remaining"), "0");
    const auto run = first.document()["run_id"].get<std::string>();
    const auto repeated = co_await process.call({.method = "POST",
                                                 .target = base + "/a/run",
                                                 .key = writer,
                                                 .body = json::object(),
                                                 .headers = {{"Idempotency-Key", "k1"}}});
    EXPECT_EQ(repeated.headers.at("idempotency-replayed"), "true");
    EXPECT_EQ(repeated.document(), first.document());
    for (const auto* header : {"x-quota-limit", "x-quota-remaining", "x-quota-reset"})
      EXPECT_EQ(repeated.headers.at(header), first.headers.at(header)) << header;
    const auto spent = co_await process.post(base + "/b/run", writer, json::object());
    EXPECT_EQ(spent.status, 429);
    EXPECT_EQ(spent.code(), "quota_spent");
    EXPECT_EQ(spent.document()["quota"]["remaining"], 0);
    EXPECT_TRUE(spent.headers.contains("retry-after") && spent.headers.contains("x-quota-reset"));
    const auto again = co_await process.post(base + "/a/run", writer, json::object());
    EXPECT_EQ(again.code(), "conflict");

    const auto queue = co_await process.get("/api/v1/tenants/acme/queue", writer);
    EXPECT_EQ(queue.document()["items"][0]["pipeline_run_id"], run);
    for (const auto* internal : {"token", "node_id", "epoch", "order_at"})
      EXPECT_FALSE(queue.document()["items"][0].contains(internal)) << internal;
    // What was refused is not in it.
    const auto audit = co_await process.get("/api/v1/tenants/acme/audit?action=run.start", writer);
    EXPECT_EQ(audit.document()["items"].size(), 1U);
    const auto record = audit.document()["items"][0];
    EXPECT_EQ(record["actor"], "carol");
    EXPECT_EQ(record["target"], run);
    EXPECT_EQ(record["after"]["pipeline"], "a");
    EXPECT_EQ(record["after"]["class"], "manual");
    EXPECT_EQ(record["after"]["parameters"], json::object());
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
    const auto kept = co_await put(process, "/api/v1/tenants/acme/subscription", {{"plan", "small"}});
    EXPECT_EQ(kept.document()["status"], "SUSPENDED");
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

TEST_F(PipelineRoutes, TakeBackWhatTheyAnswered) {
  with_server([&](ApiProcess& process) -> Task<> {
    for (const auto& schedule : {json{{"every", "15m"}, {"spread_seconds", 60}},
                                 json{{"cron", "30 2 * * *"}, {"time_zone", "Asia/Tokyo"}}, json::object()}) {
      const auto added = co_await process.post(base, writer, {{"name", "a"}, {"schedule", schedule}});
      EXPECT_EQ(added.status, 201) << added.body;
      const auto read = co_await process.get(base + "/a", writer);
      json writable;
      for (const auto* name :
           {"name", "data_sources", "scripts", "parameters", "schedule", "priority", "class", "is_enabled", "version"})
        writable[name] = read.document()[name];
      const auto written = co_await patch(process, base + "/a", writable);
      EXPECT_EQ(written.status, 200) << written.body;
      EXPECT_EQ(written.document()["schedule"], read.document()["schedule"]);
      co_await process.call({.method = "DELETE", .target = base + "/a", .key = writer});
    }
    for (const auto& schedule : {json{{"every", "15m"}, {"every_seconds", 900}}, json{{"every_seconds", 1}},
                                 json{{"every_seconds", 900}, {"cron", "@hourly"}}, json{{"every_seconds", "900"}}}) {
      const auto bad = co_await process.post(base, writer, {{"name", "bad"}, {"schedule", schedule}});
      EXPECT_EQ(bad.code(), "invalid_input") << schedule;
    }
  });
}

Task<> ask(ApiProcess& process, std::string target, std::string key, test::ApiReply& reply) {
  reply = co_await process.get(std::move(target), std::move(key));
}

// While one client's fires are computed others are answered.
TEST_F(PipelineRoutes, ArePreviewedBesideTheWorkOfOthers) {
  with_server([&](ApiProcess& process) -> Task<> {
    co_await process.post(base, writer, {{"name", "rare"}, {"schedule", {{"cron", "0 3 1 1 *"}}}});
    const auto target = base + "/rare/preview?count=20";
    const auto warm = co_await process.get(target, writer);
    EXPECT_EQ(warm.document()["items"].size(), 20U) << warm.body;
    {  // connections enough: they are opened by the threads that are taken now
      std::vector<pg::Lease> leases;
      leases.reserve(4);
      for (int i = 0; i < 4; ++i) leases.push_back(co_await process.services.database.pool().acquire());
    }
    std::promise<void> opened;
    const auto gate = opened.get_future().share();
    constexpr int k_more_than_threads = 64;
    for (int i = 0; i < k_more_than_threads; ++i) asio::post(process.services.blocking, [gate] { gate.wait(); });
    test::ApiReply reply;
    TaskGroup clients(process.services.executor);
    clients.spawn("preview", ask(process, target, writer, reply));
    for (int i = 0; i < 10; ++i) {
      const auto other = co_await process.get(base + "/rare", writer);
      EXPECT_EQ(other.status, 200);
    }
    EXPECT_EQ(reply.status, 0);
    opened.set_value();
    co_await clients.wait();
    EXPECT_EQ(reply.body, warm.body);
  });
}

}  // namespace
}  // namespace weir::api

#include <gtest/gtest.h>

#include "tests/support/two_tenants.hpp"

namespace weir::api {
namespace {

using nlohmann::json;
using test::ApiProcess;

struct RunRoutes : test::TwoTenants {
  std::string run = acme.names.at("run_id");
  std::string base = "/api/v1/tenants/acme/runs";

  void say(const std::string& what, int line) {
    super(fmt::format(
        "INSERT INTO weir.import_log (tenant_id, run_id, line, level, message) VALUES ('{}', '{}', {}, 'info', '{}')",
        to_string(acme.id), run, line, what));
  }
  static Task<> follow(Executor executor, std::uint16_t port, std::string bytes, std::string& all) {
    all = co_await test::exchange(executor, port, std::move(bytes));
  }
  test::ApiCall following(api::Headers headers = {}) const {
    return {.target = base + "/" + run + "/logs/stream", .key = acme.read, .headers = std::move(headers)};
  }
  void set_status(const std::string& status) {
    super(fmt::format("UPDATE weir.run SET status = '{}' WHERE id = '{}'", status, run));
  }
};

TEST_F(RunRoutes, AreListedAndShown) {
  with_server([&](ApiProcess& process) -> Task<> {
    const auto mine = co_await process.get(base, acme.read);
    EXPECT_EQ(mine.document()["items"].size(), 1U);
    const auto all = co_await process.get("/api/v1/runs", admin);
    EXPECT_EQ(all.document()["items"].size(), 2U);
    const auto first = co_await process.get("/api/v1/runs?limit=1", admin);
    const auto second =
        co_await process.get("/api/v1/runs?limit=1&after=" + first.document()["next"].get<std::string>(), admin);
    EXPECT_NE(first.document()["items"][0]["id"], second.document()["items"][0]["id"]);
    EXPECT_TRUE(second.document()["next"].is_null());
    const auto none = co_await process.get(base + "?status=FAILED", acme.read);
    EXPECT_TRUE(none.document()["items"].empty());
    const auto shown = co_await process.get(base + "/" + run, acme.read);
    EXPECT_EQ(shown.document()["kind"], "run");
    const auto over =
        co_await process.call({.method = "POST", .target = base + "/" + run + "/cancel", .key = acme.write});
    EXPECT_EQ(over.code(), "conflict");
  });
}

TEST_F(RunRoutes, LinesComeInPages) {
  with_server([&](ApiProcess& process) -> Task<> {
    const auto first = co_await process.get(base + "/" + run + "/logs?limit=2", acme.read);
    EXPECT_EQ(first.document()["items"][1]["message"], "acme said 2");
    const auto rest = co_await process.get(
        base + "/" + run + "/logs?limit=2&after=" + first.document()["next"].get<std::string>(), acme.read);
    EXPECT_EQ(rest.document()["items"].size(), 1U);
    EXPECT_EQ(rest.document()["items"][0]["message"], "acme said 3");
    const auto bad = co_await process.get(base + "/" + run + "/logs?after=x", acme.read);
    EXPECT_EQ(bad.status, 400);
  });
}

TEST_F(RunRoutes, ARunIsFollowedToItsEnd) {
  set_status("RUNNING");
  with_server([&](ApiProcess& process) -> Task<> {
    std::string got;
    TaskGroup clients(process.services.executor);
    const auto follow = [](Executor executor, std::uint16_t port, std::string bytes, std::string& all) -> Task<> {
      all = co_await test::exchange(executor, port, std::move(bytes));
    };
    const test::ApiCall call{
        .target = base + "/" + run + "/logs/stream", .key = acme.read, .headers = {{"Last-Event-ID", run + ".1"}}};
    clients.spawn("follower", follow(process.services.executor, process.server.port(), test::bytes_of(call), got));
    co_await sleep_for(200ms);
    EXPECT_EQ(got, "");
    say("late", 4);
    set_status("COMPLETED");
    co_await clients.wait();
    EXPECT_TRUE(got.starts_with("HTTP/1.1 200")) << got;
    EXPECT_TRUE(got.contains("Content-Type: text/event-stream")) << got;
    EXPECT_FALSE(got.contains("acme said 1")) << got;
    EXPECT_TRUE(got.contains("id: " + run + ".2\nevent: line\ndata: {")) << got;
    EXPECT_TRUE(got.contains("late")) << got;
    EXPECT_TRUE(got.ends_with("event: end\ndata: {\"status\":\"COMPLETED\"}\n\n")) << got;
  });
}

TEST_F(RunRoutes, AStreamEndsWithItsKey) {
  set_status("RUNNING");
  with_server([&](ApiProcess& process) -> Task<> {
    for (const std::string column : {"expires_at", "revoked_at"}) {
      super("UPDATE weir.api_key SET expires_at = NULL");
      std::string got;
      bool is_open = false;
      process.door.on_served([&](const Served&) { is_open = true; });
      TaskGroup clients(process.services.executor);
      clients.spawn("follower",
                    follow(process.services.executor, process.server.port(), test::bytes_of(following()), got));
      while (!is_open) co_await sleep_for(5ms);
      super("UPDATE weir.api_key SET " + column + " = now()");
      const auto deadline = Deadline::in(10s);
      while (got.empty() && !deadline.is_over()) co_await sleep_for(20ms);
      set_status("COMPLETED");  // the end of a stream that nothing else ends
      co_await clients.wait();
      set_status("RUNNING");
      EXPECT_TRUE(got.contains("event: problem\ndata: {\"code\":\"unauthenticated\"")) << column << ' ' << got;
      EXPECT_TRUE(got.contains("was revoked or has expired")) << got;
      EXPECT_FALSE(got.contains("event: end")) << got;
    }
    process.door.on_served({});
  });
}

TEST_F(RunRoutes, AStreamThatFailsIsFoundInTheLog) {
  set_status("RUNNING");
  super("ALTER TABLE weir.import_log RENAME TO elsewhere");
  testing::internal::CaptureStderr();
  with_server([&](ApiProcess& process) -> Task<> {
    const auto got = co_await test::exchange(process.services.executor, process.server.port(),
                                             test::bytes_of(following({{"X-Request-Id", "mine-7"}})));
    EXPECT_TRUE(got.contains("event: problem\n")) << got;
    EXPECT_TRUE(got.contains("\"request_id\":\"mine-7\"")) << got;
  });
  const auto log = testing::internal::GetCapturedStderr();
  EXPECT_TRUE(log.contains("an event stream failed, request mine-7: ")) << log;
}

TEST_F(RunRoutes, AStreamEndsWhenTheServerStops) {
  set_status("RUNNING");
  std::string got;
  test::run([&](test::Context context) -> Task<> {
    ApiProcess process(context, database, directory.path() / "master.key", catalog, {.port = 0});
    EXPECT_TRUE(process.server.open());
    TaskGroup clients(context.executor());
    const auto follow = [](Executor executor, std::uint16_t port, std::string bytes, std::string& all) -> Task<> {
      all = co_await test::exchange(executor, port, std::move(bytes));
    };
    clients.spawn("follower",
                  follow(context.executor(), process.server.port(),
                         test::bytes_of({.target = base + "/" + run + "/logs/stream", .key = acme.read}), got));
    co_await sleep_for(200ms);
    co_await process.stop();
    co_await clients.wait();
  });
  EXPECT_TRUE(got.contains("acme said 3")) << got;
  EXPECT_FALSE(got.contains("event: end")) << got;
}

TEST_F(RunRoutes, CursorsAreShownSetAndReset) {
  with_server([&](ApiProcess& process) -> Task<> {
    const std::string cursors = "/api/v1/tenants/acme/cursors";
    const auto listed = co_await process.get(cursors, acme.read);
    EXPECT_EQ(listed.document()["items"].size(), 1U);
    const auto set =
        co_await process.post(cursors + "/set", acme.write,
                              {{"data_source", "acme-src"}, {"script", "git/commit"}, {"to", "2026-01-01T00:00:00Z"}});
    EXPECT_EQ(set.document()["changed"], 1);
    const auto now = co_await process.get(cursors + "?source=acme-src", acme.read);
    EXPECT_EQ(now.document()["items"][0]["cursor_at"], "2026-01-01T00:00:00Z");
    for (const auto* bad : {"9999-12-31T23:59:59-10:00", "0001-01-01T00:00:00+14:00"}) {
      const auto refused =
          co_await process.post(cursors + "/set", acme.write, {{"data_source", "acme-src"}, {"to", bad}});
      EXPECT_EQ(refused.code(), "invalid_input") << bad;
      EXPECT_TRUE(refused.body.contains("in the years 1 to 9999")) << refused.body;
    }
    const auto future = co_await process.post(cursors + "/set", acme.write,
                                              {{"data_source", "acme-src"}, {"to", "2999-01-01T00:00:00Z"}});
    EXPECT_EQ(future.status, 422);
    EXPECT_TRUE(future.body.contains("in the future")) << future.body;
    const auto kept = co_await process.get(cursors, acme.read);
    EXPECT_EQ(kept.document()["items"], now.document()["items"]);
    const auto reset = co_await process.post(cursors + "/reset", acme.write, {{"data_source", "acme-src"}});
    EXPECT_EQ(reset.document()["changed"], 1);
    const auto none =
        co_await process.post(cursors + "/reset", acme.write, {{"data_source", "acme-src"}, {"script", "git/x"}});
    EXPECT_EQ(none.status, 404);
    const auto history = co_await process.get(cursors + "/history?source=acme-src&script=git/commit", acme.read);
    EXPECT_GE(history.document()["items"].size(), 2U);
    const auto vague = co_await process.get(cursors + "/history", acme.read);
    EXPECT_EQ(vague.status, 400);
    const auto plan = co_await process.get("/api/v1/tenants/acme/plan", acme.read);
    EXPECT_FALSE(plan.document()["scripts"].empty());
  });
}

}  // namespace
}  // namespace weir::api

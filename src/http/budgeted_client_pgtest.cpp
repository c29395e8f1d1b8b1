// A call from a script to a misbehaving provider on loopback and back, with the budget in a real database.
#include "http/budgeted_client.hpp"

#include <gtest/gtest.h>

#include "http/client.hpp"
#include "tests/support/http/http_server.hpp"
#include "tests/support/run.hpp"
#include "tests/support/test_database.hpp"

namespace weir::http {
namespace {

using test::HttpReply;
using test::HttpServer;
using test::SeenRequest;

// A token that can be minted anew, as a GitHub App's.
class Minted : public Credentials {
 public:
  Task<Result<Request>> sign(Request request) override {
    request.secret_headers.push_back({"Authorization", Secret("Bearer geheim-" + std::to_string(minted))});
    co_return request;
  }
  Task<Result<bool>> renew() override {
    if (!can_renew) co_return false;
    ++minted;
    co_return true;
  }
  int minted = 1;
  bool can_renew = true;
};

ClientSettings loopback() {
  ClientSettings settings;
  settings.egress = EgressPolicy::parse("127.0.0.1").value();
  return settings;
}

struct World {
  World(test::Context context, HttpServer::Handler handler)
      : pool(context.executor(), context.blocking, database_of.pool_settings(2)),
        database(pool, database_of.roles()),
        store(database),
        epoch(database_of.add_node()),
        broker(
            context.executor(), store, {}, [this] { return epoch; }, system_clock(), random),
        http(context.executor(), loopback()),
        server(context.executor(), std::move(handler)),
        outbound{http, &broker, key, system_clock(), random} {
    account.client.tenant = database_of.add_tenant("acme");
    account.identity = std::string(64, 'a');
    account.retry = {.attempts_max = 3, .first_delay = 1ms, .delay_max = 2ms};
  }

  Task<CallResult> ask(BudgetedClient& client, std::string path) {
    return client.call({.request = {.url = Url::parse(server.url(path)).value()}}, Deadline::in(30s));
  }
  Task<> stop() {
    co_await broker.stop(Deadline::in(10s));
    co_await server.stop();
  }

  test::TestDatabase database_of;
  pg::Pool pool;
  pg::Database database;
  RateStore store;
  Epoch epoch;
  Random random{7};
  RateBroker broker;
  HttpClient http;
  HttpServer server;
  Secret key{std::string(32, 'k')};
  Outbound outbound;
  Account account;
  Minted credentials;
};

struct Expected {
  std::string path;
  AnswerClass meaning;
  ErrorCode code;
  std::size_t requests;
};

TEST(BudgetedClient, TriesAgainWhatMayPassAndNothingElse) {
  test::run([](test::Context context) -> Task<> {
    World world(context, [](const SeenRequest& seen) {
      if (seen.target == "/cut") return test::raw("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf");
      if (seen.target == "/html") return test::reply(200, "<html>proxy</html>", "Content-Type: text/html\r\n");
      const auto status = std::stoi(seen.target.substr(1));
      return test::reply(status, R"({"message":"no, Bearer geheim-1 is not for that"})");
    });
    using enum AnswerClass;
    std::size_t before = 0;
    for (const auto& expected : std::vector<Expected>{{"/500", transient, ErrorCode::provider_failed, 3},
                                                      {"/502", transient, ErrorCode::provider_failed, 3},
                                                      {"/html", transient, ErrorCode::provider_failed, 3},
                                                      {"/cut", transient, ErrorCode::provider_failed, 3},
                                                      {"/400", bad_request, ErrorCode::invalid_input, 1},
                                                      {"/422", bad_request, ErrorCode::invalid_input, 1},
                                                      {"/403", forbidden, ErrorCode::unreachable, 1},
                                                      {"/404", gone, ErrorCode::unreachable, 1},
                                                      {"/451", gone, ErrorCode::unreachable, 1}}) {
      BudgetedClient client(world.outbound, world.account, world.credentials);
      const auto answer = co_await world.ask(client, expected.path);
      EXPECT_FALSE(answer.has_value()) << expected.path;
      if (answer) continue;
      EXPECT_EQ(answer.error().meaning, expected.meaning) << expected.path;
      EXPECT_EQ(answer.error().error.code, expected.code) << expected.path;
      EXPECT_FALSE(answer.error().park_until.has_value());
      EXPECT_EQ(world.server.requests().size() - before, expected.requests) << expected.path;
      EXPECT_EQ(client.counts().requests, static_cast<std::int64_t>(expected.requests));
      EXPECT_EQ(client.counts().retries, static_cast<std::int64_t>(expected.requests - 1));
      const auto text = answer.error().error.message + answer.error().error.detail;
      EXPECT_FALSE(text.contains("geheim")) << text;
      EXPECT_TRUE(text.contains(world.server.origin())) << text;
      before = world.server.requests().size();
    }
    co_await world.stop();
  });
}

TEST(BudgetedClient, BringsTheAnswerAfterAFaultAndCounts) {
  test::run([](test::Context context) -> Task<> {
    int asked = 0;
    World world(context, [&](const SeenRequest& seen) {
      if (seen.target == "/same") return test::reply(304, "", "ETag: \"x\"\r\n");
      if (seen.target == "/empty") return test::reply(410, "{}");
      return ++asked == 1
                 ? test::reply(503, "{}")
                 : test::reply(200, "[1]",
                               "Date: " + std::string(seen.target == "/skewed" ? "Thu, 01 Jan 1970 00:00:00 GMT" : "") +
                                   "\r\n");
    });
    world.account.is_unchanged_free = true;
    world.account.rules = {{.statuses = {410}, .meaning = AnswerClass::empty}};
    BudgetedClient client(world.outbound, world.account, world.credentials);
    const auto answer = co_await world.ask(client, "/");
    const auto same = co_await world.ask(client, "/same");
    const auto empty = co_await world.ask(client, "/empty");
    const auto skewed = co_await world.ask(client, "/skewed");
    EXPECT_TRUE(answer.has_value() && same.has_value() && empty.has_value() && skewed.has_value());
    EXPECT_EQ(answer->response.body, "[1]");
    EXPECT_EQ(answer->meaning, AnswerClass::ok);
    EXPECT_EQ(same->meaning, AnswerClass::unchanged);
    EXPECT_EQ(empty->meaning, AnswerClass::empty);
    EXPECT_FALSE(skewed->provider_time.has_value()) << "1970 is no clock";
    EXPECT_EQ(client.counts().requests, 5);
    EXPECT_EQ(client.counts().not_modified, 1);
    EXPECT_EQ(client.counts().units, 4);
    EXPECT_EQ(client.counts().retries, 1);
    EXPECT_GT(client.counts().bytes, 100);
    co_await world.stop();
  });
}

TEST(BudgetedClient, RenewsOnceAfter401) {
  test::run([](test::Context context) -> Task<> {
    World world(context, [](const SeenRequest& seen) {
      return seen.header("Authorization") == "Bearer geheim-2" ? test::reply(200, "{}")
                                                               : test::reply(401, R"({"message":"Bad credentials"})");
    });
    BudgetedClient client(world.outbound, world.account, world.credentials);
    const auto answer = co_await world.ask(client, "/");
    EXPECT_TRUE(answer.has_value());
    EXPECT_EQ(world.server.requests().size(), 2U);
    world.credentials.minted = 5;
    const auto refused = co_await world.ask(client, "/");
    EXPECT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().error.code, ErrorCode::needs_credentials) << refused.error().error.message;
    EXPECT_EQ(world.server.requests().size(), 4U) << "once, not for ever";
    world.credentials.can_renew = false;
    const auto fixed = co_await world.ask(client, "/");
    EXPECT_EQ(fixed.error().error.code, ErrorCode::needs_credentials);
    EXPECT_EQ(world.server.requests().size(), 5U);
    co_await world.stop();
  });
}

TEST(BudgetedClient, WaitsForAShortLimitAndParksForALongOne) {
  test::run([](test::Context context) -> Task<> {
    int asked = 0;
    World world(context, [&](const SeenRequest& seen) {
      if (seen.target == "/short" && ++asked == 1) return test::reply(429, "{}", "Retry-After: 0\r\n");
      if (seen.target == "/long")
        return test::reply(403, R"({"message":"You have exceeded a secondary rate limit"})", "Retry-After: 3600\r\n");
      return test::reply(200, "{}");
    });
    BudgetedClient client(world.outbound, world.account, world.credentials);
    const auto passed = co_await world.ask(client, "/short");
    EXPECT_TRUE(passed.has_value());
    EXPECT_EQ(world.server.requests().size(), 2U);
    EXPECT_GE(client.counts().waits, 1);
    EXPECT_GE(client.counts().waited, 900ms) << "a provider's second may end a little after ours";
    EXPECT_EQ(client.counts().retries, 0) << "a limit is no failed attempt";
    const auto now = system_clock().now();
    for (const char* path : {"/long", "/short"}) {  // told once, it holds for everything with this credential
      const auto parked = co_await world.ask(client, path);
      EXPECT_FALSE(parked.has_value()) << path;
      EXPECT_EQ(parked.error().error.code, ErrorCode::limited);
      EXPECT_TRUE(parked.error().error.message.contains("secondary rate limit")) << parked.error().error.message;
      EXPECT_GE(parked.error().park_until.value_or(Instant()), now + 1h);
      EXPECT_LE(parked.error().park_until.value_or(Instant::max()), now + 1h + 10s);
    }
    EXPECT_EQ(world.server.requests().size(), 3U);
    co_await world.stop();
  });
}

Inspection look_for_errors(const Response& response) {
  Inspection found{.units = 12};
  if (response.body.contains("RATE_LIMITED"))
    found.ruling =
        AnswerRule{.meaning = AnswerClass::limited, .scope = LimitScope::bucket, .reason = "points are spent"};
  return found;
}

TEST(BudgetedClient, FindsALimitInsideASuccessfulAnswer) {
  test::run([](test::Context context) -> Task<> {
    World world(context, [&](const SeenRequest& seen) {
      if (seen.body == "cheap") return test::reply(200, R"({"data":{}})");
      const auto reset = std::chrono::floor<std::chrono::seconds>(system_clock().now() + 1h).time_since_epoch().count();
      return test::reply(200, R"({"errors":[{"type":"RATE_LIMITED"}]})",
                         "X-RateLimit-Limit: 5000\r\nX-RateLimit-Remaining: 0\r\nX-RateLimit-Reset: " +
                             std::to_string(reset) + "\r\n");
    });
    BudgetedClient client(world.outbound, world.account, world.credentials);
    Call call{.request = {.url = Url::parse(world.server.url("/graphql")).value(), .method = "POST", .body = "cheap"},
              .bucket = "graphql",
              .inspect = look_for_errors};
    const auto cheap = co_await client.call(call, Deadline::in(20s));
    EXPECT_TRUE(cheap.has_value());
    EXPECT_EQ(client.counts().units, 12);
    call.request.body = "dear";
    const auto now = system_clock().now();
    const auto parked = co_await client.call(call, Deadline::in(20s));
    EXPECT_FALSE(parked.has_value());
    EXPECT_EQ(parked.error().error.code, ErrorCode::limited);
    EXPECT_GE(parked.error().park_until.value_or(Instant()), now + 59min);
    const auto other_bucket = co_await world.ask(client, "/core");
    EXPECT_FALSE(other_bucket.has_value() && other_bucket->response.status == 0);
    EXPECT_EQ(world.server.requests().back().target, "/core") << "only the points are spent";
    co_await world.stop();
  });
}

class Once : public BodySink {
 public:
  Result<> write(std::string_view chunk) override {
    bytes += chunk.size();
    return {};
  }
  std::size_t bytes = 0;
};

TEST(BudgetedClient, DoesNotWriteABodyTwice) {
  test::run([](test::Context context) -> Task<> {
    World world(context,
                [](const SeenRequest&) { return test::raw("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"); });
    BudgetedClient client(world.outbound, world.account, world.credentials);
    Once sink;
    const auto cut = co_await client.call(
        {.request = {.url = Url::parse(world.server.url("/")).value(), .sink = &sink}}, Deadline::in(20s));
    EXPECT_FALSE(cut.has_value());
    EXPECT_EQ(sink.bytes, 4U);
    EXPECT_EQ(world.server.requests().size(), 1U);
    const auto refused =
        co_await client.call({.request = {.url = Url::parse("http://10.0.0.1/").value()}}, Deadline::in(20s));
    EXPECT_EQ(refused.error().error.code, ErrorCode::invalid_input) << "the egress guard's refusal is final";
    EXPECT_EQ(client.counts().requests, 1);
    co_await world.stop();
  });
}

}  // namespace
}  // namespace weir::http

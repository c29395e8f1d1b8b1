#include "api/server.hpp"

#include <gtest/gtest.h>

#include "api/problem.hpp"
#include "tests/support/api_world.hpp"

namespace weir::api {
namespace {

using test::ApiProcess;
using test::parse_reply;

struct Servers : test::ApiWorld {
  static Task<test::ApiReply> raw(ApiProcess& process, std::string bytes) {
    co_return parse_reply(co_await test::exchange(process.services.executor, process.server.port(), std::move(bytes)));
  }
};

TEST_F(Servers, AnswerWhoIsThere) {
  with_server([](ApiProcess& process) -> Task<> {
    const auto alive = co_await process.get("/healthz", "");
    EXPECT_EQ(alive.status, 200);
    EXPECT_EQ(alive.document()["version"], "test");
    EXPECT_EQ(alive.headers.at("cache-control"), "no-store");
    const auto ready = co_await process.get("/readyz", "");
    EXPECT_EQ(ready.status, 200);
    const auto openapi = co_await process.get("/openapi.json", "");
    EXPECT_TRUE(openapi.document() == make_openapi(all_routes(), "test"));
    const auto head = co_await process.call({.method = "HEAD", .target = "/healthz"});
    EXPECT_EQ(head.status, 200);
    EXPECT_EQ(head.body, "");
    EXPECT_NE(head.headers.at("content-length"), "0");
  });
}

TEST_F(Servers, SayWhatIsWrongWithARequest) {
  with_server([](ApiProcess& process) -> Task<> {
    const auto unknown = co_await process.get("/nothing/here", "");
    EXPECT_EQ(unknown.code(), "not_found");
    const auto method = co_await process.call({.method = "DELETE", .target = "/healthz"});
    EXPECT_EQ(method.status, 405);
    EXPECT_EQ(method.headers.at("allow"), "GET");
    const auto target = co_await process.get("/healthz?x=%00", "");
    EXPECT_EQ(target.code(), "usage");
    const auto parameter = co_await process.get("/healthz?x=1", "");
    EXPECT_EQ(parameter.code(), "usage");
    const auto named = co_await process.call({.target = "/healthz", .headers = {{"X-Request-Id", "mine-1"}}});
    EXPECT_EQ(named.headers.at("x-request-id"), "mine-1");
  });
}

TEST_F(Servers, RefuseWhatIsTooLargeOrNoHttp) {
  const auto admin = make_key(tenancy::KeyScope::admin);
  with_server([&](ApiProcess& process) -> Task<> {
    const auto body = co_await raw(process, "POST /api/v1/keys HTTP/1.1\r\nContent-Length: 1048577\r\n\r\n");
    EXPECT_EQ(body.code(), "request_too_large");
    const auto sent = co_await raw(
        process, "POST /api/v1/keys HTTP/1.1\r\nContent-Length: 3000000\r\n\r\n" + std::string(3'000'000, 'a'));
    EXPECT_EQ(sent.status, 413);
    const auto chunked =
        co_await raw(process, "POST /api/v1/keys HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n200000\r\n" +
                                  std::string(0x200000, 'a') + "\r\n0\r\n\r\n");
    EXPECT_EQ(chunked.status, 413);
    const auto head = co_await raw(process, "GET /" + std::string(20'000, 'a') + " HTTP/1.1\r\n\r\n");
    EXPECT_EQ(head.status, 413);
    for (const std::string bad :
         {"\r\n\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
          "GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", "GET / HTTP/1.1\r\nbad header\r\n\r\n",
          "POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"}) {
      const auto garbage = co_await raw(process, bad);
      EXPECT_EQ(garbage.code(), "usage") << bad;
    }
    const auto fine = co_await process.get("/healthz", "");
    EXPECT_EQ(fine.status, 200);
  });
}

// Clients that send nothing, or a byte now and then, are let go; meanwhile others are served.
TEST_F(Servers, WaitForNobodyForEver) {
  const ServerSettings settings{.port = 0, .idle_timeout = 150ms, .header_timeout = 150ms, .body_timeout = 150ms};
  with_server(
      [](ApiProcess& process) -> Task<> {
        const auto begun = std::chrono::steady_clock::now();
        const auto silent = co_await test::exchange(process.services.executor, process.server.port(), "");
        EXPECT_EQ(silent, "");
        const auto slow = co_await test::exchange(process.services.executor, process.server.port(), "GET / HT");
        EXPECT_EQ(slow, "");
        const auto half = co_await test::exchange(process.services.executor, process.server.port(),
                                                  "POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\n12345");
        EXPECT_EQ(half, "");
        EXPECT_LT(std::chrono::steady_clock::now() - begun, 5s);
        const auto fine = co_await process.get("/healthz", "");
        EXPECT_EQ(fine.status, 200);
        EXPECT_EQ(process.server.connection_count(), 0U);
      },
      settings);
}

TEST_F(Servers, KeepAConnectionAndTakeRequestsInARow) {
  with_server([](ApiProcess& process) -> Task<> {
    const auto both =
        co_await test::exchange(process.services.executor, process.server.port(),
                                "GET /healthz HTTP/1.1\r\n\r\nGET /readyz HTTP/1.1\r\nConnection: close\r\n\r\n");
    EXPECT_TRUE(both.contains(R"("status":"ok")")) << both;
    EXPECT_TRUE(both.contains(R"("status":"ready")")) << both;
  });
}

TEST_F(Servers, MakeRoomForNewClients) {
  with_server(
      [](ApiProcess& process) -> Task<> {
        std::vector<asio::ip::tcp::socket> idle;
        for (int i = 0; i < 10; ++i) {
          idle.emplace_back(process.services.executor);
          co_await idle.back().async_connect({asio::ip::address_v4::loopback(), process.server.port()},
                                             asio::use_awaitable);
        }
        const auto fine = co_await process.get("/healthz", "");
        EXPECT_EQ(fine.status, 200);
        EXPECT_LE(process.server.connection_count(), 3U);
      },
      {.port = 0, .connections_max = 2});
}

// A route that waits until it is told, beside the others.
bool g_goes_on = false;
int g_waiting = 0;
Task<Result<Answer>> wait_for_word(Services&, Request) {
  ++g_waiting;
  while (!g_goes_on) co_await sleep_for(1ms);
  co_return Answer{};
}

TEST_F(Servers, StopAfterTheAnswersThatRun) {
  g_goes_on = false;
  g_waiting = 0;
  test::run([&](test::Context context) -> Task<> {
    ApiProcess process(context, database, directory.path() / "master.key", catalog, {.port = 0});
    auto routes = all_routes();
    routes.push_back({.operation = "wait",
                      .method = "GET",
                      .path = "/wait",
                      .access = Access::open,
                      .summary = "Wait",
                      .handler = wait_for_word});
    Door door(process.services, routes);
    Server server(context.executor(), {.port = 0}, door);
    EXPECT_TRUE(server.open());
    std::string running, idle = "?";
    TaskGroup clients(context.executor());
    const auto ask = [](Executor executor, std::uint16_t port, std::string bytes, std::string& answer) -> Task<> {
      answer = co_await test::exchange(executor, port, std::move(bytes));
    };
    clients.spawn("running", ask(context.executor(), server.port(), "GET /wait HTTP/1.1\r\n\r\n", running));
    clients.spawn("idle", ask(context.executor(), server.port(), "", idle));
    while (g_waiting == 0 || server.connection_count() < 2) co_await sleep_for(1ms);
    TaskGroup stopping(context.executor());
    stopping.spawn("stop", server.stop(Deadline::in(10s)));
    while (idle == "?") co_await sleep_for(1ms);
    EXPECT_EQ(running, "");
    boost::system::error_code refused;
    asio::ip::tcp::socket late(context.executor());
    co_await late.async_connect({asio::ip::address_v4::loopback(), server.port()},
                                asio::redirect_error(asio::use_awaitable, refused));
    EXPECT_TRUE(refused);
    g_goes_on = true;
    co_await clients.wait();
    co_await stopping.wait();
    EXPECT_EQ(parse_reply(running).status, 200);
    EXPECT_EQ(parse_reply(running).headers.at("connection"), "close");
  });
}

TEST_F(Servers, TellThatTheDatabaseIsAway) {
  test::run([&](test::Context context) -> Task<> {
    auto settings = database.pool_settings();
    settings.connect.url = "postgresql://nobody@/nothing?host=/nonexistent";
    pg::Pool pool(context.executor(), context.blocking, settings);
    pg::Database away(pool, database.roles());
    tenancy::KeyFile keys(context.blocking, {});
    tenancy::Vault vault(away, keys);
    Background background(context.executor());
    Random random(1);
    queue::Queue queue(away, random);
    queue::QueueBell bell(context.executor(), context.blocking, away, settings.connect, random);
    scheduler::Upkeep upkeep(away, random, "test", {});
    Services services{.executor = context.executor(),
                      .blocking = context.blocking,
                      .database = away,
                      .vault = vault,
                      .queue = queue,
                      .bell = bell,
                      .upkeep = upkeep,
                      .plugins = {},
                      .background = background,
                      .version = "test"};
    Door door(services, all_routes());
    for (const auto* target : {"/readyz", "/api/v1/keys"}) {
      const auto answer = co_await door.handle(
          {.method = "GET", .target = target, .headers = {{"X-API-Key", "weir_0123456789ab_" + std::string(43, 'a')}}});
      EXPECT_EQ(answer.status, 503) << target;
      EXPECT_TRUE(answer.body.contains("database_unreachable")) << answer.body;
      EXPECT_FALSE(answer.body.contains("nonexistent")) << answer.body;
      EXPECT_TRUE(
          std::ranges::any_of(answer.headers, [](const auto& header) { return header.first == "Retry-After"; }));
    }
    const auto alive = co_await door.handle({.method = "GET", .target = "/healthz"});
    EXPECT_EQ(alive.status, 200);
  });
}

TEST_F(Servers, ATakenPortIsAClearError) {
  with_server([](ApiProcess& process) -> Task<> {
    Server second(process.services.executor, {.port = process.server.port()}, process.door);
    EXPECT_EQ(second.open().error().code, ErrorCode::configuration);
    Server nowhere(process.services.executor, {.address = "example", .port = 0}, process.door);
    EXPECT_EQ(nowhere.open().error().code, ErrorCode::configuration);
    co_return;
  });
}

}  // namespace
}  // namespace weir::api

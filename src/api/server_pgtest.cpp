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
    EXPECT_EQ(method.headers.at("allow"), "GET, HEAD");
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
    const auto body = co_await raw(process, "POST /api/v1/keys HTTP/1.1\r\nHost: a\r\nContent-Length: 1048577\r\n\r\n");
    EXPECT_EQ(body.code(), "request_too_large");
    const auto sent = co_await raw(process, "POST /api/v1/keys HTTP/1.1\r\nHost: a\r\nContent-Length: 3000000\r\n\r\n" +
                                                std::string(3'000'000, 'a'));
    EXPECT_EQ(sent.status, 413);
    const auto chunked =
        co_await raw(process, "POST /api/v1/keys HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n200000\r\n" +
                                  std::string(0x200000, 'a') + "\r\n0\r\n\r\n");
    EXPECT_EQ(chunked.status, 413);
    const auto head = co_await raw(process, "GET /" + std::string(20'000, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_EQ(head.status, 413);
    for (const std::string bad :
         {"\r\n\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
          "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nbad header\r\n\r\n",
          "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"}) {
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
                                                  "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n12345");
        EXPECT_EQ(half, "");
        EXPECT_LT(std::chrono::steady_clock::now() - begun, 5s);
        const auto fine = co_await process.get("/healthz", "");
        EXPECT_EQ(fine.status, 200);
        EXPECT_EQ(process.server.connection_count(), 0U);
      },
      settings);
}

// Whoever stands before this service may see the end of such a request elsewhere: it is the last one.
TEST_F(Servers, TakeNoRequestWhoseEndIsInDoubt) {
  with_server([](ApiProcess& process) -> Task<> {
    const std::string hidden = "GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    for (const std::string fields :
         {"Transfer-Encoding: chunked, identity", "Transfer-Encoding: gzip", "Transfer-Encoding: identity",
          "Transfer-Encoding: xchunked\r\nContent-Length: 4", "Transfer-Encoding: gzip, chunked",
          "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"}) {
      const auto bytes = "GET /healthz HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n\r\n" + hidden;
      const auto got = co_await test::exchange(process.services.executor, process.server.port(), bytes);
      const auto reply = parse_reply(got);
      EXPECT_EQ(reply.status, 400) << fields;
      EXPECT_EQ(reply.code(), "usage") << fields << got;
      EXPECT_EQ(got.find("HTTP/1.1 ", 1), std::string::npos) << fields << got;
    }
    const auto old = co_await raw(process, "GET /healthz HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
    EXPECT_EQ(old.status, 400);
    const auto chunked = co_await raw(
        process,
        "GET /healthz HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\nConnection: close\r\n\r\n0\r\n\r\n");
    EXPECT_EQ(chunked.status, 200);
  });
}

TEST_F(Servers, WantOneHost) {
  with_server([](ApiProcess& process) -> Task<> {
    const auto none = co_await raw(process, "GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n");
    EXPECT_EQ(none.code(), "usage");
    const auto two = co_await raw(process, "GET /healthz HTTP/1.1\r\nHost: a\r\nHost: a\r\nConnection: close\r\n\r\n");
    EXPECT_EQ(two.code(), "usage");
    const auto old = co_await raw(process, "GET /healthz HTTP/1.0\r\n\r\n");
    EXPECT_EQ(old.status, 200);
  });
}

TEST_F(Servers, SayWhatTheyCannotExpect) {
  with_server([](ApiProcess& process) -> Task<> {
    const auto unknown =
        co_await raw(process, "POST /api/v1/keys HTTP/1.1\r\nHost: a\r\nExpect: tea\r\nContent-Length: 2\r\n\r\n");
    EXPECT_EQ(unknown.status, 417);
    EXPECT_EQ(unknown.document()["status"], 417);
    const auto known = co_await test::exchange(
        process.services.executor, process.server.port(),
        "GET /healthz HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n");
    EXPECT_TRUE(known.starts_with("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200")) << known;
  });
}

TEST_F(Servers, KeepAConnectionAndTakeRequestsInARow) {
  with_server([](ApiProcess& process) -> Task<> {
    const auto both = co_await test::exchange(
        process.services.executor, process.server.port(),
        "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\nGET /readyz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
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

// One request on a connection that stays open: what comes back at once, empty when the server has closed it.
Task<std::string> ask_on(asio::ip::tcp::socket& socket, std::string bytes) {
  boost::system::error_code error;
  co_await asio::async_write(socket, asio::buffer(bytes), asio::redirect_error(asio::use_awaitable, error));
  std::string got(4096, '\0');
  const auto size =
      co_await socket.async_read_some(asio::buffer(got), asio::redirect_error(asio::use_awaitable, error));
  got.resize(size);
  co_return got;
}

TEST_F(Servers, LetGoWhoHasBeenIdleForLongest) {
  with_server(
      [](ApiProcess& process) -> Task<> {
        const asio::ip::tcp::endpoint there{asio::ip::address_v4::loopback(), process.server.port()};
        const std::string request = "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n";
        asio::ip::tcp::socket busy(process.services.executor), idle(process.services.executor);
        co_await busy.async_connect(there, asio::use_awaitable);
        const auto first = co_await ask_on(busy, request);
        EXPECT_TRUE(first.starts_with("HTTP/1.1 200")) << first;
        co_await idle.async_connect(there, asio::use_awaitable);
        while (process.server.connection_count() < 2) co_await sleep_for(1ms);
        const auto second = co_await ask_on(busy, request);
        EXPECT_TRUE(second.starts_with("HTTP/1.1 200")) << second;
        const auto newcomer = co_await process.get("/healthz", "");
        EXPECT_EQ(newcomer.status, 200);
        const auto third = co_await ask_on(busy, request);
        EXPECT_TRUE(third.starts_with("HTTP/1.1 200")) << third;
        const auto gone = co_await ask_on(idle, request);
        EXPECT_EQ(gone, "");
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

Routes with_waiting(Access access) {
  auto routes = all_routes();
  routes.push_back({.operation = "wait",
                    .method = "GET",
                    .path = "/wait",
                    .access = access,
                    .summary = "Wait",
                    .handler = wait_for_word});
  return routes;
}

// While all are at work nobody is cut, and who comes then is sent away.
TEST_F(Servers, HaveNoMoreConnectionsThanTheyMay) {
  g_goes_on = false;
  g_waiting = 0;
  test::run([&](test::Context context) -> Task<> {
    ApiProcess process(context, database, directory.path() / "master.key", catalog, {.port = 0});
    Door door(process.services, with_waiting(Access::open));
    Server server(context.executor(), {.port = 0, .connections_max = 2}, door);
    EXPECT_TRUE(server.open());
    std::array<std::string, 2> answers;
    TaskGroup clients(context.executor());
    const auto ask = [](Executor executor, std::uint16_t port, std::string& answer) -> Task<> {
      answer = co_await test::exchange(executor, port, "GET /wait HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    };
    for (auto& answer : answers) clients.spawn("busy", ask(context.executor(), server.port(), answer));
    while (g_waiting < 2) co_await sleep_for(1ms);
    for (int i = 0; i < 5; ++i) {
      const auto late = co_await test::exchange(context.executor(), server.port(), "GET /healthz HTTP/1.1\r\n");
      EXPECT_EQ(late, "");
      EXPECT_EQ(server.connection_count(), 2U);
    }
    g_goes_on = true;
    co_await clients.wait();
    for (const auto& answer : answers) EXPECT_EQ(parse_reply(answer).status, 200) << answer;
    co_await server.stop(Deadline::in(5s));
  });
}

Task<> ask_door(Door& door, HttpRequest request, HttpAnswer& answer) {
  answer = co_await door.handle(std::move(request));
}

TEST_F(Servers, LetNoKeyTakeAllOfThem) {
  g_goes_on = false;
  g_waiting = 0;
  const auto acme = make_key(tenancy::KeyScope::tenant_read, database.add_tenant("acme"));
  const auto globex = make_key(tenancy::KeyScope::tenant_read, database.add_tenant("globex"));
  test::run([&](test::Context context) -> Task<> {
    ApiProcess process(context, database, directory.path() / "master.key", catalog, {.port = 0});
    Door door(process.services, with_waiting(Access::tenant_read), {.requests_per_key_max = 2});
    const auto request = [](const char* target, const std::string& key) {
      return HttpRequest{.method = "GET", .target = target, .headers = {{"X-API-Key", key}}};
    };
    std::array<HttpAnswer, 3> waiting;
    TaskGroup clients(context.executor());
    clients.spawn("1", ask_door(door, request("/wait", acme), waiting[0]));
    clients.spawn("2", ask_door(door, request("/wait", acme), waiting[1]));
    while (g_waiting < 2) co_await sleep_for(1ms);
    const auto refused = co_await door.handle(request("/api/v1/tenants/acme/pipelines", acme));
    EXPECT_EQ(refused.status, 503);
    EXPECT_TRUE(refused.body.contains("\"limited\"") && refused.body.contains("requests at work")) << refused.body;
    EXPECT_TRUE(std::ranges::any_of(refused.headers, [](const auto& header) { return header.first == "Retry-After"; }));
    const auto other = co_await door.handle(request("/api/v1/tenants/globex/pipelines", globex));
    EXPECT_EQ(other.status, 200);
    const auto open = co_await door.handle(request("/healthz", acme));
    EXPECT_EQ(open.status, 200);
    g_goes_on = true;
    co_await clients.wait();
    const auto later = co_await door.handle(request("/api/v1/tenants/acme/pipelines", acme));
    EXPECT_EQ(later.status, 200);
  });
}

Task<> tell_nothing(EventSink&) { co_return; }
Task<Result<Answer>> open_stream(Services&, Request) { co_return Answer{.events = tell_nothing}; }

// An open stream is no request at work, but a key may have only so many.
TEST_F(Servers, BoundTheStreamsOfAKey) {
  const auto acme = make_key(tenancy::KeyScope::tenant_read, database.add_tenant("acme"));
  test::run([&](test::Context context) -> Task<> {
    ApiProcess process(context, database, directory.path() / "master.key", catalog, {.port = 0});
    auto routes = all_routes();
    routes.push_back({.operation = "stream",
                      .method = "GET",
                      .path = "/stream",
                      .access = Access::tenant_read,
                      .summary = "Stream",
                      .handler = open_stream});
    Door door(process.services, routes, {.requests_per_key_max = 1, .streams_per_key_max = 1});
    const HttpRequest request{.method = "GET", .target = "/stream", .headers = {{"X-API-Key", acme}}};
    std::optional<HttpAnswer> first(co_await door.handle(request));
    EXPECT_TRUE(first->events);
    const auto second = co_await door.handle(request);
    EXPECT_EQ(second.status, 503);
    EXPECT_TRUE(second.body.contains("event streams")) << second.body;
    const auto beside = co_await door.handle(
        {.method = "GET", .target = "/api/v1/tenants/acme/pipelines", .headers = {{"X-API-Key", acme}}});
    EXPECT_EQ(beside.status, 200);
    first.reset();
    const auto third = co_await door.handle(request);
    EXPECT_TRUE(third.events);
  });
}

// With all connections of the pool in use, whoever asks for readiness is told so in time.
TEST_F(Servers, SayInTimeThatTheyAreNotReady) {
  with_server([](ApiProcess& process) -> Task<> {
    auto& pool = process.services.database.pool();
    std::vector<pg::Lease> leases;
    leases.reserve(pool.settings().connections_max);
    for (std::size_t i = 0; i < pool.settings().connections_max; ++i) leases.push_back(co_await pool.acquire());
    const auto begun = std::chrono::steady_clock::now();
    const auto away = co_await process.get("/readyz", "");
    EXPECT_EQ(away.status, 503);
    EXPECT_EQ(away.code(), "database_unreachable");
    EXPECT_LT(std::chrono::steady_clock::now() - begun, 15s);
    leases.clear();
    const auto ready = co_await process.get("/readyz", "");
    EXPECT_EQ(ready.status, 200);
  });
}

TEST_F(Servers, StopAfterTheAnswersThatRun) {
  g_goes_on = false;
  g_waiting = 0;
  test::run([&](test::Context context) -> Task<> {
    ApiProcess process(context, database, directory.path() / "master.key", catalog, {.port = 0});
    Door door(process.services, with_waiting(Access::open));
    Server server(context.executor(), {.port = 0}, door);
    EXPECT_TRUE(server.open());
    std::string running, idle = "?";
    TaskGroup clients(context.executor());
    const auto ask = [](Executor executor, std::uint16_t port, std::string bytes, std::string& answer) -> Task<> {
      answer = co_await test::exchange(executor, port, std::move(bytes));
    };
    clients.spawn("running", ask(context.executor(), server.port(), "GET /wait HTTP/1.1\r\nHost: a\r\n\r\n", running));
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

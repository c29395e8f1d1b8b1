#include "http/client.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "base/task_group.hpp"
#include "base/time.hpp"
#include "tests/support/http/http_server.hpp"
#include "tests/support/run.hpp"

namespace weir::http {
namespace {

using test::HttpReply;
using test::HttpServer;
using test::SeenRequest;

ClientSettings loopback_settings() {
  ClientSettings settings;
  settings.egress = EgressPolicy::parse("127.0.0.1").value();
  settings.user_agent = "weir/test";
  return settings;
}

Request get(const std::string& url) { return {.url = Url::parse(url).value()}; }

Request with_token(Request request) {
  request.secret_headers.push_back({"Authorization", Secret("Bearer t0ken")});
  return request;
}

HttpReply echo(const SeenRequest& seen) { return test::reply(200, seen.method + " " + seen.target + " " + seen.body); }

TEST(HttpClient, HoldsOnlySoMuchOfAllAnswersTogether) {
  test::run([](test::Context context) -> Task<> {
    constexpr std::size_t mb = 1U << 20U;
    HttpServer server(context.executor(), [](const SeenRequest& seen) {
      return test::reply(200, std::string(seen.target == "/small" ? mb / 2 : 4 * mb, 'x'));
    });
    auto settings = loopback_settings();
    settings.bodies_bytes_max = 5 * mb;
    HttpClient client(context.executor(), settings);
    auto first = co_await client.fetch(get(server.url("/large")));
    EXPECT_TRUE(first.has_value()) << first.error().message;
    const auto second = co_await client.fetch(get(server.url("/large")));
    EXPECT_FALSE(second.has_value());
    const auto refused = second ? Error() : second.error();
    EXPECT_EQ(refused.code, ErrorCode::provider_failed) << "it may pass";
    EXPECT_NE(refused.message.find("too many large answers at once"), std::string::npos) << refused.message;
    const auto small = co_await client.fetch(get(server.url("/small")));
    EXPECT_TRUE(small.has_value()) << "nobody with small answers is touched";
    first = co_await client.fetch(get(server.url("/small")));
    const auto third = co_await client.fetch(get(server.url("/large")));
    EXPECT_TRUE(third.has_value()) << "the first was let go";
    co_await server.stop();
  });
}

TEST(HttpClient, SendsARequestAndBringsTheAnswer) {
  test::run([](test::Context context) -> Task<> {
    HttpServer server(context.executor(), [](const SeenRequest& seen) {
      return test::reply(201, "made " + seen.body, "X-Answer:  a b \r\nETag: W/\"1\"\r\n");
    });
    HttpClient client(context.executor(), loopback_settings());
    auto request = with_token(get(server.url("/a%2Fb/./c?x=[1]")));
    request.method = "PUT";
    request.body = "{\"k\":1}";
    request.headers.add("Accept", "application/json");
    request.headers.add("X-Empty", "");
    const auto answer = co_await client.fetch(std::move(request));
    EXPECT_TRUE(answer.has_value()) << answer.error().message;
    if (!answer) co_return;
    EXPECT_EQ(answer->status, 201);
    EXPECT_EQ(answer->body, "made {\"k\":1}");
    EXPECT_EQ(answer->headers.get("x-answer"), "a b");
    EXPECT_EQ(answer->requests, 1);
    EXPECT_GT(answer->bytes, 60);
    EXPECT_FALSE(answer->is_http2);
    const auto& seen = server.requests().at(0);
    EXPECT_EQ(seen.method, "PUT");
    EXPECT_EQ(seen.target, "/a%2Fb/./c?x=%5B1%5D");
    EXPECT_EQ(seen.header("Authorization"), "Bearer t0ken");
    EXPECT_EQ(seen.header("User-Agent"), "weir/test");
    EXPECT_TRUE(seen.header("Accept-Encoding").contains("gzip"));
    EXPECT_TRUE(seen.head.contains("X-Empty:\r\n"));
    EXPECT_EQ(seen.header("Expect"), "");
    EXPECT_EQ(seen.header("Content-Type"), "");
    co_await server.stop();
  });
}

TEST(HttpClient, KeepsConnectionsAlive) {
  test::run([](test::Context context) -> Task<> {
    HttpServer server(context.executor(), echo);
    HttpClient client(context.executor(), loopback_settings());
    for (int i = 0; i < 5; ++i) {
      const auto answer = co_await client.fetch(get(server.url("/" + std::to_string(i))));
      EXPECT_TRUE(answer.has_value());
    }
    EXPECT_EQ(server.connections(), 1);
    EXPECT_EQ(server.requests().size(), 5U);
    co_await server.stop();
  });
}

Task<> fetch_into(HttpClient& client, Request request, std::optional<Result<Response>>& outcome) {
  outcome = co_await client.fetch(std::move(request));
}

TEST(HttpClient, RunsManyTransfersAtOnceWithinItsConnections) {
  test::run([](test::Context context) -> Task<> {
    HttpServer server(context.executor(), echo);
    auto settings = loopback_settings();
    settings.connections_per_host_max = 3;
    HttpClient client(context.executor(), settings);
    std::vector<std::optional<Result<Response>>> outcomes(40);
    TaskGroup group(context.executor());
    for (std::size_t i = 0; i < outcomes.size(); ++i)
      group.spawn("fetch", fetch_into(client, get(server.url("/" + std::to_string(i))), outcomes[i]));
    co_await group.wait();
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
      EXPECT_TRUE(outcomes[i] && outcomes[i]->has_value());
      EXPECT_EQ((*outcomes[i])->body, "GET /" + std::to_string(i) + " ");
    }
    EXPECT_LE(server.connections(), 3);
    EXPECT_EQ(client.in_flight(), 0U);
    co_await server.stop();
  });
}

TEST(HttpClient, DecompressesAndReusesTheBuffer) {
  test::run([](test::Context context) -> Task<> {
    const std::string zipped(
        "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xab\x56\xca\x48\xcd\xc9\xc9\x57\xb2\x52\x2a\xcf\x2f\xca\x49\x51\xaa"
        "\xad\x26\x28\x00\x00\x67\x33\xc7\xd2\x33\x00\x00\x00",
        40);
    HttpServer server(context.executor(),
                      [&](const SeenRequest&) { return test::reply(200, zipped, "Content-Encoding: gzip\r\n"); });
    HttpClient client(context.executor(), loopback_settings());
    auto request = get(server.url("/"));
    request.buffer.reserve(100'000);
    const char* storage = request.buffer.data();
    const auto answer = co_await client.fetch(std::move(request));
    EXPECT_TRUE(answer.has_value());
    EXPECT_EQ(answer->body, "{\"hello\":\"world\"}{\"hello\":\"world\"}{\"hello\":\"world\"}");
    EXPECT_EQ(static_cast<const void*>(answer->body.data()), storage);
    co_await server.stop();
  });
}

class Collector : public BodySink {
 public:
  Result<> write(std::string_view chunk) override {
    ++chunks;
    bytes += chunk.size();
    if (bytes > limit) return fail(ErrorCode::invalid_data, "the sink has had enough");
    return {};
  }
  std::size_t limit = SIZE_MAX;
  std::size_t chunks = 0;
  std::size_t bytes = 0;
};

TEST(HttpClient, StreamsABodyIntoASink) {
  test::run([](test::Context context) -> Task<> {
    HttpServer server(context.executor(), [](const SeenRequest& seen) {
      if (seen.target == "/error") return test::reply(500, "sorry");
      return HttpReply{.parts = {"HTTP/1.1 200 OK\r\nContent-Length: 3000000\r\n\r\n"},
                       .repeated = std::string(30'000, 'x'),
                       .repeats = 100};
    });
    HttpClient client(context.executor(), loopback_settings());
    Collector sink;
    auto request = get(server.url("/"));
    request.sink = &sink;
    const auto answer = co_await client.fetch(request);
    EXPECT_TRUE(answer.has_value());
    EXPECT_EQ(sink.bytes, 3'000'000U);
    EXPECT_GT(sink.chunks, 10U);
    EXPECT_TRUE(answer->body.empty());

    request.url = Url::parse(server.url("/error")).value();
    const auto error = co_await client.fetch(request);
    EXPECT_EQ(error->body, "sorry");
    EXPECT_EQ(sink.bytes, 3'000'000U);

    sink.limit = 3'100'000;
    request.url = Url::parse(server.url("/")).value();
    const auto refused = co_await client.fetch(request);
    EXPECT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, ErrorCode::invalid_data);
    co_await server.stop();
  });
}

TEST(HttpClient, KnowsAnswersWithoutABody) {
  test::run([](test::Context context) -> Task<> {
    HttpServer server(context.executor(), [](const SeenRequest& seen) {
      if (seen.method == "HEAD")
        return test::raw("HTTP/1.1 200 OK\r\nContent-Length: 77\r\n\r\n", HttpReply::End::keep);
      return test::raw("HTTP/1.1 304 Not Modified\r\nETag: \"x\"\r\n\r\n", HttpReply::End::keep);
    });
    HttpClient client(context.executor(), loopback_settings());
    auto head = get(server.url("/"));
    head.method = "HEAD";
    const auto first = co_await client.fetch(head);
    const auto second = co_await client.fetch(get(server.url("/")));
    EXPECT_TRUE(first.has_value() && second.has_value());
    EXPECT_EQ(first->headers.get("content-length"), "77");
    EXPECT_EQ(second->status, 304);
    EXPECT_EQ(server.connections(), 1);
    co_await server.stop();
  });
}

Task<> wait_until(const std::function<bool()>& holds) {
  const auto deadline = Deadline::in(10s);
  while (!holds() && !deadline.is_over()) co_await sleep_for(1ms);
}

TEST(HttpClient, ACancelledFetchClosesItsConnectionAtOnce) {
  test::run([](test::Context context) -> Task<> {
    HttpServer server(context.executor(), [](const SeenRequest&) { return test::raw("", HttpReply::End::hang); });
    HttpClient client(context.executor(), loopback_settings());
    TaskGroup group(context.executor());
    std::optional<Result<Response>> outcome;
    group.spawn("fetch", fetch_into(client, get(server.url("/")), outcome));
    co_await wait_until([&] { return server.requests().size() == 1; });
    EXPECT_EQ(client.in_flight(), 1U);
    const auto late = co_await group.stop(Deadline::in(5s));
    EXPECT_TRUE(late.empty());
    EXPECT_FALSE(outcome.has_value());
    EXPECT_EQ(client.in_flight(), 0U);
    co_await wait_until([&] { return server.open_connections() == 0; });
    EXPECT_EQ(server.open_connections(), 0);
    co_await server.stop();
  });
}

TEST(HttpClient, KeepsItsDeadline) {
  test::run([](test::Context context) -> Task<> {
    HttpServer server(context.executor(), [](const SeenRequest&) { return test::raw("", HttpReply::End::hang); });
    HttpClient client(context.executor(), loopback_settings());
    auto request = with_token(get(server.url("/?private_token=geheim")));
    request.deadline = Deadline::in(30ms);
    const auto answer = co_await client.fetch(std::move(request));
    EXPECT_FALSE(answer.has_value());
    EXPECT_EQ(answer.error().code, ErrorCode::timed_out);
    EXPECT_FALSE(answer.error().detail.contains("geheim")) << answer.error().detail;
    co_await server.stop();
  });
}

TEST(HttpClient, RefusesWhatWouldSplitTheRequest) {
  test::run([](test::Context context) -> Task<> {
    HttpServer server(context.executor(), echo);
    HttpClient client(context.executor(), loopback_settings());
    auto request = get(server.url("/"));
    request.secret_headers.push_back({"Authorization", Secret("geheim\r\nX-Evil: 1")});
    const auto split = co_await client.fetch(request);
    EXPECT_FALSE(split.has_value());
    EXPECT_EQ(split.error().code, ErrorCode::invalid_input);
    EXPECT_FALSE(split.error().message.contains("geheim"));
    auto method = get(server.url("/"));
    method.method = "GET / HTTP/1.1\r\nX: y";
    const auto refused = co_await client.fetch(method);
    EXPECT_FALSE(refused.has_value());
    EXPECT_EQ(server.connections(), 0);
    co_await server.stop();
  });
}

TEST(HttpClient, TrustsOnlyKnownAuthorities) {
  test::run([](test::Context context) -> Task<> {
    HttpServer server(context.executor(), echo, {.security = HttpServer::Security::tls});
    const auto request = with_token(get(server.url("/")));
    {
      HttpClient stranger(context.executor(), loopback_settings());
      const auto refused = co_await stranger.fetch(request);
      EXPECT_FALSE(refused.has_value());
      EXPECT_EQ(refused.error().code, ErrorCode::provider_failed);
      EXPECT_TRUE(refused.error().message.contains("not trusted")) << refused.error().message;
      EXPECT_TRUE(server.requests().empty());
    }
    const auto path = std::filesystem::temp_directory_path() / fmt::format("weir-ca-{}.pem", ::getpid());
    std::ofstream(path) << server.certificate();
    auto settings = loopback_settings();
    settings.ca_file = path;
    settings.resolve = {fmt::format("other.test:{}:127.0.0.1", server.port())};
    {
      HttpClient client(context.executor(), settings);
      const auto answer = co_await client.fetch(request);
      EXPECT_TRUE(answer.has_value()) << answer.error().message << answer.error().detail;
      const auto other = co_await client.fetch(get(fmt::format("https://other.test:{}/", server.port())));
      EXPECT_FALSE(other.has_value()) << "the certificate is for another name";
      EXPECT_EQ(server.requests().size(), 1U);
    }
    std::filesystem::remove(path);
    co_await server.stop();
  });
}

TEST(HttpClient, UsesTheOperatorsProxyAndNoOther) {
  test::run([](test::Context context) -> Task<> {
    HttpServer proxy(context.executor(), echo);
    HttpServer direct(context.executor(), echo);
    ::setenv("http_proxy", "http://127.0.0.1:9", 1);
    ::setenv("ALL_PROXY", "http://127.0.0.1:9", 1);
    auto settings = loopback_settings();
    settings.proxy.http_proxy = Secret("http://user:geheim@127.0.0.1:" + std::to_string(proxy.port()));
    settings.proxy.no_proxy = "127.0.0.1:" + std::to_string(direct.port());
    {
      HttpClient client(context.executor(), settings);
      const auto far = co_await client.fetch(get("http://example.invalid/x"));
      EXPECT_TRUE(far.has_value()) << far.error().message;
      EXPECT_EQ(proxy.requests().at(0).target, "http://example.invalid/x");
      EXPECT_EQ(proxy.requests().at(0).header("Proxy-Authorization"), "Basic dXNlcjpnZWhlaW0=");
      const auto near = co_await client.fetch(get(direct.url("/y")));
      EXPECT_TRUE(near.has_value()) << near.error().message;
      EXPECT_EQ(direct.requests().size(), 1U);
      const auto refused = co_await client.fetch(get("http://10.0.0.1/z"));
      EXPECT_FALSE(refused.has_value()) << "the guard holds for addresses behind the proxy too";
    }
    ::unsetenv("http_proxy");
    ::unsetenv("ALL_PROXY");
    co_await proxy.stop();
    co_await direct.stop();
  });
}

}  // namespace
}  // namespace weir::http

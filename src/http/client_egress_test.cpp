// The guard on real sockets: not one connection reaches an address that is refused, however it is spelt or resolved.
#include <gtest/gtest.h>

#include "http/client.hpp"
#include "tests/support/http/http_server.hpp"
#include "tests/support/run.hpp"

namespace weir::http {
namespace {

using test::HttpServer;
using test::SeenRequest;

test::HttpReply inside(const SeenRequest&) { return test::reply(200, "inside"); }

Request get(const std::string& url) { return {.url = Url::parse(url).value()}; }

bool is_refused(const Result<Response>& answer) {
  return !answer && answer.error().code == ErrorCode::invalid_input &&
         answer.error().message.contains("WEIR_EGRESS_ALLOW");
}

TEST(HttpClientEgress, RefusesEverySpellingOfAnAddressInside) {
  test::run([](test::Context context) -> Task<> {
    HttpServer server(context.executor(), inside);
    HttpClient client(context.executor(), {});
    for (const char* host : {"127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "localhost", "LocalHost.",
                             "x.localhost", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "0.0.0.0", "0"}) {
      const auto answer = co_await client.fetch(get(fmt::format("http://{}:{}/", host, server.port())));
      EXPECT_TRUE(is_refused(answer)) << host;
    }
    EXPECT_EQ(server.connections(), 0);
    EXPECT_FALSE(Url::parse(fmt::format("http://github.com@127.0.0.1:{}/", server.port())).has_value());
    co_await server.stop();
  });
}

TEST(HttpClientEgress, RefusesANameThatLeadsInside) {
  test::run([](test::Context context) -> Task<> {
    HttpServer server(context.executor(), inside);
    ClientSettings settings;
    settings.resolve = {fmt::format("evil.test:{}:127.0.0.1", server.port()),
                        fmt::format("mapped.test:{}:[::ffff:127.0.0.1]", server.port())};
    HttpClient client(context.executor(), settings);
    for (const char* host : {"evil.test", "mapped.test"}) {
      const auto answer = co_await client.fetch(get(fmt::format("http://{}:{}/", host, server.port())));
      EXPECT_TRUE(is_refused(answer)) << host;
    }
    EXPECT_EQ(server.connections(), 0);
    co_await server.stop();
  });
}

// DNS that answers with an allowed and a refused address: only the allowed one is ever connected to.
TEST(HttpClientEgress, ConnectsOnlyToTheAllowedOnesOfSeveralAddresses) {
  test::run([](test::Context context) -> Task<> {
    HttpServer refused(context.executor(), inside, {.address = "127.0.0.2"});
    HttpServer allowed(context.executor(), inside, {.address = "127.0.0.1", .port = refused.port()});
    ClientSettings settings;
    settings.egress = EgressPolicy::parse("127.0.0.1").value();
    settings.resolve = {fmt::format("both.test:{}:127.0.0.2,127.0.0.1", allowed.port())};
    HttpClient client(context.executor(), settings);
    const auto answer = co_await client.fetch(get(fmt::format("http://both.test:{}/", allowed.port())));
    EXPECT_TRUE(answer.has_value()) << answer.error().message;
    EXPECT_EQ(allowed.connections(), 1);
    EXPECT_EQ(refused.connections(), 0);
    co_await allowed.stop();
    co_await refused.stop();
  });
}

TEST(HttpClientEgress, HoldsAtEveryRedirect) {
  test::run([](test::Context context) -> Task<> {
    HttpServer refused(context.executor(), inside, {.address = "127.0.0.2"});
    std::string target;
    HttpServer allowed(context.executor(),
                       [&](const SeenRequest&) { return test::reply(302, "", "Location: " + target + "\r\n"); });
    ClientSettings settings;
    settings.egress = EgressPolicy::parse("127.0.0.1").value();
    settings.resolve = {fmt::format("evil.test:{}:127.0.0.2", refused.port())};
    HttpClient client(context.executor(), settings);
    for (const auto& location : {refused.url("/"), fmt::format("http://evil.test:{}/", refused.port()),
                                 fmt::format("http://0x7f.2:{}/", refused.port())}) {
      target = location;
      const auto answer = co_await client.fetch(get(allowed.url("/")));
      EXPECT_TRUE(is_refused(answer)) << location;
    }
    target = fmt::format("http://127.0.0.1@127.0.0.2:{}/", refused.port());
    const auto tricked = co_await client.fetch(get(allowed.url("/")));
    EXPECT_EQ(tricked->status, 302) << "user info is not followed";
    EXPECT_EQ(refused.connections(), 0);
    co_await allowed.stop();
    co_await refused.stop();
  });
}

// One tenant is allowed the address; its kept-alive connection is not another tenant's way in.
TEST(HttpClientEgress, HoldsOnAConnectionThatAnotherTenantOpened) {
  test::run([](test::Context context) -> Task<> {
    HttpServer server(context.executor(), inside);
    ClientSettings settings;
    settings.resolve = {fmt::format("corp.test:{}:127.0.0.1", server.port())};
    HttpClient client(context.executor(), settings);
    const auto url = fmt::format("http://corp.test:{}/", server.port());
    auto allowed = get(url);
    allowed.egress = std::make_shared<EgressPolicy>(EgressPolicy::parse("127.0.0.1").value());
    const auto first = co_await client.fetch(allowed);
    EXPECT_TRUE(first.has_value()) << first.error().message;
    const auto second = co_await client.fetch(get(url));
    EXPECT_TRUE(is_refused(second));
    const auto third = co_await client.fetch(allowed);
    EXPECT_TRUE(third.has_value());
    EXPECT_EQ(server.requests().size(), 2U);
    co_await server.stop();
  });
}

// What one tenant may reach is no way further inside.
TEST(HttpClientEgress, OfATenantHoldsAtRedirectsAndNames) {
  test::run([](test::Context context) -> Task<> {
    HttpServer refused(context.executor(), inside, {.address = "127.0.0.2"});
    std::string target;
    HttpServer allowed(context.executor(),
                       [&](const SeenRequest&) { return test::reply(302, "", "Location: " + target + "\r\n"); });
    ClientSettings settings;
    settings.resolve = {fmt::format("evil.test:{}:127.0.0.2", refused.port())};
    HttpClient client(context.executor(), settings);
    const auto policy = tenant_egress(settings.egress, "127.0.0.1/32").value();
    const auto evil = fmt::format("http://evil.test:{}/", refused.port());
    for (const auto& location : {refused.url("/"), evil}) {
      target = location;
      auto request = get(allowed.url("/"));
      request.egress = policy;
      const auto answer = co_await client.fetch(std::move(request));
      EXPECT_TRUE(is_refused(answer)) << location;
    }
    auto request = get(evil);
    request.egress = policy;
    const auto direct = co_await client.fetch(std::move(request));
    EXPECT_TRUE(is_refused(direct));
    EXPECT_EQ(allowed.connections(), 1) << "kept alive";
    EXPECT_EQ(refused.connections(), 0);
    co_await allowed.stop();
    co_await refused.stop();
  });
}

}  // namespace
}  // namespace weir::http

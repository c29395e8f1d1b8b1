#include "http/redirect.hpp"

#include <gtest/gtest.h>

#include "http/client.hpp"
#include "tests/support/http/http_server.hpp"
#include "tests/support/run.hpp"

namespace weir::http {
namespace {

using test::HttpServer;
using test::SeenRequest;

const Url k_from = Url::parse("https://h/api/a?x=1").value();

std::optional<Redirect> decide(int status, std::string_view location, bool is_bound, int hops = 0) {
  return decide_redirect(k_from, status, location, is_bound, hops, 5).value();
}

TEST(Redirect, KeepsTheMethodAndRemembersWhatIsPermanent) {
  for (const int status : {301, 302, 307, 308}) {
    const auto step = decide(status, "/b", true);
    ASSERT_TRUE(step.has_value()) << status;
    EXPECT_EQ(step->target.text(), "https://h/b");
    EXPECT_EQ(step->is_permanent, status == 301 || status == 308);
    EXPECT_FALSE(step->is_get_from_now);
  }
  EXPECT_TRUE(decide(303, "b", true)->is_get_from_now);
}

TEST(Redirect, LetsAnAnswerStandThatIsNoneOrLeadsAstray) {
  EXPECT_FALSE(decide(200, "/b", true));
  EXPECT_FALSE(decide(304, "/b", true));
  EXPECT_FALSE(decide(302, "", true));
  for (const char* location : {"https://evil/", "http://h/", "https://h:444/", "//evil/", "ftp://h/", "https://u@h/"})
    EXPECT_FALSE(decide(302, location, true)) << location;
  EXPECT_TRUE(decide(302, "https://other/", false));
  EXPECT_FALSE(decide(302, "ftp://h/", false));
}

TEST(Redirect, EndsSomewhere) {
  EXPECT_TRUE(decide(302, "/b", true, 4));
  EXPECT_FALSE(decide_redirect(k_from, 302, "/b", true, 5, 5).has_value());
}

ClientSettings loopback_settings() {
  ClientSettings settings;
  settings.egress = EgressPolicy::parse("127.0.0.1").value();
  return settings;
}

Request with_token(const std::string& url) {
  Request request{.url = Url::parse(url).value()};
  request.secret_headers.push_back({"PRIVATE-TOKEN", Secret("t0ken")});
  return request;
}

TEST(HttpClient, FollowsRedirectsOnItsOrigin) {
  test::run([](test::Context context) -> Task<> {
    HttpServer server(context.executor(), [](const SeenRequest& seen) {
      if (seen.target == "/old") return test::reply(301, "x", "Location: /middle\r\n");
      if (seen.target == "/middle") return test::reply(308, "x", "Location: /new\r\n");
      if (seen.target == "/mixed") return test::reply(302, "x", "Location: /old\r\n");
      return test::reply(200, seen.method + seen.header("PRIVATE-TOKEN") + seen.body);
    });
    HttpClient client(context.executor(), loopback_settings());
    auto request = with_token(server.url("/old"));
    request.method = "POST";
    request.body = "b";
    const auto moved = co_await client.fetch(request);
    EXPECT_TRUE(moved.has_value());
    EXPECT_EQ(moved->body, "POSTt0kenb");
    EXPECT_EQ(moved->requests, 3);
    EXPECT_TRUE(moved->moved_to && moved->moved_to->path() == "/new");
    const auto mixed = co_await client.fetch(with_token(server.url("/mixed")));
    EXPECT_EQ(mixed->url.path(), "/new");
    EXPECT_FALSE(mixed->moved_to.has_value()) << "one hop was temporary";
    co_await server.stop();
  });
}

TEST(HttpClient, TakesNoCredentialsToAnotherOrigin) {
  test::run([](test::Context context) -> Task<> {
    HttpServer other(context.executor(), [](const SeenRequest&) { return test::reply(200, "got it"); });
    HttpServer server(context.executor(), [&](const SeenRequest&) {
      return test::reply(302, "x", "Location: " + other.url("/steal") + "\r\n");
    });
    HttpClient client(context.executor(), loopback_settings());
    const auto kept = co_await client.fetch(with_token(server.url("/")));
    EXPECT_EQ(kept->status, 302);
    EXPECT_EQ(other.connections(), 0);
    const auto followed = co_await client.fetch({.url = Url::parse(server.url("/")).value()});
    EXPECT_EQ(followed->body, "got it");
    co_await server.stop();
    co_await other.stop();
  });
}

TEST(HttpClient, LeavesARedirectLoop) {
  test::run([](test::Context context) -> Task<> {
    HttpServer server(context.executor(),
                      [](const SeenRequest&) { return test::reply(302, "x", "Location: /again\r\n"); });
    HttpClient client(context.executor(), loopback_settings());
    const auto answer = co_await client.fetch(with_token(server.url("/")));
    EXPECT_FALSE(answer.has_value());
    EXPECT_EQ(server.requests().size(), 6U);
    co_await server.stop();
  });
}

}  // namespace
}  // namespace weir::http

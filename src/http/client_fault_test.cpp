// What a broken or hostile server can do to the client: a clear error without a secret in it, flat memory, and the next
// request works.
#include <gtest/gtest.h>

#include "base/time.hpp"
#include "http/client.hpp"
#include "tests/support/http/http_server.hpp"
#include "tests/support/run.hpp"

namespace weir::http {
namespace {

using test::HttpReply;
using test::HttpServer;
using test::SeenRequest;
using End = HttpReply::End;

constexpr std::size_t k_body_max = 100'000;

struct Fault {
  std::string name;
  HttpReply reply;
  ErrorCode expected;
};

std::vector<Fault> faults() {
  using enum ErrorCode;
  const std::string head = "HTTP/1.1 200 OK\r\n";
  const std::string chunked = head + "Transfer-Encoding: chunked\r\n\r\n";
  return {
      {"closes without a word", test::raw(""), provider_failed},
      {"resets before an answer", test::raw("", End::reset), provider_failed},
      {"resets inside the headers", test::raw(head + "X: ", End::reset), provider_failed},
      {"truncates the body", test::raw(head + "Content-Length: 100\r\n\r\nhalf"), provider_failed},
      {"resets inside the body", test::raw(head + "Content-Length: 100\r\n\r\nhalf", End::reset), provider_failed},
      {"truncates a chunked body", test::raw(chunked + "5\r\nhello\r\n"), provider_failed},
      {"sends garbage for a chunk's size", test::raw(chunked + "zz\r\nhello\r\n0\r\n\r\n"), provider_failed},
      {"sends a chunk size that overflows", test::raw(chunked + "ffffffffffffffffff\r\nx"), provider_failed},
      {"does not speak HTTP", test::raw("SSH-2.0-OpenSSH_9.2\r\n"), provider_failed},
      {"speaks HTTP/0.9", test::raw("<html>hello</html>"), provider_failed},
      {"lies about its encoding", test::reply(200, "not gzip at all", "Content-Encoding: gzip\r\n"), provider_failed},
      {"announces too large a body", test::raw(head + "Content-Length: 99999999999\r\n\r\nx", End::hang),
       answer_too_large},
      {"announces a body of negative size", test::raw(head + "Content-Length: -1\r\n\r\nx"), provider_failed},
      {"sends a body without end",
       {.parts = {chunked}, .repeated = "3e8\r\n" + std::string(1000, 'x') + "\r\n", .repeats = 1'000'000},
       answer_too_large},
      {"sends headers without end",
       {.parts = {head}, .repeated = "X-Flood: " + std::string(1000, 'x') + "\r\n", .repeats = 1'000'000},
       answer_too_large},
      {"sends one header without end",
       {.parts = {head + "X: "}, .repeated = std::string(1000, 'x'), .repeats = 1'000'000},
       answer_too_large},
      {"sends interim answers without end",
       {.repeated = "HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n", .repeats = 1'000'000},
       answer_too_large},
  };
}

TEST(HttpClientFaults, EndInAClearErrorWithoutSecretsAndTheNextRequestWorks) {
  test::run([](test::Context context) -> Task<> {
    for (const auto& fault : faults()) {
      HttpServer server(context.executor(), [&](const SeenRequest& seen) {
        return seen.target == "/fine" ? test::reply(200, "fine") : fault.reply;
      });
      ClientSettings settings;
      settings.egress = EgressPolicy::parse("127.0.0.1").value();
      settings.body_bytes_max = k_body_max;
      HttpClient client(context.executor(), settings);
      Request request{.url = Url::parse(server.url("/x?access_token=geheim")).value()};
      request.secret_headers.push_back({"Authorization", Secret("Bearer geheim")});
      const auto answer = co_await client.fetch(request);
      EXPECT_FALSE(answer.has_value()) << "a server that " << fault.name;
      if (!answer) {
        EXPECT_EQ(answer.error().code, fault.expected) << fault.name << ": " << answer.error().message;
        EXPECT_TRUE(answer.error().message.contains(server.origin())) << answer.error().message;
        EXPECT_FALSE((answer.error().message + answer.error().detail).contains("geheim")) << answer.error().detail;
      }
      // What the kernel buffers on both sides of loopback, but not a gigabyte.
      EXPECT_LT(server.bytes_sent(), 20'000'000) << fault.name;
      const auto next = co_await client.fetch({.url = Url::parse(server.url("/fine")).value()});
      EXPECT_TRUE(next.has_value() && next->body == "fine") << "after a server that " << fault.name;
      co_await server.stop();
    }
  });
}

TEST(HttpClientFaults, ABodyThatInflatesIsBounded) {
  test::run([](test::Context context) -> Task<> {
    // 10 MB of zeros in a gzip stream of repeated stored-nothing blocks: deflate's own format, made by hand.
    const std::string header("\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff", 10);
    const std::string block("\x00\xff\xff\x00\x00", 5);  // a stored block of 65,535 bytes, not the last
    HttpServer server(context.executor(), [&](const SeenRequest&) {
      return HttpReply{.parts = {"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + header},
                       .repeated = block + std::string(65'535, '\0'),
                       .repeats = 1'000,
                       .end = End::close};
    });
    ClientSettings settings;
    settings.egress = EgressPolicy::parse("127.0.0.1").value();
    settings.body_bytes_max = k_body_max;
    HttpClient client(context.executor(), settings);
    const auto answer = co_await client.fetch({.url = Url::parse(server.url("/")).value()});
    EXPECT_FALSE(answer.has_value());
    EXPECT_EQ(answer.error().code, ErrorCode::answer_too_large) << answer.error().message;
    co_await server.stop();
  });
}

TEST(HttpClientFaults, NobodyListeningIsSaid) {
  test::run([](test::Context context) -> Task<> {
    std::string url;
    {
      HttpServer server(context.executor(), [](const SeenRequest&) { return test::reply(200, ""); });
      url = server.url("/");
      co_await server.stop();
    }
    ClientSettings settings;
    settings.egress = EgressPolicy::parse("127.0.0.1").value();
    HttpClient client(context.executor(), settings);
    const auto answer = co_await client.fetch({.url = Url::parse(url).value()});
    EXPECT_FALSE(answer.has_value());
    EXPECT_EQ(answer.error().code, ErrorCode::provider_failed);
    EXPECT_TRUE(answer.error().message.contains("takes no connection")) << answer.error().message;
  });
}

TEST(HttpClientFaults, ASlowAnswerArrivesWhole) {
  test::run([](test::Context context) -> Task<> {
    HttpServer server(context.executor(), [](const SeenRequest&) {
      return HttpReply{.parts = {"HTTP/1.1 200 OK\r\nContent-", "Length: 6\r\n\r", "\nab", "cd", "ef"},
                       .pause_between = 2ms};
    });
    ClientSettings settings;
    settings.egress = EgressPolicy::parse("127.0.0.1").value();
    HttpClient client(context.executor(), settings);
    const auto answer = co_await client.fetch({.url = Url::parse(server.url("/")).value()});
    EXPECT_TRUE(answer.has_value() && answer->body == "abcdef");
    co_await server.stop();
  });
}

}  // namespace
}  // namespace weir::http

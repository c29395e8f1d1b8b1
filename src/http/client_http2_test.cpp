#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "base/task_group.hpp"
#include "base/time.hpp"
#include "http/client.hpp"
#include "tests/support/http/http_server.hpp"
#include "tests/support/run.hpp"

namespace weir::http {
namespace {

using test::HttpServer;
using test::SeenRequest;

Task<> fetch_into(HttpClient& client, Request request, std::optional<Result<Response>>& outcome) {
  outcome = co_await client.fetch(std::move(request));
}

TEST(HttpClient, CarriesManyRequestsOverOneHttp2Connection) {
  test::run([](test::Context context) -> Task<> {
    HttpServer server(context.executor(), [](const SeenRequest&) { return test::reply(500, ""); },
                      {.security = HttpServer::Security::tls_http2, .http2_together = 10});
    const auto path = std::filesystem::temp_directory_path() / fmt::format("weir-h2-{}.pem", ::getpid());
    std::ofstream(path) << server.certificate();
    ClientSettings settings;
    settings.egress = EgressPolicy::parse("127.0.0.1").value();
    settings.ca_file = path;
    {
      HttpClient client(context.executor(), settings);
      Request request{.url = Url::parse(server.url("/")).value(), .deadline = Deadline::in(20s)};
      const auto first = co_await client.fetch(request);
      EXPECT_TRUE(first.has_value()) << first.error().message << first.error().detail;
      EXPECT_TRUE(first && first->is_http2);
      std::vector<std::optional<Result<Response>>> outcomes(10);
      TaskGroup group(context.executor());
      for (auto& outcome : outcomes) group.spawn("fetch", fetch_into(client, request, outcome));
      co_await group.wait();
      for (const auto& outcome : outcomes) {
        EXPECT_TRUE(outcome && outcome->has_value()) << "the server waits for all ten at once";
        if (outcome && *outcome) EXPECT_EQ((*outcome)->body, "two");
      }
      EXPECT_EQ(server.connections(), 1);
      EXPECT_EQ(server.requests().size(), 11U);
    }
    std::filesystem::remove(path);
    co_await server.stop();
  });
}

}  // namespace
}  // namespace weir::http

// The budgeted client on recorded answers, without a budget: as plugins are tested.
#include "http/budgeted_client.hpp"

#include <gtest/gtest.h>

#include "tests/support/run.hpp"

namespace weir::http {
namespace {

class Recording final : public Fetcher {
 public:
  Task<Result<Response>> fetch(Request request) override {
    ++requests;
    Response response;
    response.status = std::stoi(request.url.path().substr(1));
    response.requests = 1;
    response.headers = {{"Retry-After", "0"}};
    co_return response;
  }
  int requests = 0;
};

TEST(BudgetedClient, WorksOnARecordingWithoutABudget) {
  test::run([](test::Context) -> Task<> {
    Recording recording;
    Random random(1);
    const Secret key;
    NoCredentials credentials;
    BudgetedClient client({recording, nullptr, key, system_clock(), random}, {}, credentials);
    const auto ok =
        co_await client.call({.request = {.url = Url::parse("https://api.test/200").value()}}, Deadline::never());
    EXPECT_TRUE(ok.has_value());
    const auto limited =
        co_await client.call({.request = {.url = Url::parse("https://api.test/429").value()}}, Deadline::never());
    EXPECT_FALSE(limited.has_value());
    EXPECT_EQ(limited.error().error.code, ErrorCode::limited);
    EXPECT_TRUE(limited.error().park_until.has_value());
    const auto refused =
        co_await client.call({.request = {.url = Url::parse("https://api.test/401").value()}}, Deadline::never());
    EXPECT_EQ(refused.error().error.code, ErrorCode::needs_credentials);
    EXPECT_EQ(recording.requests, 3);
  });
}

}  // namespace
}  // namespace weir::http

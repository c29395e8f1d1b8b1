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

// Login pages, then what was asked for.
class Portal final : public Fetcher {
 public:
  explicit Portal(int login_pages) : login_pages_(login_pages) {}
  Task<Result<Response>> fetch(Request) override {
    Response response;
    response.status = 200;
    response.requests = 1;
    response.headers = {{"Content-Type", ++requests > login_pages_ ? "application/json" : "text/html"}};
    response.body = requests > login_pages_ ? "{}" : "<title>Sign in</title>";
    co_return response;
  }
  int requests = 0;

 private:
  int login_pages_;
};

TEST(BudgetedClient, OnlyLoginPagesAndNothingElseMeanThatCredentialsAreWrong) {
  test::run([](test::Context) -> Task<> {
    Random random(1);
    const Secret key;
    NoCredentials credentials;
    const Account account{.client = {}, .identity = {}, .retry = {.first_delay = std::chrono::milliseconds(1)}};
    const Call call{.request = {.url = Url::parse("https://api.test/").value()}};
    Portal passing(2);
    BudgetedClient client({passing, nullptr, key, system_clock(), random}, account, credentials);
    const auto answer = co_await client.call(call, Deadline::never());
    EXPECT_TRUE(answer.has_value());
    EXPECT_EQ(passing.requests, 3);
    Portal lasting(100);
    BudgetedClient other({lasting, nullptr, key, system_clock(), random}, account, credentials);
    const auto refused = co_await other.call(call, Deadline::never());
    EXPECT_EQ(refused.error().error.code, ErrorCode::needs_credentials);
    EXPECT_EQ(lasting.requests, account.retry.attempts_max);
  });
}

class Silence final : public Fetcher {
 public:
  Task<Result<Response>> fetch(Request) override {
    ++requests;
    co_return fail(ErrorCode::timed_out, "https://api.test did not answer in time");
  }
  int requests = 0;
};

// Not ErrorCode::timed_out: that is a deadline of ours, and would end more than what waits for this answer.
TEST(BudgetedClient, AProviderThatDoesNotAnswerHasFailed) {
  test::run([](test::Context) -> Task<> {
    Silence silence;
    Random random(1);
    const Secret key;
    NoCredentials credentials;
    BudgetedClient client({silence, nullptr, key, system_clock(), random},
                          {.client = {}, .identity = {}, .retry = {.first_delay = std::chrono::milliseconds(1)}},
                          credentials);
    const auto answer =
        co_await client.call({.request = {.url = Url::parse("https://api.test/").value()}}, Deadline::never());
    EXPECT_EQ(answer.error().error.code, ErrorCode::provider_failed);
    EXPECT_EQ(silence.requests, 2);
  });
}

}  // namespace
}  // namespace weir::http

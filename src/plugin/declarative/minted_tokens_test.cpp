#include "plugin/declarative/minted_tokens.hpp"

#include <gtest/gtest.h>

#include "base/retry.hpp"
#include "base/task_group.hpp"
#include "tests/support/run.hpp"

namespace weir::plugin::declarative {
namespace {

class TestClock final : public Clock {
 public:
  Instant now() const override { return now_; }
  std::chrono::nanoseconds boottime() const override { return {}; }
  void pass(Duration time) { now_ += time; }

 private:
  Instant now_ = *parse_rfc3339("2026-01-01T00:00:00Z");
};

// Makes t1, t2, …, each good for `life`; errors come first.
struct Mint {
  TestClock& clock;
  std::optional<Duration> life = std::chrono::hours(1);
  int errors = 0;
  int made = 0;

  Task<Result<Minted>> operator()() {
    co_await sleep_for(std::chrono::milliseconds(1));
    if (errors > 0) {
      --errors;
      co_return fail(ErrorCode::provider_failed, "not now");
    }
    co_return Minted{Secret(fmt::format("t{}", ++made)), life ? std::optional(clock.now() + *life) : std::nullopt};
  }
};

Task<std::string> token_of(MintedToken& token, TestClock& clock, Mint& mint) {
  const auto got = co_await token.get(clock, [&mint] { return mint(); });
  co_return got ? got->reveal() : got.error().message;
}

TEST(MintedTokens, AreMadeOnceForAllWhoAskAtTheSameTime) {
  test::run([](test::Context context) -> Task<> {
    TestClock clock;
    Mint mint{clock};
    MintedToken token(context.executor());
    std::vector<std::string> got;
    const auto ask = [&]() -> Task<> { got.push_back(co_await token_of(token, clock, mint)); };
    TaskGroup group(context.executor());
    for (int i = 0; i < 8; ++i) group.spawn("ask", ask());
    co_await group.wait();
    EXPECT_EQ(got, std::vector<std::string>(8, "t1"));
    EXPECT_EQ(mint.made, 1);
  });
}

TEST(MintedTokens, AreRenewedFiveMinutesBeforeTheyExpire) {
  test::run([](test::Context context) -> Task<> {
    TestClock clock;
    Mint mint{clock};
    MintedToken token(context.executor());
    co_await token_of(token, clock, mint);
    clock.pass(std::chrono::minutes(54));
    const auto before = co_await token_of(token, clock, mint);
    EXPECT_EQ(before, "t1");
    clock.pass(std::chrono::minutes(1));
    const auto after = co_await token_of(token, clock, mint);
    EXPECT_EQ(after, "t2");
  });
}

TEST(MintedTokens, OfAShortLifeAreUsedForHalfOfIt) {
  test::run([](test::Context context) -> Task<> {
    TestClock clock;
    Mint mint{.clock = clock, .life = std::chrono::seconds(60)};
    MintedToken token(context.executor());
    co_await token_of(token, clock, mint);
    clock.pass(std::chrono::seconds(29));
    const auto before = co_await token_of(token, clock, mint);
    EXPECT_EQ(before, "t1");
    clock.pass(std::chrono::seconds(1));
    const auto after = co_await token_of(token, clock, mint);
    EXPECT_EQ(after, "t2");
  });
}

TEST(MintedTokens, AnErrorIsOneCallersAndTheNextTries) {
  test::run([](test::Context context) -> Task<> {
    TestClock clock;
    Mint mint{.clock = clock, .errors = 1};
    MintedToken token(context.executor());
    std::vector<std::string> got;
    const auto ask = [&]() -> Task<> { got.push_back(co_await token_of(token, clock, mint)); };
    TaskGroup group(context.executor());
    for (int i = 0; i < 3; ++i) group.spawn("ask", ask());
    co_await group.wait();
    std::ranges::sort(got);
    EXPECT_EQ(got, (std::vector<std::string>{"not now", "t1", "t1"}));
  });
}

TEST(MintedTokens, ARefusedOneIsMadeAnew) {
  test::run([](test::Context context) -> Task<> {
    TestClock clock;
    Mint mint{.clock = clock, .life = std::nullopt};
    MintedToken token(context.executor());
    co_await token_of(token, clock, mint);
    clock.pass(std::chrono::days(400));
    const auto kept = co_await token_of(token, clock, mint);
    EXPECT_EQ(kept, "t1");
    token.forget();
    const auto anew = co_await token_of(token, clock, mint);
    EXPECT_EQ(anew, "t2");
  });
}

TEST(MintedTokens, AreKeptWhileTheyAreOfUse) {
  test::run([](test::Context context) -> Task<> {
    TestClock clock;
    Mint mint{clock};
    MintedTokens tokens;
    const auto executor = context.executor();
    auto first = tokens.find("a", executor, clock.now());
    co_await token_of(*first, clock, mint);
    const auto* address = first.get();
    first.reset();
    EXPECT_EQ(tokens.find("a", executor, clock.now()).get(), address);
    EXPECT_NE(tokens.find("b", executor, clock.now()).get(), address);
    clock.pass(std::chrono::hours(2));
    tokens.find("c", executor, clock.now());
    EXPECT_EQ(tokens.size(), 1U);
  });
}

}  // namespace
}  // namespace weir::plugin::declarative

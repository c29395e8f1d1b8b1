#include "plugin/trial/exchange.hpp"

#include <gtest/gtest.h>

namespace weir::plugin {
namespace {

tenancy::Environment environment() {
  tenancy::Environment environment;
  environment.set("URL", "https://x.example");
  environment.set_secret("TOKEN", Secret("s3cr3t-value"));
  return environment;
}

TEST(Exchanges, KeepNoSecret) {
  Exchange exchange{.url = "https://x.example/a?key=s3cr3t-value",
                    .request_body = {{"q", "s3cr3t-value"}},
                    .headers = {{"Content-Type", "application/json"},
                                {"Set-Cookie", "session=1"},
                                {"X-RateLimit-Remaining", "7"},
                                {"Link", "<https://x.example/b?key=s3cr3t-value>; rel=\"next\""}},
                    .body = {{"access_token", "abc"},
                             {"list", {"x s3cr3t-value y"}},
                             {"nested", {{"webhook_secret", "def"}, {"secrets_count", 3}}}}};
  Scrubber(environment()).scrub(exchange);
  const auto text = to_json(exchange).dump();
  for (const auto* secret : {"s3cr3t", "session", "abc", "def"}) EXPECT_FALSE(text.contains(secret)) << secret;
  EXPECT_EQ(exchange.headers.get("X-RateLimit-Remaining"), "7");
  EXPECT_EQ(exchange.body["nested"]["secrets_count"], 3);
}

TEST(Exchanges, AreReadAsTheyWereWritten) {
  const Exchange written{.method = "POST",
                         .url = "https://x.example/a",
                         .request_body = {{"q", 1}},
                         .status = 404,
                         .headers = {{"Date", "Sun, 06 Nov 1994 08:49:37 GMT"}},
                         .body = "Not Found"};
  const auto read = parse_exchange(to_json(written));
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(to_json(*read), to_json(written));
  EXPECT_EQ(read->body_text(), "Not Found");
}

TEST(Exchanges, SayWhatTheyLack) {
  EXPECT_EQ(parse_exchange({{"request", 1}}).error().message, "an exchange has a request and a response");
  EXPECT_EQ(
      parse_exchange({{"request", nlohmann::json::object()}, {"response", nlohmann::json::object()}}).error().message,
      "the request of an exchange has no url");
  EXPECT_FALSE(parse_exchange({{"request", {{"url", "u"}}}, {"response", {{"status", "ok"}}}}).has_value());
}

}  // namespace
}  // namespace weir::plugin

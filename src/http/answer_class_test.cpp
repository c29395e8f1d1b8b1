#include "http/answer_class.hpp"

#include <gtest/gtest.h>

namespace weir::http {
namespace {

const Instant k_now = parse_rfc3339("2026-03-02T10:00:00Z").value();

Verdict verdict_of(int status, const Headers& headers = {}, std::string_view body = {},
                   const std::vector<AnswerRule>& rules = {}) {
  return classify({status, headers, body, true}, observe_rate(headers, k_now), rules, k_now);
}

AnswerClass meaning_of(int status, const Headers& headers = {}, std::string_view body = {}) {
  return verdict_of(status, headers, body).meaning;
}

const Headers k_spent{
    {"X-RateLimit-Limit", "5000"}, {"X-RateLimit-Remaining", "0"}, {"X-RateLimit-Reset", "1772445900"}};
const Headers k_left{
    {"X-RateLimit-Limit", "5000"}, {"X-RateLimit-Remaining", "7"}, {"X-RateLimit-Reset", "1772445900"}};

TEST(Classify, FollowsTheMatrix) {
  using enum AnswerClass;
  EXPECT_EQ(meaning_of(200), ok);
  EXPECT_EQ(meaning_of(304), unchanged);
  EXPECT_EQ(meaning_of(204), empty);
  EXPECT_EQ(meaning_of(301), moved);
  EXPECT_EQ(meaning_of(401), auth);
  EXPECT_EQ(meaning_of(403), forbidden);
  for (const int status : {404, 410, 451}) EXPECT_EQ(meaning_of(status), gone) << status;
  for (const int status : {408, 500, 502, 503, 504, 599}) EXPECT_EQ(meaning_of(status), transient) << status;
  for (const int status : {400, 405, 409, 414, 422, 501}) EXPECT_EQ(meaning_of(status), bad_request) << status;
  EXPECT_EQ(meaning_of(429), limited);
  EXPECT_EQ(meaning_of(503, {{"Retry-After", "5"}}), limited);
}

TEST(Classify, GivesEveryClassButTheGoodOnesAnErrorCode) {
  using enum AnswerClass;
  for (const auto good : {ok, unchanged, empty}) EXPECT_FALSE(error_code_of(good).has_value()) << to_string(good);
  for (const auto bad : {moved, auth, forbidden, gone, limited, transient, bad_request})
    EXPECT_NE(error_code_of(bad), ErrorCode::internal) << to_string(bad);
}

TEST(Classify, SeesALimitInA403) {
  const auto spent = verdict_of(403, k_spent);
  EXPECT_EQ(spent.meaning, AnswerClass::limited);
  EXPECT_EQ(spent.scope, LimitScope::bucket);
  EXPECT_EQ(spent.wait, 300s);
  const auto told = verdict_of(403, {{"Retry-After", "60"}, {"X-RateLimit-Remaining", "10"}});
  EXPECT_EQ(told.meaning, AnswerClass::limited);
  EXPECT_EQ(told.scope, LimitScope::identity);
  EXPECT_EQ(told.wait, 60s);
  // A secondary limit with units left and no Retry-After.
  const auto secondary =
      verdict_of(403, k_left, R"({"message": "You have exceeded a secondary rate limit. Please wait."})");
  EXPECT_EQ(secondary.meaning, AnswerClass::limited);
  EXPECT_EQ(secondary.scope, LimitScope::identity);
  EXPECT_FALSE(secondary.wait.has_value());
  EXPECT_EQ(verdict_of(403, k_left, R"({"message": "Must have admin rights"})").meaning, AnswerClass::forbidden);
}

TEST(Classify, PrefersRetryAfterToTheReset) {
  Headers both = k_spent;
  both.add("Retry-After", "7");
  EXPECT_EQ(verdict_of(429, both).wait, 7s);
}

TEST(Classify, TakesHtmlForALoginPageOnlyWhenItIsOne) {
  const Headers html{{"Content-Type", "text/html; charset=utf-8"}};
  EXPECT_EQ(meaning_of(200, html, "<form><input type=\"password\" name=p></form>"), AnswerClass::auth);
  EXPECT_EQ(meaning_of(302, html, "<title>Sign in - Jenkins</title>"), AnswerClass::auth);
  EXPECT_EQ(meaning_of(200, html, "<h1>We are down</h1>"), AnswerClass::transient);
  EXPECT_EQ(classify({200, html, "<p>", false}, {}, {}, k_now).meaning, AnswerClass::ok);
  EXPECT_EQ(meaning_of(403, {{"X-Authentication-Denied-Reason", "CAPTCHA_CHALLENGE"}}), AnswerClass::auth);
}

TEST(Classify, LetsTheProvidersRulesDecideFirst) {
  const std::vector<AnswerRule> rules{
      {.statuses = {409}, .body_contains = "repository is EMPTY", .meaning = AnswerClass::empty},
      {.statuses = {403}, .header = "X-GitHub-SSO", .meaning = AnswerClass::forbidden, .reason = "SSO is needed"},
      {.statuses = {429},
       .header = "RateLimit-Reason",
       .header_contains = "burst",
       .meaning = AnswerClass::limited,
       .scope = LimitScope::bucket,
       .wait = 10s},
      {.body_contains = "NOT_READY", .meaning = AnswerClass::transient},
  };
  EXPECT_EQ(verdict_of(409, {}, R"({"message":"Git Repository is empty."})", rules).meaning, AnswerClass::empty);
  EXPECT_EQ(verdict_of(409, {}, R"({"message":"Conflict"})", rules).meaning, AnswerClass::bad_request);
  const auto sso = verdict_of(403, {{"x-github-sso", "required"}, {"Retry-After", "1"}}, {}, rules);
  EXPECT_EQ(sso.meaning, AnswerClass::forbidden);
  EXPECT_EQ(sso.reason, "SSO is needed");
  const auto burst = verdict_of(429, {{"RateLimit-Reason", "jira-Burst-based"}}, {}, rules);
  EXPECT_EQ(burst.scope, LimitScope::bucket);
  EXPECT_EQ(burst.wait, 10s);
  EXPECT_EQ(verdict_of(429, {}, {}, rules).scope, LimitScope::identity);
  EXPECT_EQ(verdict_of(200, {}, "not_ready", rules).meaning, AnswerClass::transient);
}

TEST(MessageOf, FindsTheProvidersWords) {
  EXPECT_EQ(message_of(R"({"message":"Bad credentials","documentation_url":"x"})"), "Bad credentials");
  EXPECT_EQ(message_of(R"({"errorMessages":["The value 'X' does not exist"],"errors":{}})"),
            "The value 'X' does not exist");
  EXPECT_EQ(message_of(R"({"errors":[{"msg":"Component key 'x' not found"}]})"), "Component key 'x' not found");
  EXPECT_EQ(message_of(R"({"error":"invalid_token","error_description":"Token expired"})"), "Token expired");
  EXPECT_EQ(message_of("Retry later\n"), "Retry later");
  EXPECT_EQ(message_of("<html>"), "");
  EXPECT_EQ(message_of("{\"message\":\"a\\u0000\\n\\u001b[31mb\"}"), "a [31mb");
}

TEST(MessageOf, IsBoundedWhateverComes) {
  EXPECT_EQ(message_of(std::string(60'000, '[')), "");
  EXPECT_EQ(message_of(std::string(900, '[') + std::string(900, ']')), "");
  EXPECT_EQ(message_of(std::string(10'000'000, 'x')), "");
  EXPECT_EQ(message_of(std::string(10'000, 'x')).size(), 200U);
}

}  // namespace
}  // namespace weir::http

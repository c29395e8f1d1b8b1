#include "http/headers.hpp"

#include <gtest/gtest.h>

#include "http/http_date.hpp"
#include "http/link_header.hpp"
#include "http/rate_observation.hpp"
#include "http/retry_after.hpp"

namespace weir::http {
namespace {

Instant at(std::string_view text) { return parse_rfc3339(text).value(); }
const Instant k_now = at("2026-03-02T10:00:00Z");

TEST(Headers, AreFoundWithoutCaseAndTrimmed) {
  const Headers headers{{"ETag", " \"a\"\t"}, {"Link", "<1>"}, {"LINK", "<2>"}};
  EXPECT_EQ(headers.get("etag"), "\"a\"");
  EXPECT_EQ(headers.all("link"), (std::vector<std::string_view>{"<1>", "<2>"}));
  EXPECT_FALSE(headers.get("ETa").has_value());
}

TEST(Headers, AreSentOnlyWhenTheyCannotSplitTheRequest) {
  EXPECT_TRUE(is_sendable("X-Key", "a b\tc \xc3\xa4"));
  for (const Header& field :
       {Header{"", "x"}, Header{"a b", "x"}, Header{"a:", "x"}, Header{"a", "x\r\nHost: y"}, Header{"a", "x\ny"},
        Header{"a", std::string("x\0y", 3)}, Header{"a\n", "x"}, Header{"a", "\x7f"}})
    EXPECT_FALSE(is_sendable(field.name, field.value)) << field.name;
}

TEST(HttpDate, ReadsItsThreeForms) {
  const auto expected = at("1994-11-06T08:49:37Z");
  for (const char* text : {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
                           "Sun Nov  6 08:49:37 1994", "  sun, 6 nov 1994 08:49:37 utc "})
    EXPECT_EQ(parse_http_date(text), expected) << text;
  EXPECT_EQ(parse_http_date("Wed, 01-Jan-69 00:00:00 GMT"), at("2069-01-01T00:00:00Z"));
  EXPECT_EQ(format_http_date(expected + 700ms), "Sun, 06 Nov 1994 08:49:37 GMT");
}

TEST(HttpDate, RefusesWhatIsNoDate) {
  for (const char* text : {"", "Sun", "Sun,", "Sun, 31 Feb 2024 00:00:00 GMT", "Sun, 06 Nov 1994 24:00:00 GMT",
                           "Sun, 06 Nov 1994 08:49 GMT", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 PST",
                           "Sun, 06 Nov 1994 08:49:37 GMT x", "Sun, 06 Nov 99999 08:49:37 GMT",
                           "06 Nov 1994 08:49:37 GMT", "Sun, 99999999999999999999 Nov 1994 08:49:37 GMT"})
    EXPECT_FALSE(parse_http_date(text).has_value()) << text;
}

TEST(LinkHeader, ReadsWhatProvidersSend) {
  const auto links = parse_links(
      "<https://api.github.com/repositories/1/issues?per_page=3&page=2>; rel=\"next\", "
      "<https://api.github.com/repositories/1/issues?per_page=3&page=5>; rel=\"last\"");
  ASSERT_EQ(links.size(), 2U);
  EXPECT_EQ(links[0].target, "https://api.github.com/repositories/1/issues?per_page=3&page=2");
  EXPECT_TRUE(links[0].has("NEXT"));
  EXPECT_TRUE(links[1].has("last"));
}

TEST(LinkHeader, KeepsToTheGrammar) {
  const auto links = parse_links(
      R"(<a,b;c>;title="x, <y>; rel=\"no\"";rel=prev , , </next> ; REL = "Next start" ; rel="last";flag;x=)");
  ASSERT_EQ(links.size(), 2U);
  EXPECT_EQ(links[0].target, "a,b;c");
  EXPECT_EQ(links[0].relations, (std::vector<std::string>{"prev"}));
  EXPECT_EQ(links[1].relations, (std::vector<std::string>{"next", "start"}));
}

TEST(LinkHeader, DropsTheRestFromAMistakeOn) {
  EXPECT_EQ(parse_links("<a>; rel=next, b; rel=prev, <c>; rel=last").size(), 1U);
  EXPECT_TRUE(parse_links("<a; rel=next").empty());
  EXPECT_TRUE(parse_links("<a>; rel=\"next").empty());
  std::string many;
  for (int i = 0; i < 1000; ++i) many += "<a>; rel=next,";
  EXPECT_EQ(parse_links(many).size(), k_links_max);
}

TEST(LinkHeader, IsSearchedInEveryField) {
  const Headers headers{{"Link", "<a>; rel=prev"}, {"link", "<b>; rel=next"}};
  EXPECT_EQ(find_link(headers, "next"), "b");
  EXPECT_FALSE(find_link(headers, "last").has_value());
}

TEST(RetryAfter, ReadsSecondsAndDates) {
  EXPECT_EQ(parse_retry_after("120", k_now), 120s);
  EXPECT_EQ(parse_retry_after(" 0.2 ", k_now), 1s);
  EXPECT_EQ(parse_retry_after("-5", k_now), 0s);
  EXPECT_EQ(parse_retry_after("Mon, 02 Mar 2026 10:01:00 GMT", k_now), 60s);
  EXPECT_EQ(parse_retry_after("Mon, 02 Mar 2026 09:00:00 GMT", k_now), 0s);
  EXPECT_EQ(parse_retry_after("2026-03-02T10:00:30Z", k_now), 30s);
  EXPECT_EQ(parse_retry_after("99999999999999999999999", k_now), k_wait_max);
  for (const char* text : {"", "soon", "1s", "1.x", "0x10"}) EXPECT_FALSE(parse_retry_after(text, k_now)) << text;
}

TEST(Reset, TellsItsUnitsApart) {
  const auto soon = at("2026-03-02T10:15:00Z");
  for (const char* text : {"1772446500", "1772446500000", "900", "2026-03-02T10:15Z", "2026-03-02T12:15+02:00",
                           "2026-03-02T10:15:00Z", "Mon, 02 Mar 2026 10:15:00 GMT"})
    EXPECT_EQ(parse_reset(text, k_now), soon) << text;
  EXPECT_EQ(parse_reset("0", k_now), k_now);
  EXPECT_EQ(parse_reset("999999999999999999999", k_now), k_now + k_wait_max);
  for (const char* text : {"", "never", "2026-03-02", "2026-03-02T10:15", "2026-03-02T10:15junk!"})
    EXPECT_FALSE(parse_reset(text, k_now).has_value()) << text;
}

TEST(RateObservation, ReadsGithub) {
  const auto seen = observe_rate({{"x-ratelimit-limit", "5000"},
                                  {"x-ratelimit-remaining", "4987"},
                                  {"x-ratelimit-used", "13"},
                                  {"x-ratelimit-reset", "1772446500"},
                                  {"x-ratelimit-resource", "core"}},
                                 k_now);
  EXPECT_EQ(seen.bucket, "core");
  EXPECT_EQ(seen.limit, 5000);
  EXPECT_EQ(seen.remaining, 4987);
  EXPECT_EQ(seen.used, 13);
  EXPECT_EQ(seen.reset_at, at("2026-03-02T10:15:00Z"));
  EXPECT_TRUE(seen.has_units());
  EXPECT_FALSE(seen.is_exhausted());
}

TEST(RateObservation, ReadsGitlab) {
  const auto seen = observe_rate({{"RateLimit-Limit", "60"},
                                  {"RateLimit-Name", "throttle_authenticated_api"},
                                  {"RateLimit-Observed", "61"},
                                  {"RateLimit-Remaining", "0"},
                                  {"RateLimit-ResetTime", "Mon, 02 Mar 2026 10:01:00 GMT"},
                                  {"Retry-After", "60"}},
                                 k_now);
  EXPECT_EQ(seen.bucket, "throttle_authenticated_api");
  EXPECT_EQ(seen.used, 61);
  EXPECT_TRUE(seen.is_exhausted());
  EXPECT_EQ(seen.reset_at, k_now + 1min);
  EXPECT_EQ(seen.retry_after, 60s);
}

TEST(RateObservation, ReadsJira) {
  const auto cloud = observe_rate({{"X-RateLimit-Limit", "350"},
                                   {"X-RateLimit-Remaining", "20"},
                                   {"X-RateLimit-NearLimit", "true"},
                                   {"X-RateLimit-Reset", "2026-03-02T10:15Z"},
                                   {"RateLimit-Reason", "jira-burst-based"}},
                                  k_now);
  EXPECT_TRUE(cloud.is_near_limit);
  EXPECT_EQ(cloud.reset_at, at("2026-03-02T10:15:00Z"));
  EXPECT_EQ(cloud.reason, "jira-burst-based");
  const auto center = observe_rate({{"X-RateLimit-Limit", "60"},
                                    {"X-RateLimit-Remaining", "0"},
                                    {"X-RateLimit-Interval-Seconds", "60"},
                                    {"X-RateLimit-FillRate", "10"}},
                                   k_now);
  EXPECT_EQ(center.reset_at, k_now + 60s);
  EXPECT_EQ(center.refill, 10);
}

TEST(RateObservation, ReadsCircleciAndTheDrafts) {
  const auto seconds_to_go =
      observe_rate({{"RateLimit-Limit", "51"}, {"RateLimit-Remaining", "0"}, {"RateLimit-Reset", "1"}}, k_now);
  EXPECT_EQ(seconds_to_go.reset_at, k_now + 1s);
  const auto intervals = observe_rate({{"X-RateLimit-Limit-Minute", "100"},
                                       {"X-RateLimit-Remaining-Minute", "1"},
                                       {"X-RateLimit-Limit-Hour", "1000"},
                                       {"X-RateLimit-Remaining-Hour", "900"}},
                                      k_now);
  EXPECT_EQ(intervals.remaining, 1);
  EXPECT_EQ(intervals.reset_at, k_now + 60s);
  const auto old_draft = observe_rate({{"RateLimit", "limit=100, remaining=50, reset=30"}}, k_now);
  EXPECT_EQ(old_draft.limit, 100);
  EXPECT_EQ(old_draft.remaining, 50);
  EXPECT_EQ(old_draft.reset_at, k_now + 30s);
  const auto new_draft = observe_rate({{"RateLimit", "\"daily\";r=5;t=3600"}}, k_now);
  EXPECT_EQ(new_draft.bucket, "daily");
  EXPECT_EQ(new_draft.remaining, 5);
  EXPECT_EQ(new_draft.reset_at, k_now + 1h);
}

TEST(RateObservation, TakesALimitOfZeroForLimitsThatAreOff) {
  const auto seen = observe_rate({{"X-RateLimit-Limit", "0"}, {"X-RateLimit-Remaining", "0"}}, k_now);
  EXPECT_FALSE(seen.has_units());
  EXPECT_FALSE(seen.is_exhausted());
}

TEST(RateObservation, TreatsTheUnreadableAsAbsent) {
  const auto seen = observe_rate({{"X-RateLimit-Limit", "many"},
                                  {"X-RateLimit-Remaining", "-3"},
                                  {"X-RateLimit-Reset", "later"},
                                  {"X-RateLimit-Resource", std::string(5000, 'x')},
                                  {"Retry-After", "a while"}},
                                 k_now);
  EXPECT_FALSE(seen.limit.has_value());
  EXPECT_EQ(seen.remaining, 0);
  EXPECT_FALSE(seen.reset_at.has_value());
  EXPECT_EQ(seen.bucket.size(), 100U);
  EXPECT_FALSE(seen.retry_after.has_value());
  EXPECT_FALSE(observe_rate({}, k_now).has_units());
}

}  // namespace
}  // namespace weir::http

#include "http/url.hpp"

#include <gtest/gtest.h>

#include "http/next_page.hpp"

namespace weir::http {
namespace {

Url url(std::string_view text) { return Url::parse(text).value(); }

TEST(Url, IsReadIntoItsParts) {
  const auto one = url("HTTPS://Api.GitHub.com:443/repos/a%2Fb?state=all#top");
  EXPECT_EQ(one.origin(), (Origin{"https", "api.github.com", 443}));
  EXPECT_EQ(one.path(), "/repos/a%2Fb");
  EXPECT_EQ(one.query(), "state=all");
  EXPECT_EQ(one.text(), "https://api.github.com/repos/a%2Fb?state=all");
  EXPECT_EQ(url("http://h:8080").text(), "http://h:8080/");
  EXPECT_EQ(url("http://[::1]:80/").origin().to_string(), "http://[::1]");
  EXPECT_EQ(url("http://127.1/").origin().host, "127.1");
}

TEST(Url, EncodesWhatMayNotStandInOne) {
  EXPECT_EQ(url("http://h/a b|c?q=[x]\"%zz%41\xc3\xa4\\").text(), "http://h/a%20b%7Cc?q=%5Bx%5D%22%25zz%41%C3%A4%5C");
}

TEST(Url, RefusesWhatTwoReadersCouldReadDifferently) {
  for (const char* text : {"",
                           "h/p",
                           "//h/p",
                           "ftp://h/",
                           "file:///etc/passwd",
                           "https://user@h/",
                           "https://user:pw@h/",
                           "https://good.example@evil.example/",
                           "https://good.example\\@evil.example/",
                           "https://good.example%2F@x/",
                           "https://ex%61mple.com/",
                           "https:///path",
                           "https://h:0/",
                           "https://h:99999/",
                           "https://h:80x/",
                           "https://[::1/",
                           "https://[::1]x/",
                           "https://[fe80::1%25eth0]/",
                           "https://[v1.x]/",
                           "https://h\x01/",
                           "https://h\r\n/",
                           "https://a,b/",
                           "https://h\xc3\xa4/",
                           "gopher://h:25/x"})
    EXPECT_FALSE(Url::parse(text).has_value()) << text;
  EXPECT_FALSE(Url::parse("https://h/" + std::string(k_url_bytes_max, 'x')).has_value());
  const auto refused = Url::parse("https://alice:geheim@h/");
  EXPECT_FALSE(refused.error().message.contains("geheim"));
}

TEST(Url, ResolvesReferences) {
  const auto base = url("https://h/api/v3/repos?page=1");
  EXPECT_EQ(base.resolve("?page=2")->text(), "https://h/api/v3/repos?page=2");
  EXPECT_EQ(base.resolve("../x")->text(), "https://h/api/x");
  EXPECT_EQ(base.resolve("/y?z=[1]")->text(), "https://h/y?z=%5B1%5D");
  EXPECT_EQ(base.resolve("//other/p")->text(), "https://other/p");
  EXPECT_EQ(base.resolve("http://h/p")->origin().scheme, "http");
  EXPECT_FALSE(base.resolve("javascript:alert(1)").has_value());
  EXPECT_FALSE(base.resolve("https://u@h/").has_value());
}

TEST(Url, JoinsBelowItsOwnPrefix) {
  for (const char* base : {"https://h/api/v3", "https://h/api/v3/"}) {
    EXPECT_EQ(url(base).join("/repos/x?a=b")->text(), "https://h/api/v3/repos/x?a=b");
    EXPECT_EQ(url(base).join("repos/x")->text(), "https://h/api/v3/repos/x");
    EXPECT_EQ(url(base).join("")->text(), "https://h/api/v3");
  }
  EXPECT_EQ(url("https://h").join("//evil/x")->origin().host, "h");
}

TEST(Url, SetsAQueryParameter) {
  EXPECT_EQ(url("https://h/p").with_query("a b", "c&d").query(), "a%20b=c%26d");
  EXPECT_EQ(url("https://h/p?page=1&x=2&page=3").with_query("page", "9").query(), "page=9&x=2");
}

TEST(Url, HidesWhatMayBeASecret) {
  const auto shown = url("https://h/p?page=2&sort=updated&since=2026-03-02T10%3A00%3A00Z&since=20260302&private_token=7"
                         "&q=AbC123&glpat&x=ghp_0123456789")
                         .redacted();
  EXPECT_EQ(shown,
            "https://h/p?page=2&sort=updated&since=2026-03-02T10%3A00%3A00Z&since=20260302&private_token=***&q=***"
            "&glpat&x=***");
  EXPECT_EQ(url("https://h/p?ghp_0123456789").redacted(), "https://h/p?***");
}

TEST(NextPage, IsFollowedOnlyOnTheConfiguredOrigin) {
  const auto base = url("https://h/api");
  const auto current = url("https://h/api/x?page=1");
  EXPECT_EQ(follow_link(base, current, "?page=2", ForeignLink::refuse).value()->text(), "https://h/api/x?page=2");
  EXPECT_FALSE(follow_link(base, current, " ", ForeignLink::refuse).value().has_value());
  for (const char* link : {"https://evil/x", "http://h/api/x", "https://h:444/api/x", "//evil/x", "https://h@evil/x",
                           "https://h.evil/x", "https:\\\\evil/x"}) {
    const auto next = follow_link(base, current, link, ForeignLink::refuse);
    if (next.has_value()) EXPECT_EQ((*next)->origin(), base.origin()) << link;
  }
  EXPECT_FALSE(follow_link(base, current, "https://evil/x", ForeignLink::refuse).has_value());
}

TEST(NextPage, IsRebasedWhenAProxyNamesAnotherHost) {
  const auto base = url("https://ci.example/jenkins");
  const auto current = url("https://ci.example/jenkins/api");
  const auto next = [&](const char* link) {
    return follow_link(base, current, link, ForeignLink::rebase).value()->text();
  };
  EXPECT_EQ(next("http://10.0.0.1:8080/jenkins/job/a?x=1"), "https://ci.example/jenkins/job/a?x=1");
  EXPECT_EQ(next("http://10.0.0.1:8080/job/a"), "https://ci.example/jenkins/job/a");
  EXPECT_EQ(next("http://10.0.0.1:8080/jenkinsx/a"), "https://ci.example/jenkins/jenkinsx/a");
}

TEST(NextPage, ComesFromTheLinkHeader) {
  const auto base = url("https://api.github.com");
  const Headers headers{{"Link", "<https://api.github.com/repositories/1/issues?page=2>; rel=\"next\""}};
  EXPECT_EQ(next_from_links(base, base, headers, ForeignLink::refuse).value()->query(), "page=2");
  EXPECT_FALSE(next_from_links(base, base, {}, ForeignLink::refuse).value().has_value());
}

}  // namespace
}  // namespace weir::http

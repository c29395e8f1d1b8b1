#include "plugin/builtin/git/repository_url.hpp"

#include <gtest/gtest.h>

namespace weir::plugin::git {
namespace {

RepositoryUrl parse(std::string_view text) {
  auto urls = parse_repository_urls(text);
  if (!urls) throw std::runtime_error(urls.error().message);
  return urls->at(0);
}

TEST(RepositoryUrl, GivesOneKeyToEverySpelling) {
  for (const char* text : {"https://github.com/Acme/shop", "https://github.com/Acme/shop.git",
                           "HTTPS://GitHub.com:443/Acme/shop/", "http://github.com:80/Acme/shop.git/",
                           "https://github.com/Acme/x/../%73hop", "https://github.com:/Acme/shop"}) {
    const auto url = parse(text);
    EXPECT_EQ(url.repo_key, "github.com/Acme/shop") << text;
    EXPECT_EQ(url.full_name, "Acme/shop");
    EXPECT_EQ(url.name, "shop");
    EXPECT_EQ(url.host, "github.com");
  }
  EXPECT_EQ(parse("https://github.com/a/b.git/").url, "https://github.com/a/b.git");
  EXPECT_EQ(parse("http://[::1]:8080/a/b").repo_key, "[::1]:8080/a/b");
  EXPECT_EQ(parse("http://h:8080/b").repo_key, "h:8080/b");
  EXPECT_FALSE(parse("http://h/b").is_encrypted);
}

TEST(RepositoryUrl, ReadsPaths) {
  for (const char* text : {"/srv/git/shop.git", "/srv/git/shop.git/", "file:///srv/git/shop.git",
                           "file://localhost/srv/x/../git/shop.git"}) {
    const auto url = parse(text);
    EXPECT_EQ(url.kind, RepositoryUrl::Kind::local);
    EXPECT_EQ(url.path, "/srv/git/shop.git");
    EXPECT_EQ(url.name, "shop");
  }
  EXPECT_EQ(parse("/home/ann/shop/.git").repo_key, "/home/ann/shop");
  EXPECT_EQ(parse("file:///srv/a%20b").path, "/srv/a b");
}

TEST(RepositoryUrl, TakesSeveralAndDropsTwins) {
  const auto urls = parse_repository_urls(" https://h/a  /srv/b\n\thttps://h/a.git https://h/c ").value();
  ASSERT_EQ(urls.size(), 3U);
  EXPECT_EQ(urls[1].repo_key, "/srv/b");
}

TEST(RepositoryUrl, RefusesWithARemedyAndWithoutTheSecret) {
  const auto message = [](std::string_view text) {
    const auto urls = parse_repository_urls(text);
    EXPECT_FALSE(urls.has_value()) << text;
    if (urls) return std::string();
    EXPECT_EQ(urls.error().code, ErrorCode::invalid_input);
    EXPECT_FALSE((urls.error().message + urls.error().detail).contains("s3cret")) << urls.error().message;
    return urls.error().message;
  };
  EXPECT_TRUE(message("https://ann:s3cret@github.com/a/b").contains("GIT_TOKEN"));
  EXPECT_TRUE(message("https://s3cret@github.com/a/b").contains("GIT_TOKEN"));
  EXPECT_TRUE(message("https://ann:s3cret with space@h/a").contains("GIT_URL"));
  EXPECT_TRUE(message("https://ann:s3c/re[t@h/a").contains("GIT_URL"));
  EXPECT_TRUE(message("https://h/a?token=s3cret").contains("query"));
  EXPECT_TRUE(message("ssh://git@github.com/a/b").contains("https://"));
  EXPECT_TRUE(message("git://github.com/a/b").contains("https://"));
  EXPECT_TRUE(message("git@github.com:a/b.git").contains("ssh"));
  EXPECT_TRUE(message("ext::sh -c evil").contains("remote helpers"));
  EXPECT_TRUE(message("ftp://h/a").contains("not supported"));
  EXPECT_TRUE(message("file://other/srv/a").contains("another machine"));
  EXPECT_TRUE(message("../shop").contains("absolute path"));
  EXPECT_TRUE(message("https://github.com").contains("names no repository"));
  EXPECT_TRUE(message("https://github.com//").contains("names no repository"));
  EXPECT_TRUE(message("https:///a/b").contains("names no repository"));
  EXPECT_TRUE(message("https://h/.git").contains("names no repository"));
  EXPECT_TRUE(message("/").contains("no path"));
  EXPECT_TRUE(message("  ").contains("empty"));
  EXPECT_TRUE(message("https://h/" + std::string(600, 'a')).contains("too long"));
}

}  // namespace
}  // namespace weir::plugin::git

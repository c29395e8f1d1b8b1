#include "plugin/builtin/git/raw_object.hpp"

#include <gtest/gtest.h>

#include "plugin/builtin/git/encoding.hpp"

namespace weir::plugin::git {
namespace {

constexpr const char* k_tree = "8baef1b4abc478178b004d62031cf7fe6db6f903";
constexpr const char* k_parent = "0d1e9d5e9d6a0ab14ab5b9bb9a0f5e4ef0ba2b91";

Instant at(std::int64_t seconds) { return Instant(std::chrono::seconds(seconds)); }

TEST(ParseCommit, ReadsAnOrdinaryCommit) {
  const auto bytes = fmt::format(
      "tree {}\nparent {}\nauthor Ann Lee <ann@example.org> 1700000000 +0530\n"
      "committer Carl <carl@example.org> 1700000100 -0800\ngpgsig -----BEGIN\n tree of nothing\n -----END\n\n"
      "Title\n\nBody\n\n",
      k_tree, k_parent);
  const auto commit = parse_commit(bytes).value();
  EXPECT_EQ(commit.tree.to_string(), k_tree);
  ASSERT_EQ(commit.parents.size(), 1U);
  EXPECT_EQ(commit.parents[0].to_string(), k_parent);
  EXPECT_EQ(commit.author.name, "Ann Lee");
  EXPECT_EQ(commit.author.email, "ann@example.org");
  EXPECT_EQ(commit.author.at, at(1700000000));
  EXPECT_EQ(commit.author.tz_min, 330);
  EXPECT_EQ(commit.committer.at, at(1700000100));
  EXPECT_EQ(commit.committer.tz_min, -480);
  EXPECT_EQ(commit.message, "Title\n\nBody");
}

TEST(ParseCommit, GetsWhatItCanFromBrokenOnes) {
  EXPECT_FALSE(parse_commit("").has_value());
  EXPECT_FALSE(parse_commit("tree 12\n\n").has_value());
  EXPECT_FALSE(parse_commit("object 8baef1b4abc478178b004d62031cf7fe6db6f903\n").has_value());
  const auto bare = parse_commit(fmt::format("tree {}", k_tree)).value();
  EXPECT_TRUE(bare.message.empty());
  EXPECT_FALSE(bare.author.at.has_value());
  const auto odd =
      parse_commit(fmt::format("tree {}\nparent zz\nauthor\ncommitter <>\nencoding\n\n\n\n", k_tree)).value();
  EXPECT_TRUE(odd.parents.empty());
  EXPECT_TRUE(odd.committer.email.empty());
  EXPECT_TRUE(odd.message.empty());
}

TEST(ParseCommit, ConvertsTheDeclaredEncoding) {
  const auto bytes = fmt::format(
      "tree {}\nauthor J\xf6rg <j@x> 1 +0000\ncommitter J\xf6rg <j@x> 1 +0000\n"
      "encoding ISO-8859-1\n\nr\xe9sum\xe9\n",
      k_tree);
  const auto commit = parse_commit(bytes).value();
  EXPECT_EQ(commit.author.name, "J\u00f6rg");
  EXPECT_EQ(commit.message, "r\u00e9sum\u00e9");
}

TEST(ParseSignature, KeepsCrazyDatesWithinAnInstantAndDropsTheRest) {
  const auto when = [](const char* date) { return parse_signature(fmt::format("A <a@b> {}", date), {}); };
  EXPECT_EQ(when("-86400 +0000").at, at(-86400));
  EXPECT_EQ(when("253402300800 +0000").at, at(253402300800));  // the year 10000
  EXPECT_FALSE(when("9223372036854775807 +0000").at.has_value());
  EXPECT_FALSE(when("99999999999999999999999 +0000").at.has_value());
  EXPECT_FALSE(when("yesterday").at.has_value());
  EXPECT_FALSE(when("").at.has_value());
  EXPECT_EQ(when("1 -2400").tz_min, -1440);
  EXPECT_EQ(when("1 +0015").tz_min, 15);
  for (const char* zone : {"1 +9999", "1 +051800", "1 0100", "1 UTC", "1 +", "1"})
    EXPECT_FALSE(when(zone).tz_min.has_value()) << zone;
}

TEST(ParseSignature, FindsNameAndEmailBetweenStrayBrackets) {
  const auto parts = [](const char* line) {
    const auto signature = parse_signature(line, {});
    return signature.name + "|" + signature.email + "|" + (signature.at ? "dated" : "");
  };
  EXPECT_EQ(parts("A B <a@b> 1 +0000"), "A B|a@b|dated");
  EXPECT_EQ(parts("  A   < a@b > 1 +0000"), "A|a@b|dated");
  EXPECT_EQ(parts("<a@b> 1 +0000"), "|a@b|dated");
  EXPECT_EQ(parts("A <> 1 +0000"), "A||dated");
  EXPECT_EQ(parts("A <a@b>> 1 +0000"), "A|a@b|dated");
  EXPECT_EQ(parts("A <a@b"), "A||");
  EXPECT_EQ(parts("nobody"), "nobody||");
  EXPECT_EQ(parts(""), "||");
}

TEST(ParseLinks, AgreesWithTheWholeParse) {
  const auto bytes = fmt::format(
      "tree {0}\nparent {1}\nparent {0}\nauthor A <a@b> 5 +0000\nparent {1}\n"
      "committer B <b@c> -7 +0000\n\nparent {1}\n",
      k_tree, k_parent);
  CommitLinks links;
  ASSERT_TRUE(parse_links(bytes, links));
  EXPECT_EQ(links.parents, parse_commit(bytes)->parents);
  EXPECT_EQ(links.parents.size(), 2U);
  EXPECT_EQ(links.committed_s, -7);
  EXPECT_FALSE(parse_links("tag x", links));
}

TEST(ParseTag, ReadsAnnotatedTags) {
  const auto tag = parse_tag(fmt::format("object {}\ntype commit\ntag v1\ntagger A <a@b> 3 +0100\n\nFirst\n", k_tree));
  ASSERT_TRUE(tag.has_value());
  EXPECT_EQ(tag->target_type, "commit");
  EXPECT_EQ(tag->name, "v1");
  EXPECT_EQ(tag->tagger->at, at(3));
  EXPECT_EQ(tag->message, "First");
  EXPECT_FALSE(parse_tag("type commit\n").has_value());
  EXPECT_FALSE(parse_tag(fmt::format("object {}\n", k_tree))->tagger.has_value());
}

TEST(Encoding, ConvertsOnlyWhatItKnowsAndOnlyWhole) {
  EXPECT_EQ(to_utf8("\xd0\xd2", "koi8-r"), "\u043f\u0440");
  EXPECT_EQ(to_utf8("\xcf\xf0", "Windows-1251"), "\u041f\u0440");
  EXPECT_EQ(to_utf8("\x93\xfa", "Shift_JIS"), "\u65e5");
  EXPECT_EQ(to_utf8("\xff", "UTF-8"), "\xff");
  EXPECT_EQ(to_utf8("\xff", "../../evil"), "\xff");
  EXPECT_EQ(to_utf8("\xff", "UTF-7//IGNORE"), "\xff");
  EXPECT_EQ(to_utf8("ab\xff\xff", "euc-jp"), "ab\xff\xff");
  const std::string big(100'000, '\xe9');
  EXPECT_EQ(to_utf8(big, "latin1").size(), 200'000U);
}

TEST(ObjectId, PrintsWhatItParses) {
  EXPECT_EQ(ObjectId::parse(k_tree)->to_string(), k_tree);
  EXPECT_EQ(ObjectId::parse("8BAEF1B4ABC478178B004D62031CF7FE6DB6F903")->to_string(), k_tree);
  EXPECT_FALSE(ObjectId::parse("8baef1b4").has_value());
  EXPECT_FALSE(ObjectId::parse(std::string(40, 'g')).has_value());
}

}  // namespace
}  // namespace weir::plugin::git

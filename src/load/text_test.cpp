#include "load/text.hpp"

#include <gtest/gtest.h>

#include "base/random.hpp"
#include "load/json_text.hpp"

namespace weir::load {
namespace {

using namespace std::string_literals;

std::string json(std::string_view text, JsonFate expected) {
  std::string out = "before";
  EXPECT_EQ(append_json(out, text), expected) << text;
  EXPECT_TRUE(out.starts_with("before"));
  return out.substr(6);
}

TEST(Text, WellFormedTextIsKept) {
  for (const auto& text : {""s, "plain"s, "Grüße, 世界 🎉"s, "\x7f\t\n"s, "\uFFFD"s, std::string(1000, 'x')}) {
    EXPECT_TRUE(is_storable_text(text)) << text;
    std::string out;
    EXPECT_EQ(append_mended(out, text), 0U);
    EXPECT_EQ(out, text);
  }
}

TEST(Text, WhatPostgresqlRefusesBecomesTheReplacementCharacter) {
  const std::pair<std::string, std::string> cases[] = {
      {"a\0b"s, "a\uFFFDb"},
      {"\xff\xfe", "\uFFFD\uFFFD"},
      {"\xc0\x80", "\uFFFD\uFFFD"},                      // an overlong NUL
      {"\xed\xa0\x80", "\uFFFD\uFFFD\uFFFD"},            // a surrogate
      {"\xf4\x90\x80\x80", "\uFFFD\uFFFD\uFFFD\uFFFD"},  // beyond U+10FFFF
      {"cut \xf0\x9f\x8e", "cut \uFFFD"},                // one truncated character
      {"12345678\xe9 latin-1", "12345678\uFFFD latin-1"},
  };
  for (const auto& [text, expected] : cases) {
    EXPECT_FALSE(is_storable_text(text));
    EXPECT_EQ(mended_text(text), expected);
    EXPECT_TRUE(is_storable_text(mended_text(text)));
  }
}

TEST(Text, AnyBytesAreMendedIntoStorableTextAndCutBetweenCharacters) {
  Random random(7);
  for (int round = 0; round < 2000; ++round) {
    std::string bytes;
    for (auto left = random.below(40); left > 0; --left)
      bytes += static_cast<char>(random.below(3) == 0 ? random.below(256) : 'a' + random.below(26));
    const auto mended = mended_text(bytes);
    EXPECT_TRUE(is_storable_text(mended));
    EXPECT_EQ(is_storable_text(bytes), mended == bytes);
    EXPECT_TRUE(is_storable_text(cut_text(mended, random.below(40))));
  }
}

TEST(Text, NumbersAreThoseOfNumeric) {
  for (const auto* good : {"0", "-12.50", "+3", ".5", "5.", "1e300", "-1.5E-10", "00012"})
    EXPECT_TRUE(is_storable_numeric(good)) << good;
  for (const auto* bad :
       {"", "-", ".", "1e", "1e+", "NaN", "Infinity", "0x10", "1 ", " 1", "1e10001", "1_000", "1e99999999999"})
    EXPECT_FALSE(is_storable_numeric(bad)) << bad;
  EXPECT_FALSE(is_storable_numeric(std::string(2000, '9')));
}

TEST(JsonText, KeepsWhatIsJson) {
  for (const auto* text : {"null", "true", "-0.5e+10", "\"\"", "[]", "{}", "[[],{}]",
                           "{\"a\":[1,2,{\"b\":null}],\"c\":\"\\u00e4\\n\"}", "\"\\ud83c\\udf89\"", "1e400"})
    EXPECT_EQ(json(text, JsonFate::kept), text);
  EXPECT_EQ(json(" { \"a\" : [ 1 , 2 ] } ", JsonFate::kept), "{\"a\":[1,2]}");
}

TEST(JsonText, MendsWhatJsonbRefuses) {
  EXPECT_EQ(json("\"a\\u0000b\"", JsonFate::mended), "\"a\\ufffdb\"");
  EXPECT_EQ(json("\"\\ud800\"", JsonFate::mended), "\"\\ufffd\"");
  EXPECT_EQ(json("\"\\udc00x\"", JsonFate::mended), "\"\\ufffdx\"");
  EXPECT_EQ(json("\"\\ud800\\u0041\"", JsonFate::mended), "\"\\ufffd\\u0041\"");
  EXPECT_EQ(json("{\"n\":1e999999,\"m\":2}", JsonFate::mended), "{\"n\":null,\"m\":2}");
  EXPECT_EQ(json("[\"\xff\"]", JsonFate::mended), "[\"\uFFFD\"]");
  EXPECT_EQ(json("[\"a\0b\"]"s, JsonFate::mended), "[\"a\uFFFD"s + "b\"]");
}

TEST(JsonText, RefusesWhatIsNot) {
  for (const auto& text : {""s,
                           " "s,
                           "{"s,
                           "[1,]"s,
                           "[,1]"s,
                           "[1 2]"s,
                           "{\"a\"}"s,
                           "{\"a\":}"s,
                           "{a:1}"s,
                           "\"open"s,
                           "01"s,
                           "1."s,
                           "+1"s,
                           "tru"s,
                           "nul"s,
                           "[1]]"s,
                           "\"\\x\""s,
                           "\"\\u12\""s,
                           "\"a\nb\""s,
                           "'a'"s,
                           "{\"a\":1,}"s,
                           "\0"s,
                           std::string(501, '[') + std::string(501, ']')})
    EXPECT_EQ(json(text, JsonFate::refused), "") << text;
  json(std::string(500, '[') + std::string(500, ']'), JsonFate::kept);
}

}  // namespace
}  // namespace weir::load

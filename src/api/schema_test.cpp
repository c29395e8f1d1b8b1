#include "api/schema.hpp"

#include <gtest/gtest.h>

namespace weir::api {
namespace {

using nlohmann::json;
using namespace schema;

std::vector<std::string> check(const json& schema, const json& value) {
  return check_schema(schema, {}, value, "body");
}

TEST(Schema, AnObjectHasWhatItMustAndNothingElse) {
  const auto thing = object({{"name", text(1, 3)}, {"n", integer(0, 9), Need::optional}});
  EXPECT_TRUE(check(thing, {{"name", "abc"}, {"n", 9}}).empty());
  EXPECT_EQ(check(thing, json::object()), std::vector<std::string>{"body lacks name"});
  EXPECT_EQ(check(thing, {{"name", "abc"}, {"m", 1}}), std::vector<std::string>{"body.m is not known here"});
  EXPECT_EQ(check(thing, {{"name", "abcd"}}), std::vector<std::string>{"body.name must have at most 3 characters"});
  EXPECT_EQ(check(thing, {{"name", 7}}), std::vector<std::string>{"body.name must be of the type string"});
  EXPECT_EQ(check(thing, json::array()), std::vector<std::string>{"body must be of the type object"});
}

TEST(Schema, CharactersAreCountedNotBytes) { EXPECT_TRUE(check(text(0, 2), "äö").empty()); }

TEST(Schema, NumbersKeepTheirBounds) {
  EXPECT_TRUE(check(integer(-1, 5), -1).empty());
  EXPECT_FALSE(check(integer(-1, 5), 6).empty());
  EXPECT_FALSE(check(integer(-1, 5), 1.5).empty());
  EXPECT_FALSE(check(integer(-1, 5), 18446744073709551615ULL).empty());
  EXPECT_FALSE(check(integer(-1, 5), "1").empty());
}

TEST(Schema, ANulIsRefusedEverywhere) {
  const std::string nul("a\0b", 3);
  EXPECT_FALSE(check(text(), nul).empty());
  EXPECT_FALSE(check(anything(), {{"deep", json::array({nul})}}).empty());
  EXPECT_FALSE(check(map(text()), {{nul, "x"}}).empty());
}

TEST(Schema, NullOnlyWhereItMayBe) {
  EXPECT_TRUE(check(nullable(text()), nullptr).empty());
  EXPECT_TRUE(check(nullable(word({"a"})), nullptr).empty());
  EXPECT_FALSE(check(nullable(word({"a"})), "b").empty());
  EXPECT_FALSE(check(text(), nullptr).empty());
}

TEST(Schema, FormatsAreChecked) {
  EXPECT_TRUE(check(uuid(), "0197a000-0000-7000-8000-000000000001").empty());
  EXPECT_FALSE(check(uuid(), "0197a000").empty());
  EXPECT_TRUE(check(instant(), "2026-01-31T12:00:00Z").empty());
  EXPECT_FALSE(check(instant(), "yesterday").empty());
  EXPECT_TRUE(check(duration(), "1h30m").empty());
  EXPECT_FALSE(check(duration(), "soon").empty());
  EXPECT_FALSE(check(name(), "Not A Name").empty());
}

TEST(Schema, ComponentsAreFollowed) {
  const Components known{{"Thing", object({{"id", uuid()}})}};
  EXPECT_TRUE(check_schema(list(ref("Thing")), known, json::array(), "body").empty());
  EXPECT_FALSE(check_schema(list(ref("Thing")), known, json::array({{{"id", 1}}}), "body").empty());
  EXPECT_FALSE(check_schema(ref("Nothing"), known, json::object(), "body").empty());
}

}  // namespace
}  // namespace weir::api

#include "api/target.hpp"

#include <gtest/gtest.h>

#include "api/body.hpp"
#include "api/door.hpp"

namespace weir::api {
namespace {

TEST(Target, IsDecodedOnce) {
  const auto target = parse_target("/a/b%20c/%2F?x=1&y=%C3%A4+b");
  ASSERT_TRUE(target);
  EXPECT_EQ(target->segments, (std::vector<std::string>{"a", "b c", "/"}));
  EXPECT_EQ(target->query.at("x"), "1");
  EXPECT_EQ(target->query.at("y"), "ä b");
}

TEST(Target, WhatIsNoTextIsRefused) {
  for (const auto* bad : {"", "a/b", "*", "/%", "/%zz", "/%00", "/%ff", "/a?x=%00", "/a?x=1&x=2", "http://a/b", "/a b"})
    EXPECT_FALSE(parse_target(bad)) << bad;
}

HttpRequest with_body(std::string body, std::string type = "application/json") {
  return {.method = "POST", .target = "/", .headers = {{"content-TYPE", std::move(type)}}, .body = std::move(body)};
}

TEST(Body, IsStrictJson) {
  EXPECT_EQ(read_json(with_body(R"({"a":[1,{"b":null}]})", "application/json; charset=utf-8"))->at("a")[0], 1);
  EXPECT_EQ(read_json(with_body("{}", "text/plain")).error().code, ErrorCode::unsupported_media_type);
  EXPECT_EQ(read_json({.method = "POST", .target = "/", .body = "{}"}).error().code, ErrorCode::unsupported_media_type);
  for (const std::string bad :
       {"", "{", "{\"a\":1}x", "{'a':1}", "{\"a\":\"\xff\"}", "{\"a\":1e999}", "{\"a\":1,\"a\":2}"})
    EXPECT_EQ(read_json(with_body(bad)).error().code, ErrorCode::usage) << bad;
  EXPECT_FALSE(read_json(with_body(std::string(1'000'000, '['))));
  EXPECT_TRUE(read_json(with_body(R"([{"a":1},{"a":1}])")));
}

TEST(RequestId, IsTheClientsWhenItIsPlain) {
  const auto id_of = [](std::string id) {
    return request_id_of({.method = "GET", .target = "/", .headers = {{"x-request-id", id}}});
  };
  EXPECT_EQ(id_of("abc-1.2_3"), "abc-1.2_3");
  EXPECT_NE(id_of("a b"), "a b");
  EXPECT_NE(id_of(std::string(101, 'a')).size(), 101U);
  EXPECT_EQ(id_of("").size(), 24U);
}

}  // namespace
}  // namespace weir::api

#include "plugin/declarative/conditional.hpp"

#include <gtest/gtest.h>

#include "plugin/declarative/run_scope.hpp"

namespace weir::plugin::declarative {
namespace {

using load::Validator;

Instant at(std::string_view text) { return *parse_rfc3339(text); }

Reply reply(http::Headers headers) {
  Reply reply{.headers = std::move(headers), .provider_time = at("2026-01-10T12:00:00Z"), .url = {}};
  return reply;
}

Page page_of(std::vector<std::string_view> times, bool has_more) {
  Page page{.has_more = has_more};
  for (const auto time : times) page.records.push_back({.key = std::string(time), .at = at(time)});
  return page;
}

std::optional<Validator> kept(const Reply& reply, const Page& page, bool is_full = false) {
  return validator_of(reply, page, is_full, "r");
}

TEST(Conditional, AListingOnOnePageIsProvenWhole) {
  const auto validator = kept(reply({{"ETag", "W/\"a\""}}), page_of({"2026-01-09T00:00:00Z"}, false));
  ASSERT_TRUE(validator);
  EXPECT_EQ(validator->etag, "W/\"a\"");
  EXPECT_FALSE(validator->shown_from);
  EXPECT_TRUE(proves_all(*validator, std::nullopt));
  EXPECT_TRUE(proves_all(*validator, at("2020-01-01T00:00:00Z")));
}

TEST(Conditional, OfALongerListingOnlyWhatIsNewerThanItsFirstPage) {
  const auto validator =
      kept(reply({{"ETag", "\"a\""}}), page_of({"2026-01-09T00:00:00Z", "2026-01-07T00:00:00Z"}, true));
  ASSERT_TRUE(validator);
  EXPECT_EQ(validator->shown_from, at("2026-01-07T00:00:00Z"));
  EXPECT_FALSE(proves_all(*validator, std::nullopt));
  EXPECT_FALSE(proves_all(*validator, at("2026-01-06T23:59:59Z")));
  EXPECT_TRUE(proves_all(*validator, at("2026-01-07T00:00:00Z")));
}

TEST(Conditional, PagesThatProveNothingAreNotKept) {
  const auto with_etag = reply({{"ETag", "\"a\""}});
  EXPECT_FALSE(kept(with_etag, page_of({"2026-01-09T00:00:00Z"}, true), true)) << "a full listing goes on";
  EXPECT_FALSE(kept(with_etag, page_of({}, true))) << "nothing is known of what it shows";
  auto capped = page_of({"2026-01-09T00:00:00Z"}, false);
  capped.is_capped = true;
  EXPECT_FALSE(kept(with_etag, capped));
  EXPECT_FALSE(kept(reply({}), page_of({}, false))) << "there is no validator";
}

TEST(Conditional, ADateCountsOnlyWhenItIsAMinuteOld) {
  const auto one_page = page_of({}, false);
  EXPECT_FALSE(kept(reply({{"Last-Modified", "Sat, 10 Jan 2026 11:59:30 GMT"}}), one_page));
  const auto old = kept(reply({{"Last-Modified", "Sat, 10 Jan 2026 11:58:00 GMT"}}), one_page);
  ASSERT_TRUE(old);
  EXPECT_EQ(old->last_modified, "Sat, 10 Jan 2026 11:58:00 GMT");
  EXPECT_FALSE(kept(reply({{"Last-Modified", "yesterday"}}), one_page));
}

TEST(Conditional, AnETagThatCannotBeSentBackIsNone) {
  EXPECT_FALSE(kept(reply({{"ETag", "\"a\x01\""}}), page_of({}, false)));
}

TEST(Conditional, TheETagIsAskedForBeforeTheDate) {
  Ask ask{.url = *http::Url::parse("https://hub.example/x")};
  make_conditional(ask, {.request = "r", .etag = "\"a\"", .last_modified = "Sat, 10 Jan 2026 11:58:00 GMT"});
  EXPECT_EQ(ask.headers.get("If-None-Match"), "\"a\"");
  EXPECT_FALSE(ask.headers.has("If-Modified-Since"));
}

TEST(Conditional, AnotherAskerQuestionSettingOrColumnIsAnotherRequest) {
  ScriptPlan plan;
  plan.row_inputs = {.partition = {"trunk"}, .env = {"HUB_LABELS"}};
  Ask ask{.url = *http::Url::parse("https://hub.example/x?page=1")};
  SmallMap env, partition;
  env.set("HUB_LABELS", text_value("bug")).set("HUB_OTHER", text_value("x"));
  partition.set("trunk", text_value("main")).set("pushed_at", text_value("then"));
  const auto identity = [&](std::string_view asked_by = "me") {
    Scope scope;
    scope.set(Root::env, env.value());
    scope.set(Root::partition, partition.value());
    return request_identity(ask, plan, scope, asked_by);
  };
  const auto first = identity();
  EXPECT_NE(identity("you"), first);
  partition.set("pushed_at", text_value("now"));
  env.set("HUB_OTHER", text_value("y"));
  EXPECT_EQ(identity(), first) << "no row is made of these";
  partition.set("trunk", text_value("master"));
  EXPECT_NE(identity(), first);
  partition.set("trunk", text_value("main"));
  env.set("HUB_LABELS", text_value("all"));
  EXPECT_NE(identity(), first);
  env.set("HUB_LABELS", text_value("bug"));
  ask.headers.add("Accept", "text/plain");
  EXPECT_NE(identity(), first);
}

}  // namespace
}  // namespace weir::plugin::declarative

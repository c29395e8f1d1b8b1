#include "plugin/declarative/answer_meaning.hpp"

#include <gtest/gtest.h>

#include "plugin/declarative/document.hpp"

namespace weir::plugin::declarative {
namespace {

RequestPlan graphql() {
  RequestPlan request;
  request.graphql = "query { viewer { login } }";
  return request;
}

PartialAnswer partial_of(const RequestPlan& request, std::string_view body) {
  Document document;
  const auto value = document.parse(body);
  EXPECT_TRUE(value.has_value()) << body;
  return partial_answer(request, *value);
}

TEST(PartialAnswers, CountWhatGraphqlCouldNotShow) {
  const auto partial = partial_of(graphql(),
                                  R"({"data": {"nodes": [null, {"id": 1}, null]}, "errors": [{"type": "FORBIDDEN",
                                      "message": "Resource protected by SAML"}, {"type": "NOT_FOUND"}]})");
  EXPECT_EQ(partial.errors, 2);
  EXPECT_EQ(partial.first, "GraphQL: Resource protected by SAML");
  EXPECT_EQ(partial_of(graphql(), R"({"data": {"nodes": []}})").errors, 0);
  EXPECT_EQ(partial_of(graphql(), R"({"data": {"nodes": []}, "errors": []})").errors, 0);
}

TEST(PartialAnswers, ErrorsInOtherAnswersAreTheirOwn) {
  EXPECT_EQ(partial_of(RequestPlan{}, R"({"errors": [{"message": "a failed build"}]})").errors, 0);
}

TEST(CappedAnswers, AreThoseOfTheFirstRuleThatHolds) {
  ScriptPlan plan;
  plan.service = std::make_shared<ServicePlan>();
  plan.errors.push_back({.statuses = {422}, .contains = "limited", .when = {}, .action = ErrorAction::capped});
  plan.errors.push_back({.statuses = {422, 410}, .when = {}, .action = ErrorAction::empty});
  const auto says = [&](int status, std::string body) {
    const Reply reply{.status = status, .body = std::move(body), .url = {}};
    return says_capped(plan, reply);
  };
  EXPECT_TRUE(says(422, R"({"message": "pagination is limited for this resource"})"));
  EXPECT_FALSE(says(422, R"({"message": "no such branch"})"));
  EXPECT_FALSE(says(410, "limited"));
  EXPECT_FALSE(says(204, ""));
}

}  // namespace
}  // namespace weir::plugin::declarative

#include "api/openapi.hpp"

#include <set>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "api/problem.hpp"
#include "api/router.hpp"
#include "api/routes.hpp"

namespace weir::api {
namespace {

using nlohmann::json;

std::string lower(std::string text) {
  for (auto& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

// Every $ref of a document.
void collect_references(const json& document, std::set<std::string>& references) {
  if (document.is_object() && document.contains("$ref")) references.insert(document["$ref"].get<std::string>());
  if (document.is_structured())
    for (const auto& member : document) collect_references(member, references);
}

TEST(OpenApi, HasEveryRouteWithEveryCode) {
  const auto routes = all_routes();
  const auto document = make_openapi(routes, "1.2.3");
  EXPECT_EQ(document["openapi"], "3.1.0");
  EXPECT_EQ(document["info"]["version"], "1.2.3");
  std::size_t operations = 0;
  for (const auto& path : document["paths"]) operations += path.size();
  EXPECT_EQ(operations, routes.size());
  for (const auto& route : routes) {
    const auto& operation = document["paths"][route.path][lower(route.method)];
    EXPECT_EQ(operation["operationId"], route.operation);
    EXPECT_EQ(operation["security"].empty(), route.access == Access::open) << route.operation;
    EXPECT_EQ(operation.contains("requestBody"), route.body.has_value()) << route.operation;
    for (const auto& row : route.answers) EXPECT_TRUE(operation["responses"].contains(std::to_string(row.status)));
    for (const auto code : errors_of(route)) {
      const auto& response = operation["responses"][std::to_string(traits(code).http_status)];
      if (std::ranges::find(route.answers, traits(code).http_status, &AnswerRow::status) != route.answers.end())
        continue;
      EXPECT_NE(std::ranges::find(response["x-codes"], json(traits(code).name)), response["x-codes"].end())
          << route.operation << ' ' << traits(code).name;
    }
    std::set<std::string> declared;
    for (const auto& parameter : operation["parameters"])
      if (parameter["in"] == "path") declared.insert("{" + parameter["name"].get<std::string>() + "}");
    for (const auto& segment : split_path(route.path))
      if (segment.starts_with('{')) EXPECT_EQ(declared.erase(segment), 1U) << route.path << ' ' << segment;
    EXPECT_TRUE(declared.empty()) << route.path;
  }
}

TEST(OpenApi, NamesOperationsOnceAndRefersOnlyToWhatIsThere) {
  const auto document = make_openapi(all_routes(), "1");
  std::set<std::string> operations, references;
  for (const auto& route : all_routes()) {
    EXPECT_TRUE(operations.insert(route.operation).second) << route.operation;
    EXPECT_FALSE(route.summary.empty() || route.answers.empty() || route.handler == nullptr) << route.operation;
  }
  collect_references(document, references);
  EXPECT_TRUE(references.contains("#/components/schemas/Problem"));
  for (const auto& reference : references)
    EXPECT_TRUE(document.contains(json::json_pointer(reference.substr(1)))) << reference;
  for (const auto& [name, component] : document["components"]["schemas"].items())
    EXPECT_TRUE(references.contains("#/components/schemas/" + name)) << name << " is used by nothing";
}

TEST(OpenApi, ExamplesFitTheirSchemas) {
  for (const auto& route : all_routes()) {
    for (const auto& row : route.answers) {
      if (row.schema.is_null() || row.example.is_null()) continue;
      for (const auto& problem : check_schema(row.schema, components(), row.example, "answer"))
        ADD_FAILURE() << route.operation << ' ' << row.status << ": " << problem;
    }
    if (!route.body) continue;
    for (const auto& problem : check_schema(route.body->schema, components(), route.body->example, "body"))
      ADD_FAILURE() << route.operation << ": " << problem;
  }
}

TEST(OpenApi, EveryRouteThatNeedsTheDatabaseSaysWhenToTryAgain) {
  const auto routes = all_routes();
  const auto document = make_openapi(routes, "1");
  for (const auto& route : routes) {
    if (route.access == Access::open) continue;
    const auto& responses = document["paths"][route.path][lower(route.method)]["responses"];
    EXPECT_EQ(responses["504"]["x-codes"], json::array({"timed_out"})) << route.operation;
    for (const auto* status : {"503", "504"})
      EXPECT_TRUE(responses[status]["headers"].contains("Retry-After")) << route.operation << ' ' << status;
  }
}

TEST(Problem, SaysWhenToTryAgain) {
  for (const auto code : {ErrorCode::timed_out, ErrorCode::database_unreachable, ErrorCode::stopping}) {
    const auto answer = problem_answer({code, "late"}, "r1");
    EXPECT_NE(std::ranges::find(answer.headers, "Retry-After", &Headers::value_type::first), answer.headers.end());
  }
}

TEST(Problem, EveryErrorHasItsDocument) {
  for (const auto& row : error_table()) {
    const auto document = problem_document({row.code, "what happened", "internals"}, "r1");
    EXPECT_TRUE(check_schema(schema::ref("Problem"), components(), document, "problem").empty()) << row.name;
    EXPECT_EQ(document["code"], row.name);
    EXPECT_EQ(document["status"], row.http_status);
    EXPECT_FALSE(document.dump().contains("internals"));
    EXPECT_EQ(document["detail"] == "what happened", row.http_status < 500 || row.code == ErrorCode::stopping)
        << row.name;
  }
}

}  // namespace
}  // namespace weir::api

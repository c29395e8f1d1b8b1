#include "api/openapi.hpp"

#include <map>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "api/problem.hpp"

namespace weir::api {
namespace {

using nlohmann::json;

json header_parameter(std::string name, std::string meaning, json schema) {
  return {
      {"name", std::move(name)}, {"in", "header"}, {"description", std::move(meaning)}, {"schema", std::move(schema)}};
}

json parameters_of(const Route& route) {
  auto list = json::array();
  for (const auto& row : path_parameters())
    if (route.path.contains("{" + row.name + "}"))
      list.push_back({{"name", row.name},
                      {"in", "path"},
                      {"required", true},
                      {"description", row.meaning},
                      {"schema", row.schema}});
  for (const auto& row : route.query)
    list.push_back({{"name", row.name},
                    {"in", "query"},
                    {"required", row.need == Need::required},
                    {"description", row.meaning},
                    {"schema", row.schema}});
  if (route.access == Access::open) return list;
  list.push_back(header_parameter(
      "X-User-ID",
      "The person who asks, for runs and the audit log; begins with neither key: nor cli:", schema::text(1, 200)));
  if (route.method == "POST")
    list.push_back(
        header_parameter("Idempotency-Key", "Sent again with it, the request is done once", schema::text(1, 200)));
  return list;
}

json answer_of(const AnswerRow& row) {
  json answer{{"description", row.meaning}};
  if (row.schema.is_null() && row.content_type == "application/json") return answer;
  auto& content = answer["content"][row.content_type];
  content["schema"] = row.schema.is_null() ? schema::text() : row.schema;
  if (!row.example.is_null()) content["example"] = row.example;
  return answer;
}

void add_errors(json& responses, const Route& route) {
  std::map<int, std::vector<std::string>> codes;
  for (const auto code : errors_of(route)) codes[traits(code).http_status].emplace_back(traits(code).name);
  for (const auto& [status, names] : codes) {
    auto& response = responses[std::to_string(status)];
    response["description"] = fmt::format("code: {}", fmt::join(names, ", "));
    response["content"][std::string(k_problem_type)]["schema"] = schema::ref("Problem");
    response["x-codes"] = names;
    if (may_pass(status) || status == traits(ErrorCode::quota_spent).http_status)
      response["headers"]["Retry-After"] = {{"description", "Seconds until trying again may help"},
                                            {"schema", schema::count()}};
  }
}

json operation_of(const Route& route) {
  json operation{{"operationId", route.operation},
                 {"summary", route.summary},
                 {"tags", {route.group()}},
                 {"parameters", parameters_of(route)},
                 {"x-scope", name_of(route.access)}};
  operation["security"] = route.access == Access::open ? json::array() : json::array({{{"api_key", json::array()}}});
  if (route.body)
    operation["requestBody"] = {
        {"required", true},
        {"content", {{"application/json", {{"schema", route.body->schema}, {"example", route.body->example}}}}}};
  auto& responses = operation["responses"] = json::object();
  add_errors(responses, route);
  for (const auto& row : route.answers) responses[std::to_string(row.status)] = answer_of(row);
  return operation;
}

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

}  // namespace

json make_openapi(std::span<const Route> routes, const std::string& version) {
  json document{
      {"openapi", "3.1.0"},
      {"info",
       {{"title", "Weir"},
        {"version", version},
        {"license", {{"name", "Apache-2.0"}, {"identifier", "Apache-2.0"}}},
        {"description",
         "Data collection of many tenants. Errors are application/problem+json with a stable `code`. Lists are "
         "pages: give `next` as `after`."}}},
      {"servers", json::array({{{"url", "/"}}})}};
  auto& paths = document["paths"] = json::object();
  for (const auto& route : routes) paths[route.path][lower(route.method)] = operation_of(route);
  document["components"]["schemas"] = components();
  document["components"]["securitySchemes"]["api_key"] = {{"type", "apiKey"}, {"in", "header"}, {"name", "X-API-Key"}};
  return document;
}

}  // namespace weir::api

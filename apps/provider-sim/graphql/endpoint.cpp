#include "provider-sim/graphql/endpoint.hpp"

namespace weir::sim::graphql {
namespace {

Answered problem(int status, std::string_view message) {
  return {.body = nlohmann::json{{"message", message}, {"documentation_url", "https://docs.github.com/graphql"}}.dump(),
          .status = status};
}

}  // namespace

std::string Endpoint::renew(const Kept& kept, const Execution::Context& context) {
  if (!kept.changing) return kept.body;
  const auto& changing = *kept.changing;
  std::string body(kept.body, 0, changing.begin);
  body += render_rate_limit(context, *kept.plan, *changing.field);
  body.append(kept.body, changing.end);
  return body;
}

Answered Endpoint::answer(const Execution::Context& context, const std::string& request_body,
                          Identity::Window* charged) {
  const std::string key = context.caller.view() + "\n" + request_body;
  if (const Kept* kept = context.broken_node == 0 ? cache_.find(key, context.world.version()) : nullptr) {
    if (charged) charged->used += kept->plan->cost;
    return {.body = renew(*kept, context), .cost = kept->plan->cost};
  }
  const auto request = nlohmann::json::parse(request_body, nullptr, false);
  if (!request.is_object()) return problem(400, "Problems parsing JSON");
  if (!request.contains("query") || !request["query"].is_string())
    return problem(400, "A query attribute must be specified and must be a string.");
  const auto document = parse_document(request["query"].get<std::string>());
  if (!document)
    return {.body = nlohmann::json{{"errors", {{{"message", document.error().message}}}}}.dump(), .cost = 1};
  const auto name = request.contains("operationName") && request["operationName"].is_string()
                        ? request["operationName"].get<std::string>()
                        : "";
  const auto variables = request.contains("variables") && request["variables"].is_object() ? request["variables"]
                                                                                           : nlohmann::json::object();
  auto planned = make_plan(*document, name, variables);
  const auto cost = planned.plan ? planned.plan->cost : 1;
  if (charged) charged->used += cost;
  if (!planned.plan) return {.body = nlohmann::json{{"errors", planned.errors}}.dump(), .cost = cost};
  const auto plan = std::make_shared<const Plan>(std::move(*planned.plan));
  Execution execution(context, *plan);
  std::string body = execution.run();
  if (execution.is_repeatable())
    cache_.put(key, context.world.version(), {.plan = plan, .body = body, .changing = execution.changing()},
               body.size());
  return {.body = std::move(body), .cost = cost};
}

}  // namespace weir::sim::graphql

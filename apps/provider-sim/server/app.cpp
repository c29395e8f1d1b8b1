// A GitHub App's own endpoints.
#include <fmt/format.h>

#include "provider-sim/base/dice.hpp"
#include "provider-sim/server/provider.hpp"

namespace weir::sim {
namespace {

Response refusal(int status, std::string_view message) {
  return json_response(status, error_answer(status, message).body);
}

void write_installation(JsonWriter& json, const Installation& installation, const World& world) {
  const Account& account = world.account(world.organization());
  json.begin_object().field("id", installation.id).key("account").begin_object().field("login", account.login);
  json.field("id", account.id).field("type", "Organization").end_object();
  json.field("repository_selection", installation.repositories.empty() ? "all" : "selected");
  json.field("app_id", 1).field("target_id", account.id).field("target_type", "Organization");
  json.key("permissions").begin_object().field("contents", "read").field("issues", "read").field("metadata", "read");
  json.field("pull_requests", "read").field("actions", "read").field("members", "read").end_object();
  json.field("suspended_at", nullptr).end_object();
}

}  // namespace

Response Provider::answer_app(Exchange& exchange) {
  const auto& request = exchange.request;
  const auto verified = verify_app_token(Credentials::token_of(request.authorization), options_.app, clock_.seconds());
  if (!verified) return refusal(401, verified.error().message);
  const auto segments = split_path(request.path);
  std::string body;
  JsonWriter json(body);
  if (request.path == "/app") {
    json.begin_object()
        .field("id", 1)
        .field("slug", "weir-sim")
        .field("client_id", options_.app.id)
        .field("name", "Weir sim")
        .end_object();
    return json_response(200, std::move(body));
  }
  if (request.path == "/app/installations") {
    json.begin_array();
    for (const Installation& installation : options_.app.installations) write_installation(json, installation, world_);
    json.end_array();
    return json_response(200, std::move(body));
  }
  const bool is_by_account = segments.back() == "installation";
  const auto id = segments.size() >= 3 ? parse_integer(segments[2]) : std::nullopt;
  const Installation* installation = nullptr;
  for (const Installation& candidate : options_.app.installations)
    if (is_by_account || (id && candidate.id == *id)) installation = installation ? installation : &candidate;
  if (!installation) return refusal(404, "Not Found");
  const bool is_token_request = segments.size() == 4 && segments[3] == "access_tokens";
  if (!is_token_request) {
    write_installation(json, *installation, world_);
    return json_response(200, std::move(body));
  }
  if (request.method != "POST") return refusal(404, "Not Found");
  TokenSpec spec{
      .token = fmt::format("ghs_sim{:016x}{:04}", mix(options_.world.seed, ++token_count_, 91), token_count_),
      .installation = installation->id,
      .repositories = installation->repositories,
      .can_push = false,
      .limits = options_.limits};
  spec.expires_at = clock_.seconds() + options_.app.token_life;
  json.begin_object().field("token", spec.token).field("expires_at", *spec.expires_at);
  json.raw_field(
      "permissions",
      R"({"contents":"read","issues":"read","metadata":"read","pull_requests":"read","actions":"read","members":"read"})");
  json.field("repository_selection", installation->repositories.empty() ? "all" : "selected").end_object();
  credentials_.add(std::move(spec), installation->id);
  return json_response(201, std::move(body));
}

}  // namespace weir::sim

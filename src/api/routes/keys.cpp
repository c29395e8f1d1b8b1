#include "api/pages.hpp"
#include "api/routes.hpp"

namespace weir::api {
namespace {

using nlohmann::json;

const json k_key_example = {{"id", "0197a000-0000-7000-8000-000000000001"},
                            {"prefix", "weir_0123456789ab"},
                            {"name", "acme's own"},
                            {"scope", "tenant:write"},
                            {"tenant", "acme"},
                            {"created_by", "alice"},
                            {"created_at", "2026-01-31T12:00:00Z"},
                            {"expires_at", nullptr},
                            {"revoked_at", nullptr},
                            {"is_valid", true}};

json with_text(json key, json text) {
  key["api_key"] = std::move(text);
  return key;
}

Result<std::optional<std::chrono::seconds>> lifetime_of(const json& body) {
  if (!body.contains("expires_in")) return std::nullopt;
  return parse_duration(body["expires_in"].get<std::string>());
}

// A repetition of the request is answered without the key: it is shown once.
Task<Result<Answer>> create(Services& services, Request request, tenancy::KeyScope scope) {
  const auto lifetime = lifetime_of(request.body);
  tenancy::NewApiKey data{.name = request.body.at("name"), .scope = scope, .lifetime = *lifetime};
  if (request.tenant) data.tenant = request.tenant->id;
  const auto created = co_await tenancy::create_api_key(services.database, request.actor(), std::move(data));
  if (!created) co_return std::unexpected(created.error());
  const auto key = to_document(created->key);
  co_return Answer{
      .status = 201, .body = with_text(key, std::string(created->text.reveal())), .stored = with_text(key, nullptr)};
}

Task<Result<Answer>> create_admin_key(Services& services, Request request) {
  co_return co_await create(services, std::move(request), tenancy::KeyScope::admin);
}

Task<Result<Answer>> create_tenant_key(Services& services, Request request) {
  const auto scope = tenancy::key_scope_of(request.body.at("scope").get<std::string>());
  co_return co_await create(services, std::move(request), *scope);
}

Task<Result<Answer>> list_keys(Services& services, Request request) {
  const auto after = after_id(request);
  if (!after) co_return std::unexpected(after.error());
  tenancy::ApiKeyFilter filter{.limit = page_rows(request)};
  if (request.tenant) filter.tenant = request.tenant->id;
  if (*after) filter.after = tenancy::ApiKeyId(**after);
  auto items = json::array();
  for (const auto& key : co_await tenancy::list_api_keys(services.database, filter)) items.push_back(to_document(key));
  co_return page_of(request, std::move(items), "id");
}

Task<Result<Answer>> revoke_key(Services& services, Request request) {
  const auto tenant = request.tenant ? std::optional(request.tenant->id) : std::nullopt;
  const auto revoked =
      co_await tenancy::revoke_api_key(services.database, request.actor(), tenant, request.path.at("key_id"));
  if (!revoked) co_return std::unexpected(revoked.error());
  co_return Answer{.body = to_document(revoked->key)};
}

std::vector<AnswerRow> created_answer() {
  return {{201, "The key. `api_key` is shown this once; null when the request was a repetition",
           schema::ref("CreatedApiKey"),
           with_text(k_key_example, "weir_0123456789ab_x6kYbYlO0u9m3Vb2c1Q4n8r7t5w3z1a9s8d7f6g5h4j")}};
}

void add_for(Routes& routes, const std::string& base, const std::string& whose, Route create_route) {
  create_route.answers = created_answer();
  routes.push_back(std::move(create_route));
  routes.push_back(
      {.operation = "list_" + whose + "keys",
       .method = "GET",
       .path = base,
       .summary = "List API keys, oldest first, revoked ones too; never the keys themselves",
       .query = page_parameters(),
       .answers = {{200, "A page", schema::page("ApiKey"), {{"items", {k_key_example}}, {"next", nullptr}}}},
       .handler = list_keys});
  routes.push_back({.operation = "revoke_" + whose + "key",
                    .method = "DELETE",
                    .path = base + "/{key_id}",
                    .summary = "Revoke an API key: every process refuses it from now on",
                    .answers = {{200, "The key as it is now", schema::ref("ApiKey"), k_key_example}},
                    .handler = revoke_key});
}

}  // namespace

void add_keys(Routes& routes) {
  const auto name = schema::with(schema::text(1, 200), "What the key is for");
  const auto lifetime = schema::with(schema::duration(), "It expires after this time; absent: never");
  add_for(routes, "/api/v1/keys", "",
          {.operation = "create_key",
           .method = "POST",
           .path = "/api/v1/keys",
           .summary = "Make an API key of the operator (scope admin)",
           .body = BodyRow{schema::object({{"name", name}, {"expires_in", lifetime, Need::optional}}),
                           {{"name", "deployment"}, {"expires_in", "90d"}}},
           .handler = create_admin_key});
  add_for(routes, "/api/v1/tenants/{tenant_id}/keys", "tenant_",
          {.operation = "create_tenant_key",
           .method = "POST",
           .path = "/api/v1/tenants/{tenant_id}/keys",
           .summary = "Make an API key that reaches only this tenant",
           .body = BodyRow{schema::object({{"name", name},
                                           {"scope", schema::word({"tenant:read", "tenant:write"})},
                                           {"expires_in", lifetime, Need::optional}}),
                           {{"name", "acme's own"}, {"scope", "tenant:write"}}},
           .handler = create_tenant_key});
}

}  // namespace weir::api

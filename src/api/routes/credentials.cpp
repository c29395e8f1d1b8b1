#include <algorithm>

#include "api/routes.hpp"
#include "api/settings_body.hpp"
#include "load/resource_tables.hpp"
#include "scheduler/source_pipeline.hpp"
#include "tenancy/data_source.hpp"
#include "tenancy/plan.hpp"

namespace weir::api {
namespace {

using nlohmann::json;
using tenancy::Changed;
using tenancy::Outcome;

// Of it, or of all sources.
Task<bool> has_pipeline(pg::Database& database, TenantId tenant, std::string source) {
  const auto pipelines = co_await scheduler::list_pipelines(database, tenant);
  co_return std::ranges::any_of(pipelines, [&](const scheduler::Pipeline& pipeline) {
    const auto& sources = pipeline.data.data_sources;
    return sources.empty() || std::ranges::find(sources, source) != sources.end();
  });
}

// What adds a source adds its pipeline next: whoever was interrupted in between asks again.
Task<Result<>> add_missing_pipeline(Services& services, const Request& request, const tenancy::DataSource& source) {
  if (source.first_import_at) co_return Result<>();
  const auto tenant = request.tenant->id;
  const bool is_there = co_await has_pipeline(services.database, tenant, source.name);
  if (is_there) co_return Result<>();
  const auto added = co_await scheduler::add_source_pipeline(services.database, request.actor(), tenant, source.name,
                                                             scheduler::default_schedule());
  if (!added) co_return std::unexpected(added.error());
  co_return Result<>();
}

// Into the data source that is there, or into a new one.
Task<Result<Changed>> save(Services& services, Request request, std::string provider, std::string name) {
  const auto tenant = request.tenant->id;
  const auto source = co_await tenancy::find_data_source(services.database, tenant, name);
  if (!source && source.error().code != ErrorCode::not_found) co_return std::unexpected(source.error());
  if (source && source->provider != provider)
    co_return fail(ErrorCode::conflict, "the data source of this name is of another provider");
  auto declared = declared_keys(services, provider, request.body);
  if (!declared) co_return std::unexpected(declared.error());
  auto changes = setting_changes(request.body);
  if (source) {
    const auto complete = co_await add_missing_pipeline(services, request, *source);
    if (!complete) co_return std::unexpected(complete.error());
    co_return co_await tenancy::change_data_source(services.vault, request.actor(), tenant, name, std::move(changes),
                                                   std::move(*declared));
  }
  const auto added = co_await tenancy::add_data_source(services.vault, request.actor(), tenant,
                                                       {provider, name, std::move(changes)}, std::move(*declared));
  if (!added) co_return added;
  const auto pipeline = co_await scheduler::add_source_pipeline(services.database, request.actor(), tenant, name,
                                                                scheduler::default_schedule());
  if (!pipeline) co_return std::unexpected(pipeline.error());
  co_return added;
}

Task<Result<Answer>> save_credentials(Services& services, Request request) {
  const auto active = co_await tenancy::require_active_subscription(services.database, *request.tenant);
  if (!active) co_return std::unexpected(active.error());
  const std::string provider = request.body.at("provider");
  const std::string name = request.body.value("data_source", provider);
  auto keys = json::array();
  for (const auto& [key, secret] : request.body.at("secrets").items()) keys.push_back(key);
  const auto tenant = request.tenant->key;
  const auto saved = co_await save(services, std::move(request), provider, name);
  if (!saved) co_return std::unexpected(saved.error());
  const auto plugins = services.plugins();
  const auto prepared = co_await load::ensure_resource_tables(services.database, plugins->resources());
  if (!prepared) co_return std::unexpected(prepared.error());
  co_return Answer{.status = saved->outcome == Outcome::changed ? 201 : 200,
                   .body = {{"tenant", tenant},
                            {"data_source", name},
                            {"provider", provider},
                            {"keys", std::move(keys)},
                            {"changed", saved->outcome == Outcome::changed},
                            {"runs_ended", saved->interrupted}}};
}

}  // namespace

void add_credentials(Routes& routes) {
  const json example = {{"tenant", "acme"},         {"data_source", "github"}, {"provider", "github"},
                        {"keys", {"GITHUB_TOKEN"}}, {"changed", true},         {"runs_ended", 0}};
  auto properties = setting_properties();
  properties.pop_back();
  properties.back().need = Need::required;
  properties.insert(properties.begin(),
                    {{"provider", schema::with(schema::text(1, 40), "The kind of tool: github, git, …")},
                     {"data_source", schema::with(schema::name(), "Default: the provider's name"), Need::optional}});
  routes.push_back(
      {.operation = "save_credentials",
       .method = "POST",
       .path = "/api/v1/tenants/{tenant_id}/credentials",
       .access = Access::tenant_write,
       .summary =
           "Store credentials, encrypted; makes the data source when there is none. They can never be read again",
       .body = BodyRow{schema::object(properties),
                       {{"provider", "github"},
                        {"settings", {{"GITHUB_ORG", "acme"}}},
                        {"secrets", {{"GITHUB_TOKEN", "ghp_…"}}}}},
       .answers = {{201, "Stored", schema::ref("SavedCredentials"), example},
                   {200, "They were these already", schema::ref("SavedCredentials"), example}},
       .errors = {ErrorCode::subscription_inactive, ErrorCode::already_exists, ErrorCode::declaration_invalid},
       .handler = save_credentials});
}

}  // namespace weir::api

#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "api/pages.hpp"
#include "api/removals.hpp"
#include "api/routes.hpp"
#include "api/settings_body.hpp"
#include "scheduler/source_pipeline.hpp"
#include "tenancy/documents.hpp"
#include "tenancy/plan.hpp"

namespace weir::api {
namespace {

using nlohmann::json;
using tenancy::Outcome;

const json k_source_example = {
    {"name", "github"},
    {"provider", "github"},
    {"state", "enabled"},
    {"is_enabled", true},
    {"needs_credentials", nullptr},
    {"missing", json::array()},
    {"first_import_at", "2026-01-31T12:00:00Z"},
    {"last_sync_at", "2026-01-31T12:15:00Z"},
    {"created_at", "2026-01-31T11:00:00Z"},
    {"updated_at", "2026-01-31T11:00:00Z"},
    {"settings",
     {{{"key", "GITHUB_ORG"}, {"value", "acme"}, {"is_secret", false}, {"set_at", "2026-01-31T11:00:00Z"}},
      {{"key", "GITHUB_TOKEN"}, {"value", "***"}, {"is_secret", true}, {"set_at", "2026-01-31T11:00:00Z"}}}}};

json describe(const Services& services, const tenancy::DataSource& source) {
  const auto plugins = services.plugins();
  const auto* declaration = plugins->provider(source.provider);
  return to_document(source, declaration == nullptr ? nullptr : &declaration->config);
}

Task<Result<Answer>> show_now(Services& services, TenantId tenant, std::string name, tenancy::Changed changed,
                              int status) {
  const auto source = co_await tenancy::find_data_source(services.database, tenant, name);
  if (!source) co_return std::unexpected(source.error());
  auto document = describe(services, *source);
  document["changed"] = changed.outcome == Outcome::changed;
  document["runs_ended"] = changed.interrupted;
  co_return Answer{.status = status, .body = std::move(document)};
}

Task<Result<Answer>> list(Services& services, Request request) {
  auto items = json::array();
  for (const auto& source : co_await tenancy::list_data_source_page(
           services.database, request.tenant->id, request.query_text("after").value_or(""), page_rows(request)))
    items.push_back(describe(services, source));
  co_return page_of(request, std::move(items), "name");
}

Task<Result<Answer>> show(Services& services, Request request) {
  const auto source =
      co_await tenancy::find_data_source(services.database, request.tenant->id, request.path.at("source"));
  if (!source) co_return std::unexpected(source.error());
  co_return Answer{.body = describe(services, *source)};
}

Task<Result<Answer>> add(Services& services, Request request) {
  const auto active = co_await tenancy::require_active_subscription(services.database, *request.tenant);
  if (!active) co_return std::unexpected(active.error());
  const std::string provider = request.body.at("provider");
  auto declared = declared_keys(services, provider, request.body);
  if (!declared) co_return std::unexpected(declared.error());
  tenancy::NewDataSource source{provider, request.body.value("name", provider), setting_changes(request.body)};
  const auto name = source.name;
  const auto added = co_await tenancy::add_data_source(services.vault, request.actor(), request.tenant->id,
                                                       std::move(source), std::move(*declared));
  if (!added) co_return std::unexpected(added.error());
  // Also of a source that is there already: whoever was interrupted asks again.
  const auto pipeline = co_await scheduler::add_source_pipeline(services.database, request.actor(), request.tenant->id,
                                                                name, scheduler::default_schedule());
  if (!pipeline) co_return std::unexpected(pipeline.error());
  co_return co_await show_now(services, request.tenant->id, name, *added,
                              added->outcome == Outcome::changed ? 201 : 200);
}

Task<Result<Answer>> configure(Services& services, Request request) {
  if (request.body.contains("secrets")) {
    const auto active = co_await tenancy::require_active_subscription(services.database, *request.tenant);
    if (!active) co_return std::unexpected(active.error());
  }
  const auto name = request.path.at("source");
  const auto source = co_await tenancy::find_data_source(services.database, request.tenant->id, name);
  if (!source) co_return std::unexpected(source.error());
  auto declared = declared_keys(services, source->provider, request.body);
  if (!declared) co_return std::unexpected(declared.error());
  const auto changed = co_await tenancy::change_data_source(services.vault, request.actor(), request.tenant->id, name,
                                                            setting_changes(request.body), std::move(*declared));
  if (!changed) co_return std::unexpected(changed.error());
  co_return co_await show_now(services, request.tenant->id, name, *changed, 200);
}

Task<Result<Answer>> enable(Services& services, Request request) {
  const auto name = request.path.at("source");
  const auto changed =
      co_await tenancy::enable_data_source(services.database, request.actor(), request.tenant->id, name);
  if (!changed) co_return std::unexpected(changed.error());
  co_return co_await show_now(services, request.tenant->id, name, *changed, 200);
}

Task<Result<Answer>> disable(Services& services, Request request) {
  const auto name = request.path.at("source");
  const auto changed =
      co_await tenancy::disable_data_source(services.database, request.actor(), request.tenant->id, name);
  if (!changed) co_return std::unexpected(changed.error());
  co_return co_await show_now(services, request.tenant->id, name, *changed, 200);
}

Task<Result<Answer>> remove(Services& services, Request request) {
  const auto name = request.path.at("source");
  // Said at once, before anything is begun.
  const auto source = co_await tenancy::find_data_source(services.database, request.tenant->id, name);
  if (!source) co_return std::unexpected(source.error());
  const auto left = co_await scheduler::leave_pipelines(services.database, request.actor(), request.tenant->id, name);
  if (!left) co_return std::unexpected(left.error());
  auto work = tenancy::remove_data_source(services.database, request.actor(), request.tenant->id, name,
                                          removal_settings(services));
  co_return co_await await_removal(services, fmt::format("removal of {}/{}", request.tenant->key, name),
                                   std::move(work));
}

json changed_example() {
  auto example = k_source_example;
  example["changed"] = true;
  example["runs_ended"] = 0;
  return example;
}

Route one(std::string operation, std::string method, std::string what, std::string summary, Handler handler) {
  return {.operation = std::move(operation),
          .method = std::move(method),
          .path = "/api/v1/tenants/{tenant_id}/data-sources/{source}" + what,
          .access = Access::tenant_write,
          .summary = std::move(summary),
          .answers = {{200, "The data source as it is now", schema::ref("ChangedDataSource"), changed_example()}},
          .errors = {ErrorCode::conflict},
          .handler = handler};
}

}  // namespace

void add_data_sources(Routes& routes) {
  const std::string base = "/api/v1/tenants/{tenant_id}/data-sources";
  routes.push_back(
      {.operation = "list_data_sources",
       .method = "GET",
       .path = base,
       .access = Access::tenant_read,
       .summary = "List a tenant's data sources with their settings, by name; secrets as ***",
       .query = page_parameters(),
       .answers = {{200, "A page", schema::page("DataSource"), {{"items", {k_source_example}}, {"next", nullptr}}}},
       .handler = list});
  auto properties = setting_properties();
  properties.insert(
      properties.begin(),
      {{"provider", schema::with(schema::text(1, 40), "The kind of tool: github, git, …")},
       {"name", schema::with(schema::name(), "Part of every key; default: the provider's"), Need::optional}});
  routes.push_back(
      {.operation = "add_data_source",
       .method = "POST",
       .path = base,
       .access = Access::tenant_write,
       .summary = "Connect a tool, imported every 15 minutes by a pipeline of its name; again with the "
                  "same settings changes nothing",
       .body = BodyRow{schema::object(properties),
                       {{"provider", "github"},
                        {"settings", {{"GITHUB_ORG", "acme"}}},
                        {"secrets", {{"GITHUB_TOKEN", "ghp_…"}}}}},
       .answers = {{201, "The new data source", schema::ref("ChangedDataSource"), changed_example()},
                   {200, "It was there already, with these settings", schema::ref("ChangedDataSource"),
                    changed_example()}},
       .errors = {ErrorCode::subscription_inactive, ErrorCode::already_exists, ErrorCode::declaration_invalid},
       .handler = add});
  auto showing = one("show_data_source", "GET", "", "Show a data source with its settings; secrets as ***", show);
  showing.access = Access::tenant_read;
  showing.answers = {{200, "The data source", schema::ref("DataSource"), k_source_example}};
  routes.push_back(std::move(showing));
  auto configuring =
      one("configure_data_source", "PATCH", "/config",
          "Change settings or secrets; effective at once. Secrets can be written, never read, and only with an active "
          "subscription",
          configure);
  configuring.body = BodyRow{schema::object(setting_properties()),
                             {{"secrets", {{"GITHUB_TOKEN", "ghp_…"}}}, {"unset", {"GITHUB_REPOS"}}}};
  configuring.errors.insert(configuring.errors.end(),
                            {ErrorCode::subscription_inactive, ErrorCode::declaration_invalid});
  routes.push_back(std::move(configuring));
  routes.push_back(
      one("enable_data_source", "POST", "/enable", "Let it be imported, also after it needed credentials", enable));
  routes.push_back(one("disable_data_source", "POST", "/disable", "Stop its scripts and start no more", disable));
  auto removing =
      one("remove_data_source", "DELETE", "", "Delete it and everything imported from it, for good", remove);
  removing.answers = removal_answers();
  routes.push_back(std::move(removing));
}

}  // namespace weir::api

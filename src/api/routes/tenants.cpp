#include "api/background.hpp"
#include "api/pages.hpp"
#include "api/removals.hpp"
#include "api/routes.hpp"
#include "tenancy/documents.hpp"

namespace weir::api {
namespace {

using nlohmann::json;

const json k_tenant_example = {{"id", "0197a000-0000-7000-8000-000000000000"},
                               {"key", "acme"},
                               {"name", "Acme Inc."},
                               {"state", "ACTIVE"},
                               {"concurrent_scripts", 4},
                               {"egress_allow", ""},
                               {"time_zone", "Europe/Berlin"},
                               {"created_at", "2026-01-31T12:00:00Z"},
                               {"updated_at", "2026-01-31T12:00:00Z"}};

Result<tenancy::TenantChanges> changes_of(const json& body) {
  tenancy::TenantChanges changes;
  if (body.contains("name")) changes.name = body["name"].is_null() ? "" : body["name"].get<std::string>();
  if (body.contains("concurrent_scripts")) changes.concurrent_scripts = body["concurrent_scripts"].get<int>();
  if (body.contains("time_zone")) changes.time_zone = body["time_zone"].get<std::string>();
  if (!body.contains("egress_allow")) return changes;
  changes.egress_allow = body["egress_allow"].get<std::string>();
  const auto policy = http::EgressPolicy().extended_by(*changes.egress_allow);
  if (policy) return changes;
  return fail(ErrorCode::invalid_input, "body.egress_allow: " + policy.error().message);
}

Task<Result<Answer>> show_now(Services& services, TenantId id) {
  const auto tenant = co_await tenancy::find_tenant(services.database, to_string(id));
  if (!tenant) co_return std::unexpected(tenant.error());
  co_return Answer{.body = to_document(*tenant)};
}

Task<Result<Answer>> add_tenant(Services& services, Request request) {
  auto changes = changes_of(request.body);
  if (!changes) co_return std::unexpected(changes.error());
  const auto added = co_await tenancy::add_tenant(services.database, request.actor(), request.body.at("key"), *changes);
  if (!added) co_return std::unexpected(added.error());
  co_return Answer{.status = added->outcome == tenancy::Outcome::changed ? 201 : 200,
                   .body = to_document(added->tenant),
                   .tenant = added->tenant.id};
}

Task<Result<Answer>> list_tenants(Services& services, Request request) {
  auto items = json::array();
  const auto after = request.query_text("after").value_or("");
  for (const auto& tenant : co_await tenancy::list_tenants(services.database, after, page_rows(request)))
    items.push_back(to_document(tenant));
  co_return page_of(request, std::move(items), "key");
}

Task<Result<Answer>> show_tenant(Services&, Request request) { co_return Answer{.body = to_document(*request.tenant)}; }

Task<Result<Answer>> change_tenant(Services& services, Request request) {
  auto changes = changes_of(request.body);
  if (!changes) co_return std::unexpected(changes.error());
  const auto changed =
      co_await tenancy::change_tenant(services.database, request.actor(), request.tenant->id, *changes);
  if (!changed) co_return std::unexpected(changed.error());
  co_return co_await show_now(services, request.tenant->id);
}

Task<Result<Answer>> pause_tenant(Services& services, Request request) {
  const auto paused = co_await tenancy::pause_tenant(services.database, request.actor(), request.tenant->id);
  if (!paused) co_return std::unexpected(paused.error());
  co_return co_await show_now(services, request.tenant->id);
}

Task<Result<Answer>> resume_tenant(Services& services, Request request) {
  const auto resumed = co_await tenancy::resume_tenant(services.database, request.actor(), request.tenant->id);
  if (!resumed) co_return std::unexpected(resumed.error());
  co_return co_await show_now(services, request.tenant->id);
}

Task<Result<Answer>> remove_tenant(Services& services, Request request) {
  auto work =
      tenancy::remove_tenant(services.database, request.actor(), request.tenant->id, removal_settings(services));
  co_return co_await await_removal(services, "removal of tenant " + request.tenant->key, std::move(work));
}

std::vector<Property> tenant_data() {
  return {
      {"name", schema::with(schema::nullable(schema::text(0, 200)), "For people"), Need::optional},
      {"concurrent_scripts",
       schema::with(schema::integer(1, 1000), "How many of its scripts may run at once, over all machines"),
       Need::optional},
      {"time_zone", schema::with(schema::text(1, 100), "Of its calendar, by whose days its quota counts"),
       Need::optional},
      {"egress_allow", schema::with(schema::text(0, 4000), "Hosts and networks it may reach although they are private"),
       Need::optional}};
}

Route one(std::string operation, std::string method, std::string what, Access access, std::string summary,
          Handler handler) {
  return {.operation = std::move(operation),
          .method = std::move(method),
          .path = "/api/v1/tenants/{tenant_id}" + what,
          .access = access,
          .summary = std::move(summary),
          .answers = {{200, "The tenant as it is now", schema::ref("Tenant"), k_tenant_example}},
          .errors = {ErrorCode::conflict},
          .handler = handler};
}

}  // namespace

void add_tenants(Routes& routes) {
  auto added = tenant_data();
  added.insert(added.begin(), {"key", schema::with(schema::text(1, 100), "Your id of this customer, unique")});
  routes.push_back(
      {.operation = "add_tenant",
       .method = "POST",
       .path = "/api/v1/tenants",
       .summary = "Add a tenant; again with the same data changes nothing",
       .body = BodyRow{schema::object(added), {{"key", "acme"}, {"name", "Acme Inc."}}},
       .answers = {{201, "The new tenant", schema::ref("Tenant"), k_tenant_example},
                   {200, "It was there already, with these data", schema::ref("Tenant"), k_tenant_example}},
       .errors = {ErrorCode::already_exists},
       .handler = add_tenant});
  routes.push_back(
      {.operation = "list_tenants",
       .method = "GET",
       .path = "/api/v1/tenants",
       .summary = "List the tenants, by key",
       .query = page_parameters(),
       .answers = {{200, "A page", schema::page("Tenant"), {{"items", {k_tenant_example}}, {"next", nullptr}}}},
       .handler = list_tenants});
  routes.push_back(one("show_tenant", "GET", "", Access::tenant_read, "Show a tenant", show_tenant));
  auto changing = one("change_tenant", "PATCH", "", Access::admin, "Change a tenant's name or limits", change_tenant);
  changing.body = BodyRow{schema::object(tenant_data()), {{"concurrent_scripts", 8}}};
  routes.push_back(std::move(changing));
  routes.push_back(
      one("pause_tenant", "POST", "/pause", Access::tenant_write, "Stop its scripts and start no more", pause_tenant));
  routes.push_back(
      one("resume_tenant", "POST", "/resume", Access::tenant_write, "Let its scripts run again", resume_tenant));
  auto removing =
      one("remove_tenant", "DELETE", "", Access::admin,
          "Delete a tenant and everything it has, for good; again goes on with what was interrupted", remove_tenant);
  removing.answers = removal_answers();
  routes.push_back(std::move(removing));
}

}  // namespace weir::api

#include "api/pages.hpp"
#include "api/routes.hpp"

namespace weir::api {
namespace {

using nlohmann::json;

Task<Result<Answer>> list_audit(Services& services, Request request) {
  const auto after = after_id(request);
  if (!after) co_return std::unexpected(after.error());
  tenancy::AuditFilter filter{.action = request.query_text("action"), .after = *after, .limit = page_limit(request)};
  if (request.tenant) filter.tenant = request.tenant->id;
  auto page = co_await tenancy::list_audit(services.database, filter);
  const auto next = page.has_more ? page.items.back().at("id") : json();
  co_return Answer{.body = {{"items", std::move(page.items)}, {"next", next}}};
}

Route listing(std::string operation, std::string path, Access access) {
  const json example = {{"id", "0197a000-0000-7000-8000-000000000002"},
                        {"at", "2026-01-31T12:00:00Z"},
                        {"tenant_id", "0197a000-0000-7000-8000-000000000000"},
                        {"tenant", "acme"},
                        {"actor", "alice"},
                        {"action", "source.set"},
                        {"target", "acme/github"},
                        {"before", {{"settings", {{"GITHUB_TOKEN", "***"}}}}},
                        {"after", {{"settings", {{"GITHUB_TOKEN", "***"}}}}}};
  return {.operation = std::move(operation),
          .method = "GET",
          .path = std::move(path),
          .access = access,
          .summary = "Who changed what, newest first; secrets stand there as ***. A page ends after 4 MiB",
          .query = page_parameters({{"action", "Only this action, such as source.set", schema::text(1, 100)}}),
          .answers = {{200, "A page", schema::page("AuditRecord"), {{"items", {example}}, {"next", nullptr}}}},
          .handler = list_audit};
}

}  // namespace

void add_audit(Routes& routes) {
  routes.push_back(listing("list_audit", "/api/v1/audit", Access::admin));
  routes.push_back(listing("list_tenant_audit", "/api/v1/tenants/{tenant_id}/audit", Access::tenant_read));
}

}  // namespace weir::api

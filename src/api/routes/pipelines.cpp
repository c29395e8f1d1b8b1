#include <fmt/format.h>

#include "api/known_names.hpp"
#include "api/pages.hpp"
#include "api/pipeline_body.hpp"
#include "api/routes.hpp"

namespace weir::api {
namespace {

using nlohmann::json;
using scheduler::Pipeline;

// {pipeline} of the API's own paths, {config_id} of the scheduler's.
std::string name_in(const Request& request) {
  const auto found = request.path.find("pipeline");
  return found != request.path.end() ? found->second : request.path.at("config_id");
}

Task<Result<Answer>> list(Services& services, Request request) {
  auto items = json::array();
  for (const auto& pipeline : co_await scheduler::list_pipelines(
           services.database, request.tenant->id, request.query_text("after").value_or(""), page_rows(request)))
    items.push_back(pipeline);
  co_return page_of(request, std::move(items), "name");
}

Task<Result<Answer>> add(Services& services, Request request) {
  auto data = pipeline_data(request.body);
  if (!data) co_return std::unexpected(data.error());
  if (const auto known = co_await check_names(services, request.tenant->id, *data); !known)
    co_return std::unexpected(known.error());
  const auto added =
      co_await scheduler::add_pipeline(services.database, request.actor(), request.tenant->id, std::move(*data));
  if (!added) co_return std::unexpected(added.error());
  co_return Answer{.status = 201, .body = *added};
}

Task<Result<Answer>> show(Services& services, Request request) {
  const auto found = co_await scheduler::find_pipeline(services.database, request.tenant->id, name_in(request));
  if (!found) co_return std::unexpected(found.error());
  co_return Answer{.body = *found};
}

Task<Result<Answer>> change(Services& services, Request request) {
  const auto found = co_await scheduler::find_pipeline(services.database, request.tenant->id, name_in(request));
  if (!found) co_return std::unexpected(found.error());
  auto data = pipeline_data(request.body, found->data);
  if (!data) co_return std::unexpected(data.error());
  if (const auto known = co_await check_names(services, request.tenant->id, *data, found->data); !known)
    co_return std::unexpected(known.error());
  const auto version = request.body.value("version", found->version);
  const auto changed = co_await scheduler::change_pipeline(services.database, request.actor(), request.tenant->id,
                                                           found->id, version, std::move(*data));
  if (!changed) co_return std::unexpected(changed.error());
  co_return Answer{.body = *changed};
}

Task<Result<Answer>> remove(Services& services, Request request) {
  const auto found = co_await scheduler::find_pipeline(services.database, request.tenant->id, name_in(request));
  if (!found) co_return std::unexpected(found.error());
  const auto removed =
      co_await scheduler::remove_pipeline(services.database, request.actor(), request.tenant->id, found->id);
  if (!removed) co_return std::unexpected(removed.error());
  co_return Answer{.status = 204};
}

// null: changes of the clock do nothing to it.
json clock_change_of(scheduler::FireNote note) {
  switch (note) {
    case scheduler::FireNote::none: break;
    case scheduler::FireNote::after_gap: return "after_gap";
    case scheduler::FireNote::first_of_two: return "first_of_two";
    case scheduler::FireNote::second_of_two: return "second_of_two";
    case scheduler::FireNote::after_left_out: return "after_left_out";
  }
  return nullptr;
}

json fire_document(const scheduler::Fire& fire) {
  json left_out;
  if (fire.left_out) {
    auto local = format_rfc3339(std::chrono::sys_seconds(fire.left_out->time_since_epoch()));
    local.pop_back();
    left_out = std::move(local);
  }
  return {{"at", format_rfc3339(fire.at)},
          {"offset_seconds", fire.offset.count()},
          {"clock_change", clock_change_of(fire.note)},
          {"left_out", std::move(left_out)}};
}

Task<Result<Answer>> preview(Services& services, Request request) {
  constexpr int k_fires_default = 10;
  const auto found = co_await scheduler::find_pipeline(services.database, request.tenant->id, name_in(request));
  if (!found) co_return std::unexpected(found.error());
  const auto count = static_cast<std::size_t>(request.query_number("count", k_fires_default));
  const auto from = request.query_text("from");
  const auto after = from ? *parse_rfc3339(*from) : system_clock().now();
  // Hundreds of fires of a rare expression are tens of milliseconds of work, in which nobody else would be served.
  const auto fires = co_await run_blocking(
      services.blocking, [schedule = found->data.schedule, tenant = request.tenant->id, after, count] {
        return scheduler::preview_fires(schedule, tenant, after, count);
      });
  if (!fires) co_return std::unexpected(fires.error());
  auto items = json::array();
  for (const auto& fire : *fires) items.push_back(fire_document(fire));
  co_return Answer{.body = {{"items", std::move(items)}, {"next", nullptr}}};
}

Route listing(std::string operation, std::string path) {
  return {.operation = std::move(operation),
          .method = "GET",
          .path = std::move(path),
          .access = Access::tenant_read,
          .summary = "List a tenant's pipelines, by name",
          .query = page_parameters(),
          .answers = {{200, "A page", schema::page("Pipeline"), {{"items", {pipeline_example()}}, {"next", nullptr}}}},
          .handler = list};
}

Route adding(std::string operation, std::string path) {
  return {.operation = std::move(operation),
          .method = "POST",
          .path = std::move(path),
          .access = Access::tenant_write,
          .summary = "Add a pipeline: which sources and scripts, when, how urgent",
          .body = BodyRow{schema::object(pipeline_properties(Need::required)),
                          {{"name", "nightly"},
                           {"data_sources", {"github"}},
                           {"schedule", {{"cron", "0 3 * * *"}, {"time_zone", "Europe/Berlin"}}}}},
          .answers = {{201, "The new pipeline", schema::ref("Pipeline"), pipeline_example()}},
          .errors = {ErrorCode::already_exists},
          .handler = add};
}

Route removing(std::string operation, std::string path) {
  return {.operation = std::move(operation),
          .method = "DELETE",
          .path = std::move(path),
          .access = Access::tenant_write,
          .summary = "Remove a pipeline; a run of it that waits is cancelled, one that runs goes on to its end",
          .answers = {{.status = 204, .meaning = "It is gone"}},
          .errors = {ErrorCode::conflict},
          .handler = remove};
}

void add_own(Routes& routes, const std::string& base) {
  routes.push_back({.operation = "show_pipeline",
                    .method = "GET",
                    .path = base + "/{pipeline}",
                    .access = Access::tenant_read,
                    .summary = "Show a pipeline",
                    .answers = {{200, "The pipeline", schema::ref("Pipeline"), pipeline_example()}},
                    .handler = show});
  auto changes = pipeline_properties(Need::optional);
  changes.push_back(
      {"version", schema::with(schema::count(), "As it was read: 409 when somebody else was faster"), Need::optional});
  routes.push_back({.operation = "change_pipeline",
                    .method = "PATCH",
                    .path = base + "/{pipeline}",
                    .access = Access::tenant_write,
                    .summary = "Change a pipeline; effective with the next fire",
                    .body = BodyRow{schema::object(changes), {{"schedule", {{"every", "15m"}}}}},
                    .answers = {{200, "The pipeline as it is now", schema::ref("Pipeline"), pipeline_example()}},
                    .errors = {ErrorCode::already_exists, ErrorCode::conflict},
                    .handler = change});
  routes.push_back({.operation = "preview_pipeline",
                    .method = "GET",
                    .path = base + "/{pipeline}/preview",
                    .access = Access::tenant_read,
                    .summary = "The next fires, with what changes of the clock do to them",
                    .query = {{"count", "So many (default 10)", schema::integer(1, 500)},
                              {"from", "After this instant (default: now)", schema::instant()}},
                    .answers = {{200,
                                 "The fires",
                                 schema::page("Fire"),
                                 {{"items",
                                   {{{"at", "2026-02-01T02:00:00Z"},
                                     {"offset_seconds", 3600},
                                     {"clock_change", nullptr},
                                     {"left_out", nullptr}}}},
                                  {"next", nullptr}}}},
                    .errors = {ErrorCode::invalid_input},
                    .handler = preview});
}

}  // namespace

void add_pipelines(Routes& routes) {
  const std::string base = "/api/v1/tenants/{tenant_id}/pipelines";
  const std::string scheduled = "/scheduler/customer/{tenant_id}/pipelines";
  routes.push_back(listing("list_pipelines", base));
  routes.push_back(adding("add_pipeline", base));
  add_own(routes, base);
  routes.push_back(removing("remove_pipeline", base + "/{pipeline}"));
  routes.push_back(listing("scheduler_list_pipelines", scheduled));
  routes.push_back(adding("scheduler_add_pipeline", scheduled));
  routes.push_back(removing("scheduler_remove_pipeline", scheduled + "/{config_id}"));
}

}  // namespace weir::api

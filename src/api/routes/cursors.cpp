#include "orchestrator/cursors.hpp"

#include <fmt/format.h>

#include "api/pages.hpp"
#include "api/routes.hpp"

namespace weir::api {
namespace {

using nlohmann::json;

const json k_cursor_example = {{"data_source", "github"},
                               {"script", "github/issue"},
                               {"partition", "4711"},
                               {"title", "acme/website"},
                               {"cursor_at", "2026-01-31T12:00:00Z"},
                               {"pass_start", nullptr},
                               {"pass_end", nullptr},
                               {"generation", nullptr},
                               {"declaration_hash", "5f70bf18a0860070"},
                               {"unreachable", nullptr},
                               {"probe_at", nullptr},
                               {"checked_at", "2026-01-31T12:00:00Z"},
                               {"updated_at", "2026-01-31T12:00:00Z"},
                               {"version", 17}};

constexpr std::size_t k_place_max = 1000;  // characters

std::string place_of(const json& cursor) {
  return fmt::format("{} {} {}", cursor.at("data_source").get<std::string>(), cursor.at("script").get<std::string>(),
                     cursor.at("partition").get<std::string>());
}

// From such a place; its first two parts have no space.
Result<orchestrator::CursorPlace> place_in(const Request& request) {
  const auto after = request.query_text("after");
  if (!after) return orchestrator::CursorPlace{};
  const auto first = after->find(' '), second = after->find(' ', first + 1);
  if (first == std::string::npos || second == std::string::npos)
    return fail(ErrorCode::usage, "`after` is no `next` of an earlier page");
  return orchestrator::CursorPlace{after->substr(0, first), after->substr(first + 1, second - first - 1),
                                   after->substr(second + 1)};
}

Task<Result<Answer>> list(Services& services, Request request) {
  const auto after = place_in(request);
  if (!after) co_return std::unexpected(after.error());
  auto items = co_await orchestrator::list_cursor_page(
      services.database, request.tenant->id,
      {request.query_text("source"), request.query_text("script"), request.query_text("partition")}, *after,
      page_rows(request));
  for (auto& item : items) item["id"] = place_of(item);
  co_return page_of(request, std::move(items), "id");
}

Task<Result<Answer>> show_history(Services& services, Request request) {
  auto items =
      co_await orchestrator::list_cursor_history(services.database, request.tenant->id, *request.query_text("source"),
                                                 *request.query_text("script"), request.query_text("partition"));
  co_return Answer{.body = {{"items", std::move(items)}, {"next", nullptr}}};
}

std::optional<std::string> text_in(const json& body, const char* name) {
  return body.contains(name) ? std::optional(body[name].get<std::string>()) : std::nullopt;
}

Task<Result<Answer>> change(Services& services, Request request, std::optional<Instant> to) {
  const orchestrator::CursorChange wanted{.data_source = request.body.at("data_source"),
                                          .script = text_in(request.body, "script"),
                                          .partition = text_in(request.body, "partition"),
                                          .to = to};
  const auto changed =
      co_await orchestrator::change_cursors(services.database, request.actor(), *request.tenant, wanted);
  if (!changed) co_return std::unexpected(changed.error());
  co_return Answer{.body = {{"changed", *changed}}};
}

Task<Result<Answer>> set(Services& services, Request request) {
  const auto to = parse_rfc3339(request.body.at("to").get<std::string>());
  co_return co_await change(services, std::move(request), to);
}

Task<Result<Answer>> reset(Services& services, Request request) {
  co_return co_await change(services, std::move(request), std::nullopt);
}

std::vector<Property> cursor_choice() {
  return {{"data_source", schema::name()},
          {"script", schema::with(schema::text(1, 100), "provider/script; absent: all of the source"), Need::optional},
          {"partition", schema::with(schema::text(0, 500), "Absent: all"), Need::optional}};
}

std::vector<Parameter> cursor_filter(Need script = Need::optional) {
  return {{"source", "Only this data source's", schema::name(), script},
          {"script", "Only this script's, provider/script", schema::text(1, 100), script},
          {"partition", "Only this partition's", schema::text(0, 500)}};
}

Route changing(std::string operation, std::string what, std::string summary, BodyRow body, Handler handler) {
  return {.operation = std::move(operation),
          .method = "POST",
          .path = "/api/v1/tenants/{tenant_id}/cursors" + what,
          .access = Access::tenant_write,
          .summary = std::move(summary),
          .body = std::move(body),
          .answers = {{200,
                       "How many cursors were changed",
                       schema::open_object({{"changed", schema::count()}}),
                       {{"changed", 3}}}},
          .errors = {ErrorCode::conflict},
          .handler = handler};
}

}  // namespace

void add_cursors(Routes& routes) {
  const std::string base = "/api/v1/tenants/{tenant_id}/cursors";
  auto listed = k_cursor_example;
  listed["id"] = "github github/issue 4711";
  routes.push_back({.operation = "list_cursors",
                    .method = "GET",
                    .path = base,
                    .access = Access::tenant_read,
                    .summary = "Up to where each part of each script is complete",
                    .query = page_parameters(cursor_filter(), k_place_max),
                    .answers = {{200, "A page", schema::page("Cursor"), {{"items", {listed}}, {"next", nullptr}}}},
                    .handler = list});
  routes.push_back({.operation = "show_cursor_history",
                    .method = "GET",
                    .path = base + "/history",
                    .access = Access::tenant_read,
                    .summary = "What the cursors of a script were, newest first, at most 1,000",
                    .query = cursor_filter(Need::required),
                    .answers = {{200,
                                 "All of them",
                                 schema::page("CursorChange"),
                                 {{"items",
                                   {{{"data_source", "github"},
                                     {"script", "github/issue"},
                                     {"partition", "4711"},
                                     {"cursor_at", nullptr},
                                     {"state", nullptr},
                                     {"version", 1},
                                     {"reason", "reset"},
                                     {"user_id", "alice"},
                                     {"run_id", nullptr},
                                     {"changed_at", "2026-01-31T12:00:00Z"}}}},
                                  {"next", nullptr}}}},
                    .handler = show_history});
  auto set_properties = cursor_choice();
  set_properties.push_back({"to", schema::instant()});
  routes.push_back(changing("set_cursors", "/set", "Collect again from an instant, or skip to one",
                            {schema::object(set_properties),
                             {{"data_source", "github"}, {"script", "github/issue"}, {"to", "2026-01-01T00:00:00Z"}}},
                            set));
  routes.push_back(changing("reset_cursors", "/reset", "Forget cursors: collect everything anew",
                            {schema::object(cursor_choice()), {{"data_source", "github"}}}, reset));
}

}  // namespace weir::api

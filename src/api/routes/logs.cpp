#include <charconv>

#include <fmt/format.h>

#include "api/pages.hpp"
#include "api/problem.hpp"
#include "api/routes.hpp"
#include "api/runs.hpp"
#include "orchestrator/history.hpp"

namespace weir::api {
namespace {

using nlohmann::json;

constexpr auto k_follow_interval = std::chrono::milliseconds(500);

// After which line of which run to go on: RUN.LINE, the "id" of a line.
struct Place {
  std::string run;
  int line = 0;
};

Result<Place> place_of(const std::optional<std::string>& text) {
  if (!text) return Place{};
  const auto dot = text->find('.');
  Place place{.run = text->substr(0, dot)};
  const auto number = dot == std::string::npos ? std::string() : text->substr(dot + 1);
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), place.line);
  if (Uuid::parse(place.run) && error == std::errc() && end == number.data() + number.size() && place.line >= 0)
    return place;
  return fail(ErrorCode::usage, "this is no id of a line");
}

// The lines of a run, or of all runs of a pipeline run, after that place, oldest run first; `limit` at least, if there
// are as many.
Task<json> lines_after(pg::Database& database, TenantId tenant, json run, Place place, std::size_t limit) {
  const auto runs = run.at("kind") == "run" ? json::array({run}) : run.at("runs");
  auto lines = json::array();
  for (const auto& one : runs) {
    const auto id = one.at("id").get<std::string>();
    if (id < place.run) continue;
    const auto more = co_await orchestrator::list_log_lines(database, tenant, RunId(Uuid::parse(id).value_or(Uuid{})),
                                                            id == place.run ? place.line : 0);
    for (auto line : more) {
      line["id"] = fmt::format("{}.{}", id, line.at("line").get<int>());
      line["data_source"] = one.at("data_source");
      line["script"] = one.at("script");
      lines.push_back(std::move(line));
    }
    if (lines.size() >= limit) break;
  }
  co_return lines;
}

Task<Result<Answer>> list(Services& services, Request request) {
  auto run = co_await find_run(services, request);
  if (!run) co_return std::unexpected(run.error());
  auto place = place_of(request.query_text("after"));
  if (!place) co_return std::unexpected(place.error());
  const auto limit = static_cast<std::size_t>(page_rows(request));
  auto lines = co_await lines_after(services.database, request.tenant->id, std::move(*run), std::move(*place), limit);
  co_return page_of(request, std::move(lines), "id");
}

// Lines of runs that began side by side come in the order of the runs, so each run has a place of its own.
using Places = std::map<std::string, int>;

Task<bool> tell_new_lines(pg::Database& database, TenantId tenant, const json& run, Places& places, EventSink& sink) {
  const auto runs = run.at("kind") == "run" ? json::array({run}) : run.at("runs");
  for (const auto& one : runs) {
    const auto id = one.at("id").get<std::string>();
    auto& told = places[id];
    const auto lines =
        co_await orchestrator::list_log_lines(database, tenant, RunId(Uuid::parse(id).value_or(Uuid{})), told);
    for (auto line : lines) {
      told = line.at("line").get<int>();
      line["id"] = fmt::format("{}.{}", id, told);
      line["data_source"] = one.at("data_source");
      line["script"] = one.at("script");
      const bool is_open = co_await sink.send({.id = line["id"], .name = "line", .data = dump(line)});
      if (!is_open) co_return false;
    }
  }
  co_return true;
}

Task<> follow_run(Services& services, Request request, Places places, EventSink& sink) {
  for (;;) {
    const bool is_allowed = co_await tenancy::is_key_valid(services.database, request.key->id);
    if (!is_allowed) throw Failure({ErrorCode::unauthenticated, "the API key was revoked or has expired"});
    const auto run = co_await find_run(services, request);
    if (!run) throw Failure(run.error());
    const bool is_open = co_await tell_new_lines(services.database, request.tenant->id, *run, places, sink);
    if (!is_open) co_return;
    if (is_over(*run)) {
      co_await sink.send({.name = "end", .data = dump({{"status", run->at("status")}})});
      co_return;
    }
    const bool goes_on = co_await sink.pause(k_follow_interval);
    if (!goes_on) co_return;
  }
}

Task<Result<Answer>> follow(Services& services, Request request) {
  const auto run = co_await find_run(services, request);
  if (!run) co_return std::unexpected(run.error());
  const auto place = place_of(request.last_event_id);
  if (!place) co_return std::unexpected(place.error());
  Places places;
  if (place->line > 0) places[place->run] = place->line;
  co_return Answer{.events = [&services, request = std::move(request), places](EventSink& sink) {
    return follow_run(services, request, places, sink);
  }};
}

}  // namespace

void add_logs(Routes& routes) {
  const std::string base = "/api/v1/tenants/{tenant_id}/runs/{run_id}/logs";
  const json example = {{"id", "0197a000-0000-7000-8000-000000000003.1"},
                        {"run_id", "0197a000-0000-7000-8000-000000000003"},
                        {"line", 1},
                        {"at", "2026-01-31T12:00:01Z"},
                        {"level", "warning"},
                        {"message", "the provider said to wait"},
                        {"details", nullptr},
                        {"record_id", nullptr},
                        {"data_source", "github"},
                        {"script", "github/issue"}};
  routes.push_back({.operation = "list_log_lines",
                    .method = "GET",
                    .path = base,
                    .access = Access::tenant_read,
                    .summary = "What a run, or all runs of a pipeline run, had to say",
                    .query = page_parameters(),
                    .answers = {{200, "A page", schema::page("LogLine"), {{"items", {example}}, {"next", nullptr}}}},
                    .handler = list});
  routes.push_back({.operation = "follow_log",
                    .method = "GET",
                    .path = base + "/stream",
                    .access = Access::tenant_read,
                    .summary = "The same as server-sent events until the run is over: `line` for each, `end` with its "
                               "status; `problem` when it cannot go on, as when the key is revoked. Last-Event-ID goes "
                               "on where a stream broke off",
                    .answers = {{.status = 200, .meaning = "Events", .content_type = "text/event-stream"}},
                    .handler = follow});
}

}  // namespace weir::api

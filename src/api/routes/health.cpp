#include <fmt/format.h>

#include "api/routes.hpp"
#include "api/schema.hpp"

namespace weir::api {
namespace {

constexpr pg::Statement k_are_you_there{"api.are_you_there", "SELECT 1"};
constexpr auto k_patience = std::chrono::seconds(5);

Task<Result<Answer>> say_alive(Services& services, Request) {
  co_return Answer{.body = {{"status", "ok"}, {"version", services.version}}};
}

// However many wait for a connection, and whatever the database does: an answer in time.
Task<Result<>> reach_database(pg::Database& database) {
  try {
    co_await database.query(pg::Scope::control(), k_are_you_there, {}, Deadline::in(k_patience));
    co_return Result<>();
  } catch (const Failure& failure) {
    if (failure.error().code != ErrorCode::timed_out) throw;
  }
  co_return fail(ErrorCode::database_unreachable,
                 fmt::format("the database did not answer within {} s", k_patience.count()));
}

Task<Result<Answer>> say_ready(Services& services, Request) {
  if (const auto reached = co_await reach_database(services.database); !reached)
    co_return std::unexpected(reached.error());
  if (services.is_ready)
    if (const auto ready = services.is_ready(); !ready) co_return fail(ErrorCode::stopping, ready.error().message);
  co_return Answer{.body = {{"status", "ready"}}};
}

Task<Result<Answer>> show_metrics(Services& services, Request) {
  std::string text;
  if (services.metrics) text = co_await services.metrics();
  co_return Answer{.text = std::move(text), .content_type = "text/plain; version=0.0.4; charset=utf-8"};
}

Task<Result<Answer>> show_openapi(Services& services, Request) { co_return Answer{.body = services.openapi}; }

}  // namespace

void add_health(Routes& routes) {
  routes.push_back({.operation = "healthz",
                    .method = "GET",
                    .path = "/healthz",
                    .access = Access::open,
                    .summary = "Whether this process lives",
                    .answers = {{200,
                                 "It does",
                                 schema::open_object({{"status", schema::text()}, {"version", schema::text()}}),
                                 {{"status", "ok"}, {"version", "0.1.0"}}}},
                    .handler = say_alive});
  routes.push_back(
      {.operation = "readyz",
       .method = "GET",
       .path = "/readyz",
       .access = Access::open,
       .summary = "Whether this process can serve: the database answers, and it is not stopping",
       .answers = {{200, "It can", schema::open_object({{"status", schema::text()}}), {{"status", "ready"}}}},
       .errors = {ErrorCode::database_unreachable, ErrorCode::stopping},
       .handler = say_ready});
  routes.push_back({.operation = "metrics",
                    .method = "GET",
                    .path = "/metrics",
                    .access = Access::open,
                    .summary = "Counters and gauges for Prometheus; docs/operations.md explains each",
                    .answers = {{.status = 200,
                                 .meaning = "The text format of Prometheus",
                                 .content_type = "text/plain; version=0.0.4; charset=utf-8"}},
                    .errors = {ErrorCode::database_unreachable},
                    .handler = show_metrics});
  routes.push_back({.operation = "openapi",
                    .method = "GET",
                    .path = "/openapi.json",
                    .access = Access::open,
                    .summary = "This interface, as OpenAPI 3.1",
                    .answers = {{200, "The document", schema::open_object({{"openapi", schema::text()}}), nullptr}},
                    .handler = show_openapi});
}

}  // namespace weir::api

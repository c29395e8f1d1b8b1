#include "api/door.hpp"

#include <array>
#include <charconv>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sodium.h>

#include "api/admission.hpp"
#include "api/background.hpp"
#include "api/body.hpp"
#include "api/problem.hpp"
#include "base/log.hpp"

namespace weir::api {
namespace {

constexpr std::size_t k_request_id_max = 100;
constexpr int k_first_error = 400, k_first_fault = 500;
constexpr std::string_view k_health_path = "/healthz";
constexpr auto k_record_patience = std::chrono::seconds(1);

std::unexpected<Error> unfit(const std::vector<std::string>& problems) {
  return fail(ErrorCode::invalid_input, fmt::format("{}", fmt::join(problems, "; ")));
}

std::vector<std::string> check_path(std::map<std::string, std::string>& parameters) {
  std::vector<std::string> problems;
  for (const auto& row : path_parameters())
    if (const auto found = parameters.find(row.name); found != parameters.end())
      for (auto& problem : check_schema(row.schema, components(), found->second, row.name))
        problems.push_back(std::move(problem));
  return problems;
}

// A number in a query is text that must read as one, to its end.
nlohmann::json value_of(const nlohmann::json& schema, const std::string& text) {
  const auto type = schema.value("type", std::string());
  if (type == "boolean" && (text == "true" || text == "false")) return text == "true";
  std::int64_t number = 0;
  const auto* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  if (type == "integer" && error == std::errc() && rest == end) return number;
  return text;
}

Result<> check_query(const Route& route, const std::map<std::string, std::string>& query) {
  for (const auto& [name, text] : query) {
    const auto row = std::ranges::find(route.query, name, &Parameter::name);
    if (row == route.query.end())
      return fail(ErrorCode::usage, fmt::format("the parameter '{}' is not known here", name));
    const auto problems = check_schema(row->schema, components(), value_of(row->schema, text), name);
    if (!problems.empty()) return fail(ErrorCode::usage, fmt::format("{}", fmt::join(problems, "; ")));
  }
  for (const auto& row : route.query)
    if (row.need == Need::required && !query.contains(row.name))
      return fail(ErrorCode::usage, fmt::format("the parameter '{}' is missing", row.name));
  return {};
}

Result<nlohmann::json> check_body(const Route& route, const HttpRequest& raw) {
  if (!route.body) {
    if (raw.body.empty() || raw.body == "{}") return nlohmann::json::object();
    return fail(ErrorCode::usage, "this request takes no body");
  }
  auto body = read_json(raw);
  if (!body) return body;
  const auto problems = check_schema(route.body->schema, components(), *body, "body");
  if (!problems.empty()) return unfit(problems);
  return body;
}

HttpAnswer written(Answer answer) {
  HttpAnswer made{.status = answer.status, .headers = std::move(answer.headers), .events = std::move(answer.events)};
  if (answer.text) {
    made.content_type = std::move(answer.content_type);
    made.body = std::move(*answer.text);
  } else if (made.status != 204 && !made.events) {
    made.body = dump(answer.body);
  }
  return made;
}

void add_headers(const Route& route, Answer& answer) {
  if (route.headers == nullptr || answer.status >= k_first_error) return;
  for (auto& header : route.headers(answer.body)) answer.headers.push_back(std::move(header));
}

std::unexpected<Error> too_much(std::string_view what) {
  return fail(ErrorCode::limited, fmt::format("this API key has as many {} as it may have at once", what));
}

// Its slot is held by the answer, that is until the last event.
EventStream hold(std::shared_ptr<KeyLimit::Slot> slot, EventStream events) {
  return [slot = std::move(slot), events = std::move(events)](EventSink& sink) { return events(sink); };
}

}  // namespace

void log_fault(const std::string& id, std::string_view operation, const Error& error) {
  if (traits(error.code).http_status < k_first_fault) return;
  if (error.code == ErrorCode::stopping || error.code == ErrorCode::limited) return;
  log_error("api: {} failed, request {}: {} {}", operation, id, error.message, error.detail);
}

std::string request_id_of(const HttpRequest& request) {
  auto given = request.header("X-Request-Id").value_or("");
  const auto is_good = [](unsigned char c) {
    return (std::isalnum(c) != 0) || std::string_view("._-").contains(static_cast<char>(c));
  };
  if (!given.empty() && given.size() <= k_request_id_max && std::ranges::all_of(given, is_good)) return given;
  std::array<unsigned char, 12> bytes{};
  randombytes_buf(bytes.data(), bytes.size());
  std::string made(2 * bytes.size() + 1, '\0');
  sodium_bin2hex(made.data(), made.size(), bytes.data(), bytes.size());
  made.resize(2 * bytes.size());
  return made;
}

Door::Door(Services& services, std::vector<Route> routes, DoorSettings settings)
    : services_(services),
      router_(std::move(routes)),
      requests_(settings.requests_per_key_max),
      streams_(settings.streams_per_key_max) {
  services_.openapi = make_openapi(router_.routes(), services_.version);
}

Task<HttpAnswer> Door::handle(HttpRequest request) {
  const auto begun = std::chrono::steady_clock::now();
  const auto id = request_id_of(request);
  const auto method = request.method;
  const auto target = parse_target(request.target);
  const auto match = target ? router_.find(method, *target) : Match{};
  HttpAnswer answer;
  if (target)
    answer = co_await answer_to(std::move(request), *target, match, id);
  else
    answer = problem_answer(target.error(), id);
  answer.headers.emplace_back("X-Request-Id", id);
  answer.headers.emplace_back("Cache-Control", "no-store");
  const auto took = std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - begun);
  const auto operation = match.route != nullptr ? match.route->operation : "unknown";
  log_info("api: {} {} answered {} in {} us, request {}", method, operation, answer.status, took.count(), id);
  if (listener_) listener_({operation, method, answer.status, took});
  co_return answer;
}

Task<HttpAnswer> Door::answer_to(HttpRequest raw, Target target, Match match, std::string id) {
  Error error;
  try {
    auto answer = co_await serve(raw, std::move(target), match, id);
    if (answer) co_return written(std::move(*answer));
    error = answer.error();
  } catch (...) {
    error = current_error();
  }
  log_fault(id, match.route != nullptr ? match.route->operation : "unknown", error);
  auto problem = problem_answer(error, id);
  if (error.code == ErrorCode::method_not_allowed)
    problem.headers.emplace_back("Allow", fmt::format("{}", fmt::join(match.allowed, ", ")));
  co_return problem;
}

Task<Result<Answer>> Door::serve(HttpRequest raw, Target target, Match match, std::string id) {
  if (match.allowed.empty())
    co_return fail(ErrorCode::not_found, "there is no such path; /openapi.json lists what there is");
  if (match.route == nullptr)
    co_return fail(ErrorCode::method_not_allowed,
                   fmt::format("this path knows only {}", fmt::join(match.allowed, ", ")));
  const auto& route = *match.route;
  if (is_closed_ && route.path != k_health_path)
    co_return fail(ErrorCode::stopping, "this process is stopping; another one will answer");
  Request request{.id = std::move(id)};
  const auto tenant = match.parameters.extract("tenant_id");
  request.path = std::move(match.parameters);
  request.query = std::move(target.query);
  request.last_event_id = raw.header("Last-Event-ID");
  auto admitted = co_await admit(services_.database, route, raw, tenant.empty() ? std::string() : tenant.mapped(),
                                 std::move(request));
  if (!admitted) co_return std::unexpected(admitted.error());
  if (!admitted->key) co_return co_await serve_admitted(route, std::move(raw), std::move(*admitted));
  const auto key = admitted->key->id;
  const auto slot = requests_.enter(key);
  if (!slot) co_return too_much("requests at work");
  auto answer = co_await serve_admitted(route, std::move(raw), std::move(*admitted));
  if (!answer || !answer->events) co_return answer;
  auto stream = streams_.enter(key);
  if (!stream) co_return too_much("event streams");
  answer->events = hold(std::move(stream), std::move(answer->events));
  co_return answer;
}

Task<Result<Answer>> Door::serve_admitted(const Route& route, HttpRequest raw, Request request) {
  if (const auto problems = check_path(request.path); !problems.empty())
    co_return fail(ErrorCode::not_found, fmt::format("{}", fmt::join(problems, "; ")));
  if (const auto good = check_query(route, request.query); !good) co_return std::unexpected(good.error());
  auto body = check_body(route, raw);
  if (!body) co_return std::unexpected(body.error());
  request.body = std::move(*body);
  auto answer = co_await serve_once(route, std::move(raw), std::move(request));
  if (answer) add_headers(route, *answer);
  co_return answer;
}

Task<Result<Answer>> Door::serve_once(const Route& route, HttpRequest raw, Request request) {
  const auto given = raw.header("Idempotency-Key");
  if (!given || route.method != "POST" || !request.key) co_return co_await route.handler(services_, std::move(request));
  if (const auto good = check_idempotency_key(*given); !good) co_return std::unexpected(good.error());
  const Secret presented(raw.header("X-API-Key").value_or(""));
  const auto tenant = request.tenant ? std::optional(request.tenant->id) : request.key->tenant;
  const IdempotencyKey key{request.key->id, tenant, *given, hash_request(presented, raw.method, raw.target, raw.body)};
  const auto first = co_await begin_once(services_.database, key);
  if (!first) co_return std::unexpected(first.error());
  if (*first)
    co_return Answer{.status = (*first)->status, .body = (*first)->body, .headers = {{"Idempotency-Replayed", "true"}}};
  co_return co_await begin_and_end(route, std::move(request), key);
}

// However it ends, the client is answered: when the database is away, the record is completed as soon as it is back.
Task<Result<Answer>> Door::begin_and_end(const Route& route, Request request, IdempotencyKey key) {
  Result<Answer> answer = fail(ErrorCode::internal, "");
  std::exception_ptr failure;
  try {
    answer = co_await route.handler(services_, std::move(request));
  } catch (...) {
    failure = std::current_exception();
  }
  std::optional<StoredAnswer> kept;
  if (!failure && answer && answer->status < k_first_error) {
    kept = {answer->status, answer->stored.value_or(answer->body)};
    if (answer->tenant) key.tenant = answer->tenant;
  }
  auto ending = end_once(services_.database, std::move(key), std::move(kept));
  co_await services_.background.run<void>("the end of a request", std::move(ending), k_record_patience);
  if (failure) std::rethrow_exception(failure);
  co_return answer;
}

}  // namespace weir::api

#include "provider-sim/server/provider.hpp"

#include <fmt/format.h>

#include "provider-sim/base/dice.hpp"

namespace weir::sim {
namespace {

PageFault page_fault(const std::optional<Fault>& fault) {
  if (!fault) return PageFault::none;
  switch (fault->kind) {
    case FaultKind::duplicate_page: return PageFault::duplicate;
    case FaultKind::short_page: return PageFault::short_page;
    case FaultKind::self_link: return PageFault::self_link;
    default: return PageFault::none;
  }
}

}  // namespace

Request make_request(std::string method, std::string target) {
  Request request{.method = std::move(method), .target = std::move(target)};
  const auto question = request.target.find('?');
  request.path = request.target.substr(0, question);
  if (question != std::string::npos) request.query = Query(std::string_view(request.target).substr(question + 1));
  if (request.path.starts_with("/api/v3/"))
    request.path.erase(0, 7);
  else if (request.path == "/api/graphql")
    request.path = "/graphql";
  return request;
}

Provider::Provider(Options options, Origins origins, SimClock& clock)
    : options_(std::move(options)),
      clock_(clock),
      world_(options_.world),
      renderer_(world_, std::move(origins)),
      rest_(world_, renderer_, options_.rest, options_.cache_bytes_max),
      graphql_(options_.cache_bytes_max / 4),
      log_(options_.log_entries_max) {
  const auto add = [this](TokenSpec spec) {
    if (spec.login.empty() && spec.installation == 0) spec.login = world_.account(world_.members().front()).login;
    const Account* account = world_.find_account(spec.login);
    credentials_.add(std::move(spec), account ? account->id : 0);
  };
  if (!options_.default_token.empty()) add({.token = options_.default_token, .limits = options_.limits});
  for (const TokenSpec& spec : options_.tokens) add(spec);
}

LogEntry& Provider::entry(Exchange& exchange) {
  LogEntry* found = log_.find(exchange.sequence);
  return found ? *found : lost_entry_;
}

std::unique_ptr<Provider::Exchange> Provider::begin(Request request) {
  auto exchange = std::make_unique<Exchange>();
  exchange->request = std::move(request);
  const auto& path = exchange->request.path;
  exchange->bucket = path == "/graphql"             ? Bucket::graphql
                     : path.starts_with("/search/") ? Bucket::search
                                                    : Bucket::core;
  auto refused = refuse_credentials(*exchange);
  exchange->identity = &credentials_.identity(exchange->token);
  Identity& identity = *exchange->identity;
  identity.in_flight_max = std::max(identity.in_flight_max, ++identity.in_flight);
  const auto resource = k_bucket_names[static_cast<std::size_t>(exchange->bucket)];
  auto& logged = log_.add({.identity = identity.name(),
                           .method = exchange->request.method,
                           .target = exchange->request.target,
                           .resource = std::string(resource),
                           .started_at = clock_.real_now(),
                           .in_flight = identity.in_flight,
                           .late_ms = lateness(*exchange)});
  exchange->sequence = logged.sequence;
  logged.credential = fmt::format("{:016x}", hash_text(Credentials::token_of(exchange->request.authorization)));
  if (logged.late_ms > 1'000) ++late_count_;
  late_max_ms_ = std::max(late_max_ms_, logged.late_ms);

  const auto subject = exchange->bucket == Bucket::graphql ? exchange->request.target + " " + exchange->request.body
                                                           : exchange->request.target;
  if (const Fault* fault = faults_.strike(subject, resource, identity.name())) {
    exchange->fault = *fault;
    logged.fault = fault_name(fault->kind);
  }
  exchange->delay = options_.latency;
  if (options_.latency_jitter.count() > 0)
    exchange->delay += std::chrono::milliseconds(mix(exchange->sequence) %
                                                 static_cast<std::uint64_t>(options_.latency_jitter.count()));
  exchange->decided = std::move(refused);
  if (!exchange->decided) exchange->decided = refuse_form(exchange->request);
  const bool is_free = options_.is_enterprise || path == "/rate_limit" || path.starts_with("/app");
  if (!exchange->decided && !is_free) exchange->decided = refuse_secondary(*exchange);
  if (!exchange->decided && exchange->fault) apply_fault(*exchange);
  if (!exchange->decided && !is_free) exchange->decided = refuse_primary(*exchange);
  return exchange;
}

Response Provider::answer(Exchange& exchange) {
  Response response;
  const auto& path = exchange.request.path;
  if (exchange.decided)
    response = std::move(*exchange.decided);
  else if (path == "/graphql")
    response = answer_graphql(exchange);
  else if (path == "/rate_limit")
    response = answer_rate_limit(exchange);
  else if (path == "/app" || path.starts_with("/app/") || path.ends_with("/installation"))
    response = answer_app(exchange);
  else
    response = answer_rest(exchange);
  if (response.status == 304 && entry(exchange).counted > 0) {
    entry(exchange).counted = 0;
    auto& window = exchange.identity->window(exchange.bucket, clock_.seconds());
    if (window.used > 0) --window.used;
  }
  if (exchange.fault) spoil_body(*exchange.fault, response);
  add_headers(exchange, response);
  if (exchange.fault && exchange.fault->kind == FaultKind::drift) drift(exchange.request);
  return response;
}

void Provider::end(Exchange& exchange, int status, std::uint64_t bytes) {
  --exchange.identity->in_flight;
  LogEntry& logged = entry(exchange);
  logged.finished_at = clock_.real_now();
  logged.status = status;
  logged.bytes = bytes;
  if (logged.refusal.empty()) return;
  for (const auto& key : told_keys(exchange)) {
    const auto told = told_.find(key);
    if (told != told_.end() && told->second.at == Instant::max()) told->second.at = logged.finished_at;
  }
}

Response Provider::answer_rest(Exchange& exchange) {
  const Caller caller(world_, exchange.token);
  return rest_.answer(exchange.request, caller, page_fault(exchange.fault));
}

Response Provider::answer_graphql(Exchange& exchange) {
  if (exchange.request.method != "POST") return json_response(404, error_answer(404, "Not Found").body);
  if (!exchange.token)
    return json_response(401, error_answer(401, "This endpoint requires you to be authenticated.").body);
  const Caller caller(world_, exchange.token);
  auto& window = exchange.identity->window(Bucket::graphql, clock_.seconds());
  const bool is_partial = exchange.fault && exchange.fault->kind == FaultKind::graphql_partial;
  const auto result = graphql_.answer(
      {.world = world_, .renderer = renderer_, .caller = caller, .budget = window, .broken_node = is_partial ? 2U : 0U},
      exchange.request.body, options_.is_enterprise ? nullptr : &window);
  entry(exchange).counted = result.cost;
  return json_response(result.status, result.body);
}

Response Provider::answer_rate_limit(Exchange& exchange) {
  if (options_.is_enterprise) return json_response(404, error_answer(404, "Rate limiting is not enabled.").body);
  std::string body;
  JsonWriter json(body);
  const auto write = [&](Bucket bucket) {
    auto& window = exchange.identity->window(bucket, clock_.seconds());
    json.begin_object().field("limit", window.limit).field("used", std::min(window.used, window.limit));
    json.field("remaining", window.remaining())
        .field("reset", (window.reset + clock_.skew()).time_since_epoch().count())
        .end_object();
  };
  json.begin_object().key("resources").begin_object();
  for (std::size_t i = 0; i < k_bucket_names.size(); ++i) {
    json.key(k_bucket_names[i]);
    write(static_cast<Bucket>(i));
  }
  json.end_object();
  if (exchange.request.api_version != "2026-03-10") {
    json.key("rate");
    write(Bucket::core);
  }
  json.end_object();
  return json_response(200, std::move(body));
}

void Provider::add_headers(Exchange& exchange, Response& response) {
  auto& headers = response.headers;
  headers.emplace_back("Server", "github.com");
  headers.emplace_back("Date", format_http_date(clock_.shown()));
  headers.emplace_back("X-GitHub-Request-Id", fmt::format("{:04X}:51A0:{:06X}", exchange.sequence & 0xffff,
                                                          mix(exchange.sequence) & 0xffffff));
  headers.emplace_back("X-GitHub-Media-Type", "github.v3; format=json");
  headers.emplace_back("x-github-api-version-selected",
                       exchange.request.api_version.empty() ? "2022-11-28" : exchange.request.api_version);
  if (exchange.token && exchange.token->installation == 0) {
    headers.emplace_back("X-OAuth-Scopes", fmt::format("{}", fmt::join(exchange.token->scopes, ", ")));
    headers.emplace_back("X-Accepted-OAuth-Scopes", "repo");
  }
  if (options_.is_enterprise || response.status == 401) return;
  const auto& window = exchange.identity->window(exchange.bucket, clock_.seconds());
  headers.emplace_back("X-RateLimit-Limit", std::to_string(window.limit));
  headers.emplace_back("X-RateLimit-Remaining", std::to_string(window.remaining()));
  headers.emplace_back("X-RateLimit-Reset", std::to_string((window.reset + clock_.skew()).time_since_epoch().count()));
  headers.emplace_back("X-RateLimit-Used", std::to_string(std::min(window.used, window.limit)));
  headers.emplace_back("X-RateLimit-Resource", k_bucket_names[static_cast<std::size_t>(exchange.bucket)]);
}

// Somebody edits a record of that repository while it is being paged through.
void Provider::drift(const Request& request) {
  ActivityPlan plan;
  plan.counts = {{"issue_edit", 1}, {"pull_edit", 1}};
  if (const Repository* repository = rest_.repository_of(request.path)) plan.repositories.push_back(repository->name);
  Activity(world_, mix(options_.world.seed, ++activity_round_, 81))
      .perform(plan, clock_.seconds() - std::chrono::seconds(1), clock_.seconds());
}

}  // namespace weir::sim

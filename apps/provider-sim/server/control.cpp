#include "provider-sim/server/control.hpp"

#include <fmt/format.h>

#include "provider-sim/base/dice.hpp"
#include "provider-sim/graphql/schema.hpp"
#include "provider-sim/truth/truth.hpp"

namespace weir::sim {
namespace {

Response problem(const Error& error) {
  return json_response(traits(error.code).http_status, nlohmann::json{{"message", error.message}}.dump());
}
Response problem(std::string message) {
  return problem({.code = ErrorCode::invalid_input, .message = std::move(message)});
}
Response done(const nlohmann::json& json = {{"ok", true}}) { return json_response(200, json.dump()); }

Response lines(std::string text) {
  auto response = json_response(200, std::move(text));
  response.headers.front().second = "application/x-ndjson";
  return response;
}

}  // namespace

Response Control::answer(const Request& request) {
  try {
    return route(request);
  } catch (const nlohmann::json::exception& error) {
    return problem(error.what());
  }
}

Response Control::route(const Request& request) {
  const std::string_view path = std::string_view(request.path).substr(5);
  if (request.method == "GET") {
    if (path.starts_with("/truth/")) return truth(request, path.substr(7));
    if (path == "/truth") return done(truth_resources());
    if (path == "/log")
      return lines(
          provider_.log_.text(static_cast<std::uint64_t>(parse_integer(request.query.get("after", "0")).value_or(0))));
    if (path == "/stats") return stats();
    if (path == "/faults") return done(provider_.faults_.describe());
    if (path == "/schema") return done(graphql::describe_schema());
    if (path == "/repositories") return repositories();
    return problem(Error{.code = ErrorCode::not_found,
                         .message = fmt::format("/_sim{} is not there; see the simulator's README", path)});
  }
  const auto json = request.body.empty() ? nlohmann::json::object() : nlohmann::json::parse(request.body);
  if (path == "/advance") return advance(json);
  if (path == "/tokens") return add_token(json);
  if (path == "/tokens/revoke")
    return done({{"revoked", provider_.credentials_.remove(json.at("token").get<std::string>())}});
  if (path == "/limits") return set_limits(json);
  if (path == "/clock") return set_clock(json);
  if (path == "/log/clear") {
    provider_.log_.clear();
    provider_.late_count_ = 0;
    provider_.late_max_ms_ = 0;
    return done();
  }
  if (path == "/faults") {
    const auto loaded = provider_.faults_.load(json);
    return loaded ? done(provider_.faults_.describe()) : problem(loaded.error());
  }
  return problem(Error{.code = ErrorCode::not_found,
                       .message = fmt::format("/_sim{} is not there; see the simulator's README", path)});
}

Response Control::advance(const nlohmann::json& json) {
  for (const auto& [key, value] : json.items())
    if (key != "seconds" && key != "activity")
      return problem(fmt::format("advance: \"{}\" is not known; there are seconds and activity", key));
  const auto step = std::chrono::seconds(json.value("seconds", std::int64_t{0}));
  if (step.count() < 0) return problem("advance: time does not go back");
  const auto plan = parse_activity(json.contains("activity") ? json["activity"] : nlohmann::json());
  if (!plan) return problem(plan.error());
  const Time from = provider_.clock_.seconds();
  provider_.clock_.advance(step);
  for (auto& [key, told] : provider_.told_) told.until -= step;
  Activity activity(provider_.world_, mix(provider_.options_.world.seed, ++provider_.activity_round_, 82));
  auto events = activity.perform(*plan, from, provider_.clock_.seconds());
  return done({{"now", format_time(provider_.clock_.seconds())}, {"events", std::move(events)}});
}

Response Control::add_token(const nlohmann::json& json) {
  auto spec = parse_token(json);
  if (!spec) return problem(spec.error());
  if (spec->login.empty() && spec->installation == 0)
    spec->login = provider_.world_.account(provider_.world_.members().front()).login;
  const Account* account = provider_.world_.find_account(spec->login);
  if (!account && spec->installation == 0) return problem(fmt::format("token: no user is called \"{}\"", spec->login));
  provider_.credentials_.add(std::move(*spec), account ? account->id : 0);
  return done();
}

Response Control::set_limits(const nlohmann::json& json) {
  auto& limits = provider_.options_.secondary;
  for (const auto& [key, value] : json.items()) {
    if (key == "concurrency")
      limits.concurrency_max = value.get<std::size_t>();
    else if (key == "rest_points_per_minute")
      limits.rest_points_per_minute = value.get<std::int64_t>();
    else if (key == "graphql_points_per_minute")
      limits.graphql_points_per_minute = value.get<std::int64_t>();
    else if (key == "wait_seconds")
      limits.wait = std::chrono::seconds(value.get<std::int64_t>());
    else if (key == "primary_status")
      provider_.options_.primary_status = value.get<int>();
    else if (key == "form" && parse_refusal_form(value.get<std::string>()))
      limits.form = *parse_refusal_form(value.get<std::string>());
    else
      return problem(fmt::format("limits: \"{}\" is not known or has a wrong value", key));
  }
  return done();
}

Response Control::set_clock(const nlohmann::json& json) {
  provider_.clock_.set_skew(std::chrono::seconds(json.value("skew_seconds", std::int64_t{0})));
  return done({{"now", format_time(provider_.clock_.seconds())}, {"shown", format_time(provider_.clock_.shown())}});
}

Response Control::truth(const Request& request, std::string_view resource) {
  auto text = tell_truth(provider_.world_, resource, parse_truth_options(request.query));
  return text ? lines(std::move(*text)) : problem(text.error());
}

Response Control::repositories() const {
  const World& world = provider_.world_;
  nlohmann::json list = nlohmann::json::array();
  for (const auto& repository : world.repositories())
    list.push_back({{"id", repository->id},
                    {"full_name", world.full_name(*repository)},
                    {"empty", repository->is_empty()},
                    {"archived", repository->is_archived},
                    {"deleted", repository->is_deleted},
                    {"issues", repository->has_issues},
                    {"blocked", repository->block != Block::none},
                    {"commits", repository->commits.size()}});
  return done(list);
}

Response Control::stats() const {
  nlohmann::json identities = nlohmann::json::object();
  for (auto& [name, identity] : provider_.credentials_.identities()) {
    auto& entry = identities[name];
    entry["in_flight"] = identity.in_flight;
    entry["in_flight_max"] = identity.in_flight_max;
    for (std::size_t i = 0; i < k_bucket_names.size(); ++i) {
      const auto& window = identity.window(static_cast<Bucket>(i), provider_.clock_.seconds());
      entry[std::string(k_bucket_names[i])] = {
          {"limit", window.limit}, {"used", window.used}, {"reset", window.reset.time_since_epoch().count()}};
    }
  }
  std::map<std::string, std::uint64_t> statuses;
  std::uint64_t counted = 0;
  for (const LogEntry& entry : provider_.log_.entries()) {
    ++statuses[std::to_string(entry.status)];
    counted += static_cast<std::uint64_t>(entry.counted);
  }
  const auto& cache = provider_.rest_.cache();
  return done({{"now", format_time(provider_.clock_.seconds())},
               {"requests", provider_.log_.entries().size()},
               {"statuses", statuses},
               {"counted", counted},
               {"late_requests", provider_.late_count_},
               {"late_max_ms", provider_.late_max_ms_},
               {"identities", identities},
               {"cache", {{"bytes", cache.bytes()}, {"hits", cache.hits()}, {"misses", cache.misses()}}}});
}

}  // namespace weir::sim

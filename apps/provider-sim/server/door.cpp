// What is decided when a request arrives: form, credentials, limits.
#include <fmt/format.h>

#include "provider-sim/base/dice.hpp"
#include "provider-sim/server/provider.hpp"

namespace weir::sim {
namespace {

constexpr std::string_view k_limit_document = "https://docs.github.com/rest/overview/rate-limits-for-the-rest-api";

Response plain_error(int status, std::string_view message, std::string_view documentation = {}) {
  auto answer = error_answer(status, message, documentation);
  return json_response(status, std::move(answer.body));
}

std::string label(const Identity& identity) {
  return identity.user_id() == 0 ? "127.0.0.1" : fmt::format("user ID {}", identity.user_id());
}

}  // namespace

std::optional<Response> Provider::refuse_form(const Request& request) const {
  if (request.user_agent.empty()) {
    Response response{
        .status = 403,
        .body = std::make_shared<const std::string>(
            "\r\nRequest forbidden by administrative rules. Please make sure your request has a User-Agent header "
            "(https://docs.github.com/en/rest/overview/resources-in-the-rest-api#user-agent-required). Check "
            "https://developer.github.com for other possible causes.\r\n")};
    response.headers.emplace_back("Content-Type", "text/html; charset=utf-8");
    return response;
  }
  const auto& version = request.api_version;
  if (version.empty() || version == "2022-11-28" || version == "2026-03-10") return std::nullopt;
  const bool is_date = version.size() == 10 && version[4] == '-' && version[7] == '-';
  if (is_date && version < "2022-11-28")
    return plain_error(410, fmt::format("API version \"{}\" is no longer supported.", version));
  return plain_error(400, fmt::format("API version \"{}\" is not a supported version.", version),
                     "https://docs.github.com/rest/about-the-rest-api/api-versions");
}

std::optional<Response> Provider::refuse_credentials(Exchange& exchange) {
  const bool is_app_route = exchange.request.path == "/app" || exchange.request.path.starts_with("/app/") ||
                            exchange.request.path.ends_with("/installation");
  if (exchange.request.authorization.empty() || is_app_route) return std::nullopt;
  const TokenSpec* token = credentials_.find(exchange.request.authorization, clock_.seconds());
  if (!token) return plain_error(401, "Bad credentials");
  exchange.kept_token = *token;
  exchange.token = &*exchange.kept_token;
  return std::nullopt;
}

std::array<std::string, 2> Provider::told_keys(const Exchange& exchange) const {
  const auto& identity = exchange.identity->name();
  return {identity, fmt::format("{} {}", identity, k_bucket_names[static_cast<std::size_t>(exchange.bucket)])};
}

// Remembers what the client will have been told once this answer has been sent.
void Provider::tell(Exchange& exchange, std::string_view refusal, std::chrono::seconds wait, bool is_whole_identity) {
  entry(exchange).refusal = refusal;
  const Instant now = clock_.real_now();
  auto& told = told_[told_keys(exchange)[is_whole_identity ? 0 : 1]];
  if (told.until <= now) told.at = Instant::max();
  told.until = std::max(told.until, now + wait);
}

std::int64_t Provider::lateness(const Exchange& exchange) const {
  const Instant now = clock_.real_now();
  std::int64_t late = 0;
  for (const auto& key : told_keys(exchange)) {
    const auto told = told_.find(key);
    if (told == told_.end() || now >= told->second.until || told->second.at > now) continue;
    late = std::max(late, std::chrono::duration_cast<std::chrono::milliseconds>(now - told->second.at).count());
  }
  return late;
}

Response Provider::secondary_refusal(Exchange& exchange, std::chrono::seconds wait, const RefusalForm& form) {
  tell(exchange, "secondary", wait, true);
  const auto message =
      form.is_abuse_text
          ? "You have triggered an abuse detection mechanism. Please wait a few minutes before you try again."
          : "You have exceeded a secondary rate limit. Please wait a few minutes before you try again. If you reach "
            "out to GitHub "
            "Support for help, please include the request ID.";
  auto response =
      plain_error(form.status, message,
                  "https://docs.github.com/rest/overview/rate-limits-for-the-rest-api#about-secondary-rate-limits");
  if (form.after == RefusalForm::After::seconds)
    response.headers.emplace_back("Retry-After", std::to_string(wait.count()));
  if (form.after == RefusalForm::After::date)
    response.headers.emplace_back("Retry-After", format_http_date(clock_.shown() + wait));
  return response;
}

std::optional<Response> Provider::refuse_secondary(Exchange& exchange) {
  Identity& identity = *exchange.identity;
  const Instant now = clock_.now();
  if (identity.refused_until && now < *identity.refused_until) {
    const auto left = std::chrono::ceil<std::chrono::seconds>(*identity.refused_until - now);
    return secondary_refusal(exchange, left, identity.refusal);
  }
  const auto& limits = options_.secondary;
  bool is_over = limits.concurrency_max > 0 && identity.in_flight > limits.concurrency_max;
  const auto points_max =
      exchange.bucket == Bucket::graphql ? limits.graphql_points_per_minute : limits.rest_points_per_minute;
  if (points_max > 0) {
    identity.count_points(exchange.request.method == "GET" || exchange.bucket == Bucket::graphql ? 1 : 5,
                          exchange.bucket, clock_.seconds());
    is_over = is_over || identity.points_last_minute(exchange.bucket, clock_.seconds()) > points_max;
  }
  if (!is_over) return std::nullopt;
  identity.refused_until = now + limits.wait;
  identity.refusal = limits.form;
  return secondary_refusal(exchange, limits.wait, limits.form);
}

std::optional<Response> Provider::refuse_primary(Exchange& exchange) {
  auto& window = exchange.identity->window(exchange.bucket, clock_.seconds());
  if (window.remaining() > 0) {
    if (exchange.bucket != Bucket::graphql) {
      ++window.used;
      entry(exchange).counted = 1;
    }
    return std::nullopt;
  }
  tell(exchange, "primary", std::chrono::ceil<std::chrono::seconds>(window.reset - clock_.now()), false);
  const auto who = label(*exchange.identity);
  if (exchange.bucket == Bucket::graphql) {
    nlohmann::json error{{"type", options_.graphql_limit_type},
                         {"message", fmt::format("API rate limit exceeded for {}.", who)}};
    if (options_.graphql_limit_type == "RATE_LIMIT") {
      error["code"] = "graphql_rate_limit";
      error["message"] = fmt::format("API rate limit already exceeded for {}.", who);
    }
    return json_response(200, nlohmann::json{{"errors", {error}}}.dump());
  }
  return plain_error(
      options_.primary_status,
      fmt::format("API rate limit exceeded for {}. If you reach out to GitHub Support for help, please include the "
                  "request ID and timestamp.",
                  who),
      k_limit_document);
}

}  // namespace weir::sim

#include "plugin/trial/exchange.hpp"

#include <algorithm>
#include <array>
#include <fstream>

#include <fmt/format.h>

namespace weir::plugin {
namespace {

using nlohmann::json;

constexpr std::string_view k_taken_out = "***";
constexpr std::size_t k_secret_bytes_min = 4;  // shorter ones would take out half of the text

constexpr std::array<std::string_view, 8> k_harmless{"content-type", "date",        "etag",     "last-modified",
                                                     "link",         "retry-after", "location", "x-total"};
constexpr std::array<std::string_view, 5> k_harmless_prefixes{"x-ratelimit-", "ratelimit", "x-next-page", "x-page",
                                                              "x-github-"};

bool is_harmless(std::string_view name) {
  const auto begins_with = [&](std::string_view prefix) {
    return name.size() >= prefix.size() && http::equals_ignoring_case(name.substr(0, prefix.size()), prefix);
  };
  return std::ranges::any_of(k_harmless, [&](auto known) { return http::equals_ignoring_case(name, known); }) ||
         std::ranges::any_of(k_harmless_prefixes, begins_with);
}

bool speaks_of_a_secret(std::string_view name) {
  constexpr std::array<std::string_view, 6> k_words{"token",       "secret",  "password",
                                                    "private_key", "api_key", "credential"};
  return std::ranges::any_of(k_words, [&](auto word) { return http::contains_ignoring_case(name, word); });
}

std::string dump(const json& value) { return value.dump(-1, ' ', false, json::error_handler_t::replace); }

Result<http::Headers> parse_headers(const json& headers) {
  http::Headers parsed;
  for (const auto& [name, value] : headers.items())
    parsed.add(name, value.is_string() ? value.get<std::string>() : dump(value));
  return parsed;
}

}  // namespace

std::string Exchange::body_text() const {
  if (body.is_null()) return {};
  return body.is_string() ? body.get<std::string>() : dump(body);
}

json body_document(std::string_view body) {
  if (body.empty()) return nullptr;
  auto parsed = json::parse(body, nullptr, false);
  return parsed.is_structured() ? parsed : json(std::string(body));
}

json to_json(const Exchange& exchange) {
  json request{{"method", exchange.method}, {"url", exchange.url}};
  if (!exchange.request_body.is_null()) request["body"] = exchange.request_body;
  json headers = json::object();
  for (const auto& header : exchange.headers) headers[header.name] = header.value;
  json response{{"status", exchange.status}, {"headers", std::move(headers)}};
  if (!exchange.body.is_null()) response["body"] = exchange.body;
  return {{"request", std::move(request)}, {"response", std::move(response)}};
}

Result<Exchange> parse_exchange(const json& document) {
  const auto is_mapping = [&](const char* key) {
    return document.is_object() && document.contains(key) && document[key].is_object();
  };
  if (!is_mapping("request") || !is_mapping("response"))
    return fail(ErrorCode::invalid_input, "an exchange has a request and a response");
  const auto& request = document["request"];
  const auto& response = document["response"];
  Exchange exchange;
  if (!request.contains("url") || !request["url"].is_string())
    return fail(ErrorCode::invalid_input, "the request of an exchange has no url");
  exchange.url = request["url"].get<std::string>();
  if (request.contains("method") && request["method"].is_string())
    exchange.method = request["method"].get<std::string>();
  if (request.contains("body")) exchange.request_body = request["body"];
  if (response.contains("status")) {
    if (!response["status"].is_number_integer())
      return fail(ErrorCode::invalid_input, fmt::format("the answer to {} has no number as status", exchange.url));
    exchange.status = response["status"].get<int>();
  }
  if (response.contains("headers") && response["headers"].is_object()) {
    auto headers = parse_headers(response["headers"]);
    if (!headers) return std::unexpected(headers.error());
    exchange.headers = std::move(*headers);
  }
  if (response.contains("body")) exchange.body = response["body"];
  return exchange;
}

Result<std::vector<Exchange>> read_exchanges(const std::filesystem::path& file) {
  std::ifstream in(file);
  if (!in) return fail(ErrorCode::not_found, fmt::format("{} cannot be read", file.string()));
  std::vector<Exchange> exchanges;
  std::string line;
  for (int number = 1; std::getline(in, line); ++number) {
    if (line.empty()) continue;
    auto exchange = parse_exchange(json::parse(line, nullptr, false));
    if (!exchange)
      return fail(ErrorCode::invalid_input, fmt::format("{}:{}: {}", file.string(), number, exchange.error().message));
    exchanges.push_back(std::move(*exchange));
  }
  return exchanges;
}

Scrubber::Scrubber(const tenancy::Environment& environment) {
  for (const auto& [name, secret] : environment.secrets())
    if (secret.reveal().size() >= k_secret_bytes_min) secrets_.push_back(secret);
}

void Scrubber::scrub(std::string& text) const {
  for (const auto& secret : secrets_)
    for (auto at = text.find(secret.reveal()); at != text.npos; at = text.find(secret.reveal(), at + 1))
      text.replace(at, secret.reveal().size(), k_taken_out);
}

void Scrubber::scrub(json& value) const {
  if (value.is_string()) return scrub(value.get_ref<std::string&>());
  if (value.is_array())
    for (auto& item : value) scrub(item);
  if (!value.is_object()) return;
  for (auto& [name, member] : value.items()) {
    if (member.is_string() && speaks_of_a_secret(name))
      member = k_taken_out;
    else
      scrub(member);
  }
}

void Scrubber::scrub(Exchange& exchange) const {
  http::Headers kept;
  for (const auto& header : exchange.headers) {
    auto value = header.value;
    scrub(value);
    if (is_harmless(header.name)) kept.add(header.name, value);
  }
  exchange.headers = std::move(kept);
  scrub(exchange.url);
  scrub(exchange.request_body);
  scrub(exchange.body);
}

}  // namespace weir::plugin

#include "http/answer_class.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace weir::http {
namespace {

using enum AnswerClass;

constexpr std::size_t k_message_bytes_max = 200;

bool holds(const AnswerRule& rule, const AnswerView& answer) {
  if (!rule.statuses.empty() && std::ranges::find(rule.statuses, answer.status) == rule.statuses.end()) return false;
  if (!rule.header.empty()) {
    const auto value = answer.headers.get(rule.header);
    if (!value || !contains_ignoring_case(*value, rule.header_contains)) return false;
  }
  return rule.body_contains.empty() ||
         contains_ignoring_case(answer.body.substr(0, k_rule_bytes_max), rule.body_contains);
}

bool is_html(const AnswerView& answer) {
  return answer.headers.get("Content-Type").value_or("").starts_with("text/html");
}

bool is_login_page(std::string_view body) {
  constexpr std::array k_signs{"type=\"password\"", "type='password'", "type=password",
                               "<title>log in",     "<title>login",    "<title>sign in"};
  const auto head = body.substr(0, k_rule_bytes_max);
  return std::ranges::any_of(k_signs, [&](const char* sign) { return contains_ignoring_case(head, sign); });
}

// Whether a 403 is a limit in disguise (GitHub's primary and secondary limits, among others).
bool has_rate_evidence(const AnswerView& answer, const RateObservation& seen) {
  if (seen.retry_after || seen.is_exhausted()) return true;
  const auto head = answer.body.substr(0, k_rule_bytes_max);
  return contains_ignoring_case(head, "rate limit") || contains_ignoring_case(head, "abuse detection");
}

AnswerClass meaning_of(const AnswerView& answer, const RateObservation& seen) {
  const auto status = answer.status;
  if (status == 429) return limited;
  if (status == 403 && has_rate_evidence(answer, seen)) return limited;
  if (status == 503 && seen.retry_after) return limited;
  if (status == 401 || answer.headers.has("X-Authentication-Denied-Reason")) return auth;
  if (answer.is_json_expected && is_html(answer) && status < 400) return is_login_page(answer.body) ? auth : transient;
  if (status == 304) return unchanged;
  if (status == 204) return empty;
  if (status >= 200 && status < 300) return ok;
  if (status >= 300 && status < 400) return moved;
  if (status == 403) return forbidden;
  if (status == 404 || status == 410 || status == 451) return gone;
  if (status == 408 || (status >= 500 && status != 501 && status != 505)) return transient;
  return bad_request;
}

// Retry-After says it; else a spent window ends when it is reset; else the rule's own figure.
std::optional<Duration> wait_of(const RateObservation& seen, std::optional<Duration> of_rule, Instant now) {
  if (seen.retry_after) return seen.retry_after;
  if (seen.is_exhausted() && seen.reset_at) return std::max(Duration::zero(), Duration(*seen.reset_at - now));
  return of_rule;
}

std::string reason_of(const AnswerView& answer, AnswerClass meaning) {
  if (meaning == ok || meaning == unchanged) return {};
  if (meaning == moved)
    return fmt::format("answered {} and points to another address; correct the URL of the data source", answer.status);
  if (is_html(answer)) return fmt::format("answered {} with an HTML page", answer.status);
  const auto message = message_of(answer.body);
  return message.empty() ? fmt::format("answered {}", answer.status)
                         : fmt::format("answered {}: {}", answer.status, message);
}

std::string printable(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, k_message_bytes_max)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7f)
      out += c;
    else if (!out.empty() && out.back() != ' ')
      out += ' ';
  }
  while (out.ends_with(' ')) out.pop_back();
  return out;
}

std::string text_in(const nlohmann::json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_array() && !value.empty()) return text_in(value.front());
  if (!value.is_object()) return {};
  for (const char* key : {"message", "error_description", "errorMessages", "errors", "error", "msg", "detail"})
    if (value.contains(key))
      if (auto found = text_in(value.at(key)); !found.empty()) return found;
  return {};
}

// text_in() goes down one level per bracket: deep nesting is no message.
bool is_shallow(std::string_view body) { return std::ranges::count(body, '[') + std::ranges::count(body, '{') <= 1000; }

}  // namespace

std::string_view to_string(AnswerClass value) {
  switch (value) {
    case ok: return "ok";
    case unchanged: return "unchanged";
    case empty: return "empty";
    case moved: return "moved";
    case auth: return "auth";
    case forbidden: return "forbidden";
    case gone: return "gone";
    case limited: return "limited";
    case transient: return "transient";
    case bad_request: return "bad_request";
  }
  return "";
}

std::optional<ErrorCode> error_code_of(AnswerClass value) {
  switch (value) {
    case ok:
    case unchanged:
    case empty: return std::nullopt;
    case auth: return ErrorCode::needs_credentials;
    case forbidden:
    case gone: return ErrorCode::unreachable;
    case limited: return ErrorCode::limited;
    case transient: return ErrorCode::provider_failed;
    case moved:
    case bad_request: return ErrorCode::invalid_input;
  }
  return ErrorCode::internal;
}

Verdict classify(const AnswerView& answer, const RateObservation& seen, const std::vector<AnswerRule>& rules,
                 Instant now) {
  Verdict verdict;
  const auto rule = std::ranges::find_if(rules, [&](const AnswerRule& one) { return holds(one, answer); });
  const bool is_ruled = rule != rules.end();
  verdict.meaning = is_ruled ? rule->meaning : meaning_of(answer, seen);
  verdict.reason = is_ruled && !rule->reason.empty() ? rule->reason : reason_of(answer, verdict.meaning);
  if (verdict.meaning != limited) return verdict;
  verdict.wait = wait_of(seen, is_ruled ? rule->wait : std::nullopt, now);
  // A spent window is its bucket's affair; anything else (secondary limits, 503) concerns the whole credential.
  verdict.scope = seen.is_exhausted() ? LimitScope::bucket : LimitScope::identity;
  if (is_ruled && rule->scope) verdict.scope = *rule->scope;
  return verdict;
}

std::string message_of(std::string_view body) {
  if (body.empty() || body.size() > k_rule_bytes_max) return {};
  const auto first = body.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos || body[first] == '<') return {};
  if (body[first] != '{' && body[first] != '[') return printable(body);
  if (!is_shallow(body)) return {};
  const auto json = nlohmann::json::parse(body, nullptr, false);
  return json.is_discarded() ? std::string() : printable(text_in(json));
}

}  // namespace weir::http

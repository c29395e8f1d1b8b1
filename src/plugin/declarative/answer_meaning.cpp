#include "plugin/declarative/answer_meaning.hpp"

#include <algorithm>

namespace weir::plugin::declarative {
namespace {

using http::AnswerClass;

constexpr std::size_t k_message_bytes_max = 200;

AnswerClass class_of(ErrorAction action) {
  switch (action) {
    case ErrorAction::unreachable:
    case ErrorAction::forget_base: return AnswerClass::gone;
    case ErrorAction::empty:
    case ErrorAction::capped: return AnswerClass::empty;
    case ErrorAction::park: return AnswerClass::limited;
    case ErrorAction::retry: return AnswerClass::transient;
    case ErrorAction::fail_script: return AnswerClass::bad_request;
    case ErrorAction::fail_source: return AnswerClass::auth;
  }
  return AnswerClass::transient;
}

http::AnswerRule to_rule(const ErrorRule& rule) {
  http::AnswerRule out{.statuses = rule.statuses,
                       .header = rule.header,
                       .header_contains = rule.header_contains,
                       .body_contains = rule.contains,
                       .meaning = class_of(rule.action),
                       .reason = rule.reason};
  if (rule.wait) out.wait = Duration(*rule.wait);
  return out;
}

bool fits(const ErrorRule& rule, int status) {
  return rule.statuses.empty() || std::ranges::find(rule.statuses, status) != rule.statuses.end();
}

std::string message_of(const Value& errors) {
  const auto message = errors.at(0).get("message");
  const auto* text = message.as<std::string_view>();
  return text == nullptr ? "a GraphQL error" : "GraphQL: " + std::string(text->substr(0, k_message_bytes_max));
}

AnswerClass class_of_type(std::string_view type) {
  if (type == "NOT_FOUND") return AnswerClass::gone;
  if (type == "FORBIDDEN" || type == "INSUFFICIENT_SCOPES") return AnswerClass::forbidden;
  return AnswerClass::transient;
}

// Something that is not null, however deep: what is refused leaves {"owner": {"members": null}}.
bool has_data(const simdjson::dom::element& data) {
  if (!data.is_object()) return !data.is_null();
  return std::ranges::any_of(simdjson::dom::object(data),
                             [](const auto& field) { return field.key != "rateLimit" && has_data(field.value); });
}

bool has_data(const Value& data) {
  const auto* json = data.as<Json>();
  return data.is_object() && json != nullptr && has_data(*json);
}

// Neither data nor errors: GitHub tells of secondary limits so, in a message. To take it for an empty page would lose
// what is on that page.
http::AnswerRule ruling_without_data(const Value& response) {
  const auto message = response.get("message");
  const auto* text = message.as<std::string_view>();
  if (text == nullptr || text->empty())
    return {.meaning = AnswerClass::transient, .reason = "a GraphQL answer without data"};
  const bool is_limit =
      http::contains_ignoring_case(*text, "rate limit") || http::contains_ignoring_case(*text, "abuse detection");
  return {.meaning = is_limit ? AnswerClass::limited : AnswerClass::transient,
          .reason = "GraphQL: " + std::string(text->substr(0, k_message_bytes_max))};
}

// Errors in a 200: a limit whatever else is there; otherwise only when nothing came with them.
std::optional<http::AnswerRule> graphql_ruling(const Value& response) {
  const auto errors = response.get("errors");
  if (errors.size().value_or(0) == 0 || !errors.is_array()) {
    if (response.get("data").is_object()) return std::nullopt;
    return ruling_without_data(response);
  }
  std::optional<AnswerClass> meaning;
  errors.each([&](const Value& error) {
    const auto type = error.get("type");
    const auto* text = type.as<std::string_view>();
    if (text != nullptr && (*text == "RATE_LIMITED" || *text == "RATE_LIMIT")) {
      meaning = AnswerClass::limited;
      return false;
    }
    if (!meaning) meaning = class_of_type(text == nullptr ? "" : *text);
    return true;
  });
  if (*meaning != AnswerClass::limited && has_data(response.get("data"))) return std::nullopt;
  return http::AnswerRule{.meaning = *meaning, .reason = message_of(errors)};
}

}  // namespace

std::vector<http::AnswerRule> answer_rules(const ScriptPlan& plan) {
  std::vector<http::AnswerRule> rules;
  const auto add = [&](const std::vector<ErrorRule>& from) {
    for (const auto& rule : from)
      if (rule.when.is_absent()) rules.push_back(to_rule(rule));
  };
  add(plan.errors);
  if (plan.service) add(plan.service->errors);
  return rules;
}

PartialAnswer partial_answer(const RequestPlan& request, const Value& response) {
  const auto errors = request.graphql.empty() ? Value() : response.get("errors");
  const auto count = errors.is_array() ? errors.size().value_or(0) : 0;
  if (count == 0) return {};
  return {static_cast<std::int64_t>(count), message_of(errors)};
}

Result<AnswerFinding> inspect_answer(const ScriptPlan& plan, const RequestPlan& request, const Scope& scope,
                                     Scratch& scratch) {
  AnswerFinding finding;
  const auto& response = scope[Root::response];
  const auto* status = scope[Root::status].as<std::int64_t>();
  for (const auto* rules : {&plan.errors, &plan.service->errors}) {
    for (const auto& rule : *rules) {
      if (rule.when.is_absent() || !fits(rule, status == nullptr ? 200 : static_cast<int>(*status))) continue;
      const auto holds = rule.when.evaluate(scope, scratch);
      if (!holds) return std::unexpected(holds.error());
      if (!holds->is_truthy()) continue;
      finding.ruling = to_rule(rule);
      return finding;
    }
  }
  if (request.graphql.empty()) return finding;
  finding.ruling = graphql_ruling(response);
  const auto cost = response.get("data").get("rateLimit").get("cost");
  if (const auto* units = cost.as<std::int64_t>()) finding.units = *units;
  return finding;
}

bool says_capped(const ScriptPlan& plan, const Reply& reply) {
  const auto holds = [&](const ErrorRule& rule) {
    const auto header = rule.header.empty() ? std::optional<std::string_view>("") : reply.headers.get(rule.header);
    return rule.when.is_absent() && fits(rule, reply.status) && header &&
           http::contains_ignoring_case(*header, rule.header_contains) &&
           http::contains_ignoring_case(reply.body, rule.contains);
  };
  for (const auto* rules : {&plan.errors, &plan.service->errors})
    for (const auto& rule : *rules)
      if (holds(rule)) return rule.action == ErrorAction::capped;
  return false;
}

bool forgets_base(const ScriptPlan& plan, const Refusal& refusal) {
  return std::ranges::any_of(plan.errors, [&](const ErrorRule& rule) {
    return rule.action == ErrorAction::forget_base &&
           std::ranges::find(rule.statuses, refusal.status) != rule.statuses.end();
  });
}

}  // namespace weir::plugin::declarative

#include "plugin/declarative/request_builder.hpp"

#include <fmt/format.h>

namespace weir::plugin::declarative {
namespace {

Result<std::string> text_of(const Template& plan, const Scope& scope, Scratch& scratch, std::string_view what) {
  const auto value = plan.evaluate(scope, scratch);
  if (!value) return std::unexpected(value.error());
  std::string text;
  if (append_text(text, *value)) return text;
  return fail(ErrorCode::declaration_invalid,
              fmt::format("{}: {} is {}", plan.place().at(0), what, value->type_name()));
}

// What a parameter or header is; nullopt: it is left out.
Result<std::optional<std::string>> optional_text(const NamedTemplate& named, const Scope& scope, Scratch& scratch) {
  const auto value = named.value.evaluate(scope, scratch);
  if (!value) return std::unexpected(value.error());
  std::string text;
  if (value->is_null()) return std::nullopt;
  if (append_text(text, *value)) return text;
  return fail(ErrorCode::declaration_invalid,
              fmt::format("{}: '{}' is {}", named.value.place().at(0), named.name, value->type_name()));
}

Result<http::Url> url_of(const RequestPlan& plan, const http::Url& base, const Scope& scope, Scratch& scratch) {
  if (plan.url.is_absent()) return base;
  const auto text = text_of(plan.url, scope, scratch, "the URL");
  if (!text) return std::unexpected(text.error());
  auto url = text->starts_with("/") ? base.join(*text) : http::Url::parse(*text);
  if (url && url->origin() != base.origin())
    return fail(ErrorCode::invalid_input, fmt::format("{} is not at {}, where the data source is configured",
                                                      url->redacted(), base.origin().to_string()));
  return url;
}

Result<> add_query(http::Url& url, const std::vector<NamedTemplate>& query, const Scope& scope, Scratch& scratch) {
  for (const auto& parameter : query) {
    const auto value = optional_text(parameter, scope, scratch);
    if (!value) return std::unexpected(value.error());
    if (*value) url = url.with_query(parameter.name, **value);
  }
  return {};
}

Result<> add_headers(http::Headers& headers, const std::vector<NamedTemplate>& plan, const Scope& scope,
                     Scratch& scratch) {
  for (const auto& header : plan) {
    const auto value = optional_text(header, scope, scratch);
    if (!value) return std::unexpected(value.error());
    if (*value) headers.add(header.name, **value);
  }
  return {};
}

Result<std::string> form_of(const std::vector<NamedTemplate>& form, const Scope& scope, Scratch& scratch) {
  std::string body;
  for (const auto& field : form) {
    const auto value = optional_text(field, scope, scratch);
    if (!value) return std::unexpected(value.error());
    if (!*value) continue;
    if (!body.empty()) body += '&';
    body += http::percent_encode(field.name) + "=" + http::percent_encode(**value);
  }
  return body;
}

Result<> add_body(Ask& ask, const RequestPlan& plan, const Scope& scope, Scratch& scratch) {
  if (!plan.form.empty()) {
    auto form = form_of(plan.form, scope, scratch);
    if (!form) return std::unexpected(form.error());
    ask.body = std::move(*form);
    ask.headers.add("Content-Type", "application/x-www-form-urlencoded");
    return {};
  }
  if (plan.graphql.empty() && !plan.body) return {};
  ask.headers.add("Content-Type", "application/json");
  if (plan.body) return plan.body->append_json(ask.body, scope, scratch);
  ask.body = R"({"query":)";
  append_json(ask.body, Value(Value::Any(std::string_view(plan.graphql))));
  ask.body += R"(,"variables":)";
  if (auto done = plan.variables.append_json(ask.body, scope, scratch); !done) return done;
  ask.body += '}';
  return {};
}

}  // namespace

Result<const RequestPlan*> choose_request(const std::vector<RequestPlan>& requests, const Scope& scope,
                                          Scratch& scratch) {
  for (const auto& request : requests) {
    if (request.when.is_absent()) return &request;
    const auto holds = request.when.evaluate(scope, scratch);
    if (!holds) return std::unexpected(holds.error());
    if (holds->is_truthy()) return &request;
  }
  return fail(ErrorCode::declaration_invalid, "no request's 'when' holds; let the last one be without");
}

Result<http::Url> base_url(const ServicePlan& service, const Scope& scope, Scratch& scratch) {
  const auto text = text_of(service.url, scope, scratch, "the service's URL");
  if (!text) return std::unexpected(text.error());
  return http::Url::parse(*text);
}

Result<Ask> build_request(const RequestPlan& plan, const ServicePlan& service, const http::Url& base,
                          const std::optional<http::Url>& at, const Scope& scope, Scratch& scratch) {
  auto url = at ? Result<http::Url>(*at) : url_of(plan, base, scope, scratch);
  if (!url) return std::unexpected(url.error());
  if (!at)
    if (const auto done = add_query(*url, plan.query, scope, scratch); !done) return std::unexpected(done.error());
  Ask ask{.url = std::move(*url), .method = plan.method, .bucket = plan.bucket, .endpoint = plan.endpoint};
  for (const auto* headers : {&service.headers, &plan.headers})
    if (const auto done = add_headers(ask.headers, *headers, scope, scratch); !done)
      return std::unexpected(done.error());
  if (const auto done = add_body(ask, plan, scope, scratch); !done) return std::unexpected(done.error());
  const auto cost = plan.cost.evaluate(scope, scratch);
  if (!cost) return std::unexpected(cost.error());
  if (const auto* units = cost->as<std::int64_t>(); units != nullptr && *units > 0) ask.units = *units;
  return ask;
}

}  // namespace weir::plugin::declarative

#include "plugin/declarative/conditional.hpp"

#include <algorithm>
#include <functional>

#include <fmt/format.h>

#include "base/digest.hpp"
#include "http/http_date.hpp"

namespace weir::plugin::declarative {
namespace {

constexpr auto k_same_second_min = std::chrono::minutes(1);

void append_inputs(std::string& text, const Value& from, const std::vector<std::string>& keys) {
  for (const auto& key : keys) {
    text += key + "=";
    append_json(text, key.empty() ? from : from.get(key));
    text += '\n';
  }
}

using Look = std::function<void(const Template&)>;

// What rows are made with.
void each_row_template(const ScriptPlan& plan, const Look& look) {
  for (const auto* one : {&plan.records, &plan.key, &plan.at, &plan.filter}) look(*one);
  for (const auto& request : plan.requests) look(request.records);
  for (const auto& var : plan.vars) look(var.value);
  for (const auto& rows : plan.rows) {
    look(rows.each);
    look(rows.filter);
    look(rows.total);
    for (const auto& column : rows.columns) look(column.value);
  }
}

void note_keys(std::vector<std::string>& keys, const Template& text, Root root) {
  for (const auto& [key, offset] : text.keys_of(root))
    if (std::ranges::find(keys, key) == keys.end()) keys.emplace_back(key);
}

std::optional<Instant> oldest_of(const Page& page) {
  std::optional<Instant> oldest;
  for (const auto& record : page.records)
    if (record.at && (!oldest || *record.at < *oldest)) oldest = record.at;
  return oldest;
}

std::string strong_last_modified(const Reply& reply) {
  const auto text = reply.headers.get("Last-Modified");
  const auto at = text ? http::parse_http_date(*text) : std::nullopt;
  if (!at || !reply.provider_time || *at + k_same_second_min > *reply.provider_time) return {};
  return std::string(*text);
}

}  // namespace

RowInputs row_inputs_of(const ScriptPlan& plan) {
  RowInputs inputs;
  each_row_template(plan, [&](const Template& text) {
    note_keys(inputs.partition, text, Root::partition);
    note_keys(inputs.env, text, Root::env);
  });
  std::ranges::sort(inputs.partition);
  std::ranges::sort(inputs.env);
  return inputs;
}

std::optional<std::string> why_never_unchanged(const ScriptPlan& plan) {
  if (plan.heads) return "a cursor of kind heads does not begin with a page of the listing";
  if (plan.lookup) return "what the lookup finds may change without the listing";
  if (!plan.lists.empty()) return "the further pages of its lists may change without it";
  if (!plan.until.is_absent()) return "with 'until' a page does not say where the listing ends";
  for (const auto& request : plan.requests)
    if (request.method != "GET" && (request.pages ? request.pages->is_conditional : plan.pages.is_conditional))
      return fmt::format("a {} cannot be conditional", request.method);
  std::optional<std::string> why;
  each_row_template(plan, [&](const Template& text) {
    for (const auto& [root, name] :
         {std::pair{Root::now, "now"}, std::pair{Root::window, "window"}, std::pair{Root::cursor, "cursor"},
          std::pair{Root::page, "page"}, std::pair{Root::headers, "headers"}})
      if (text.uses(root)) why = fmt::format("'{}' makes other rows of the same answer", name);
  });
  return why;
}

std::string request_identity(const Ask& ask, const ScriptPlan& plan, const Scope& scope, std::string_view asked_by) {
  auto text = fmt::format("{} {}\n{}\n", ask.method, ask.url.text(), asked_by);
  for (const auto& header : ask.headers) text += header.name + ": " + header.value + "\n";
  text += ask.body + "\n";
  append_inputs(text, scope[Root::env], plan.row_inputs.env);
  append_inputs(text, scope[Root::partition], plan.row_inputs.partition);
  return hex_digest(text);
}

bool proves_all(const load::Validator& validator, const std::optional<Instant>& from) {
  return !validator.shown_from || (from && *validator.shown_from <= *from);
}

void make_conditional(Ask& ask, const load::Validator& validator) {
  if (!validator.etag.empty())
    ask.headers.add("If-None-Match", validator.etag);
  else
    ask.headers.add("If-Modified-Since", validator.last_modified);
}

std::optional<load::Validator> validator_of(const Reply& reply, const Page& page, bool is_full, std::string request) {
  load::Validator validator{.request = std::move(request)};
  validator.etag = reply.headers.get("ETag").value_or("");
  if (!http::is_sendable("If-None-Match", validator.etag)) validator.etag.clear();
  validator.last_modified = strong_last_modified(reply);
  if (validator.etag.empty() && validator.last_modified.empty()) return std::nullopt;
  if (page.has_more ? is_full : page.is_capped) return std::nullopt;
  if (!page.has_more) return validator;
  validator.shown_from = oldest_of(page);
  return validator.shown_from ? std::optional(std::move(validator)) : std::nullopt;
}

}  // namespace weir::plugin::declarative

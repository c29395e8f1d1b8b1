#include "plugin/declarative/request_reader.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

namespace weir::plugin::declarative {
namespace {

PageStyle style_of(std::string_view name) {
  constexpr std::array<std::string_view, 7> k_names{"none", "link", "url", "token", "number", "offset", "keyset"};
  return static_cast<PageStyle>(std::ranges::find(k_names, name) - k_names.begin());
}

ErrorAction action_of(std::string_view name) {
  constexpr std::array<std::string_view, 8> k_names{"unreachable", "empty",      "park",       "retry",
                                                    "failScript",  "failSource", "forgetBase", "capped"};
  return static_cast<ErrorAction>(std::ranges::find(k_names, name) - k_names.begin());
}

std::vector<int> read_statuses(TemplateReader& reader, const YamlNode& mapping) {
  const auto* node = mapping.find("status");
  if (node == nullptr) return {};
  std::vector<int> statuses;
  const auto add = [&](const YamlNode& item) {
    int status = 0;
    const auto* end = item.text.data() + item.text.size();
    if (std::from_chars(item.text.data(), end, status).ptr != end || status < 100 || status > 599)
      reader.report(item, fmt::format("'{}' is not a status", excerpt(item.text)), "write a number from 100 to 599");
    statuses.push_back(status);
  };
  if (node->kind == YamlNode::Kind::list)
    std::ranges::for_each(node->items, add);
  else
    add(*node);
  return statuses;
}

void check_bodies(TemplateReader& reader, const YamlNode& node) {
  int bodies = 0;
  for (const auto* key : {"body", "form", "graphql"}) bodies += node.find(key) != nullptr ? 1 : 0;
  if (bodies > 1) reader.report(node, "the request has more than one body", "keep one of body, form and graphql");
  if (node.find("variables") != nullptr && node.find("graphql") == nullptr)
    reader.report(*node.find("variables"), "there are variables without a query", "add graphql");
}

}  // namespace

RequestPlan read_request(TemplateReader& reader, const YamlNode& node, Roots known) {
  RequestPlan request;
  check_bodies(reader, node);
  request.when = reader.read(node, "when", known);
  request.url = reader.read(node, "url", known);
  request.headers = reader.read_named(node, "headers", known);
  request.query = reader.read_named(node, "query", known);
  request.form = reader.read_named(node, "form", known);
  if (const auto* body = node.find("body")) request.body = reader.read_structure(*body, known);
  request.graphql = yaml_text(node, "graphql");
  request.variables.kind = Structure::Kind::mapping;
  if (const auto* variables = node.find("variables")) request.variables = reader.read_structure(*variables, known);
  const bool has_body = request.body || !request.form.empty() || !request.graphql.empty();
  request.method = yaml_text(node, "method", has_body ? "POST" : "GET");
  request.bucket = yaml_text(node, "bucket", request.graphql.empty() ? "core" : "graphql");
  request.endpoint = yaml_text(node, "endpoint");
  request.cost = reader.read(node, "cost", known);
  request.records = reader.read(node, "records", answer_roots(known).without(Root::records));
  if (const auto* pages = node.find("pages")) request.pages = read_pages(reader, *pages, known);
  return request;
}

std::vector<RequestPlan> read_requests(TemplateReader& reader, const YamlNode& node, Roots known) {
  std::vector<RequestPlan> requests;
  if (node.kind != YamlNode::Kind::list) {
    requests.push_back(read_request(reader, node, known));
    return requests;
  }
  for (const auto& item : node.items) requests.push_back(read_request(reader, item, known));
  return requests;
}

PagesPlan read_pages(TemplateReader& reader, const YamlNode& node, Roots known) {
  PagesPlan pages;
  if (node.kind == YamlNode::Kind::scalar) {
    pages.style = style_of(node.text);
    if (pages.style == PageStyle::url || pages.style == PageStyle::token)
      reader.report(node, fmt::format("pages by {} need to know where the next one is", node.text),
                    fmt::format("write pages: {{by: {}, next: \"{{{{ response.… }}}}\"}}", node.text));
    return pages;
  }
  pages.style = style_of(yaml_text(node, "by"));
  pages.next = reader.read(node, "next", answer_roots(known));
  pages.more = reader.read(node, "more", answer_roots(known));
  pages.total = reader.read(node, "total", answer_roots(known));
  pages.size = yaml_integer(node, "size", pages.size);
  pages.is_conditional = yaml_flag(node, "conditional", false);
  if (node.find("resultsMax") != nullptr) pages.results_max = yaml_integer(node, "resultsMax", 0);
  const bool needs_next = pages.style == PageStyle::url || pages.style == PageStyle::token;
  if (needs_next != (node.find("next") != nullptr))
    reader.report(
        node, needs_next ? "'next' is missing" : "'next' has no meaning here",
        needs_next ? "say where the answer has it: next: \"{{ response.… }}\"" : "remove it, or use by: url or token");
  const std::int64_t smallest = pages.style == PageStyle::number ? 20 : pages.style == PageStyle::offset ? 2 : 1;
  if (pages.size < smallest)
    reader.report(node, fmt::format("pages of {} are too small to overlap", pages.size),
                  fmt::format("use at least {}", smallest));
  return pages;
}

std::vector<ErrorRule> read_errors(TemplateReader& reader, const YamlNode& mapping, Roots known) {
  std::vector<ErrorRule> rules;
  const auto* node = mapping.find("errors");
  if (node == nullptr) return rules;
  const auto add = [&](const YamlNode& item) {
    ErrorRule rule;
    rule.statuses = read_statuses(reader, item);
    rule.contains = yaml_text(item, "contains");
    rule.header = yaml_text(item, "header");
    rule.header_contains = yaml_text(item, "headerContains");
    rule.when = reader.read(item, "when", known.with({Root::response, Root::headers, Root::status}));
    rule.action = action_of(yaml_text(item, "do"));
    if (item.find("wait") != nullptr) rule.wait = yaml_duration(item, "wait", std::chrono::seconds(0));
    rule.reason = yaml_text(item, "reason");
    if (rule.statuses.empty() && rule.contains.empty() && rule.header.empty() && rule.when.is_absent())
      reader.report(item, "the rule holds for every answer", "give it status, contains, header or when");
    rules.push_back(std::move(rule));
  };
  if (node->kind == YamlNode::Kind::list)
    std::ranges::for_each(node->items, add);
  else
    add(*node);
  return rules;
}

}  // namespace weir::plugin::declarative

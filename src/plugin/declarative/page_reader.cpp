#include "plugin/declarative/page_reader.hpp"

#include <algorithm>

namespace weir::plugin::declarative {
namespace {

bool uses_key(const RequestPlan& request, Root root, std::string_view key) {
  const auto uses = [&](const Template& text) {
    return std::ranges::any_of(text.keys_of(root), [&](const auto& used) { return used.first == key; });
  };
  bool is_used = uses(request.url);
  for (const auto* named : {&request.query, &request.form, &request.headers})
    for (const auto& [name, value] : *named) is_used = is_used || uses(value);
  const auto look = [&](const Template& text) { is_used = is_used || uses(text); };
  if (request.body) request.body->each_template(look);
  request.variables.each_template(look);
  return is_used;
}

bool any_uses(const std::vector<RequestPlan>& requests, std::string_view key, Root root = Root::page) {
  return std::ranges::any_of(requests, [&](const RequestPlan& request) { return uses_key(request, root, key); });
}

std::optional<std::int64_t> integer_of(const Value& value) {
  if (const auto* integer = value.as<std::int64_t>()) return *integer;
  return std::nullopt;
}

bool is_full(const ReadPage& read, const Page& page) {
  const auto size = read.query.page_size > 0 ? read.query.page_size : read.pages.size;
  return static_cast<std::int64_t>(page.records.size()) >= size;
}

Result<std::string> link_of(const ReadPage& read) {
  const auto next = http::next_from_links(read.base, read.reply.url, read.reply.headers, read.service.foreign_links);
  if (!next) return std::unexpected(next.error());
  return *next ? (*next)->text() : std::string();
}

Result<> read_next(const ReadPage& read, const Scope& scope, Scratch& scratch, Page& page) {
  const auto next = read.pages.next.evaluate(scope, scratch);
  if (!next) return std::unexpected(next.error());
  append_text(page.next_token, *next);
  if (read.pages.style != PageStyle::url || page.next_token.empty()) return {};
  const auto url = http::follow_link(read.base, read.reply.url, page.next_token, read.service.foreign_links);
  if (!url) return std::unexpected(url.error());
  page.next_token = *url ? (*url)->text() : std::string();
  return {};
}

// Pages that count: the Link header where there is one, the total where it is said, else whether the page is full.
bool has_more_by_count(const ReadPage& read, const Page& page, bool has_link) {
  if (read.reply.headers.has("Link")) return has_link;
  if (page.total) return read.query.offset + static_cast<std::int64_t>(page.records.size()) < *page.total;
  return is_full(read, page);
}

// Where neither a link nor a page number leads on, a full page is one that hides records of its last instant.
void read_keyset(const ReadPage& read, Page& page) {
  page.has_more = !page.next_token.empty();
  page.is_capped = !page.has_more && is_full(read, page) && !read.reply.headers.has("Link");
}

}  // namespace

PageAddress address_of(const PagesPlan& pages, const std::vector<RequestPlan>& requests) {
  switch (pages.style) {
    case PageStyle::number: return PageAddress::number;
    case PageStyle::offset: return PageAddress::offset;
    case PageStyle::keyset:
      if (any_uses(requests, "number")) return PageAddress::number;
      return any_uses(requests, "offset") ? PageAddress::offset : PageAddress::token;
    default: return PageAddress::token;
  }
}

bool asks_for_page_size(const RequestPlan& request) { return uses_key(request, Root::page, "size"); }

bool asks_up_to(const std::vector<RequestPlan>& requests) { return any_uses(requests, "end", Root::window); }

bool is_addressed_by_url(PageStyle style) {
  return style == PageStyle::link || style == PageStyle::url || style == PageStyle::keyset;
}

Result<> read_page(const ReadPage& read, const Scope& scope, Scratch& scratch, Page& page) {
  const auto& pages = read.pages;
  page.provider_time = read.reply.provider_time;
  const auto total = pages.total.evaluate(scope, scratch);
  if (!total) return std::unexpected(total.error());
  page.total = integer_of(*total);
  page.is_capped = pages.results_max && page.total && *page.total >= *pages.results_max;
  if (pages.style == PageStyle::none) return {};
  if (pages.style == PageStyle::url || pages.style == PageStyle::token) {
    if (auto done = read_next(read, scope, scratch, page); !done) return done;
    page.has_more = !page.next_token.empty();
  } else {
    auto link = link_of(read);
    if (!link) return std::unexpected(link.error());
    const bool has_link = !link->empty();
    page.next_token = std::move(*link);
    page.has_more = pages.style == PageStyle::link ? has_link : has_more_by_count(read, page, has_link);
    if (pages.style == PageStyle::keyset && read.query.page_number == 1 && !has_link && page.has_more)
      read_keyset(read, page);
  }
  if (pages.more.is_absent()) return {};
  const auto more = pages.more.evaluate(scope, scratch);
  if (!more) return std::unexpected(more.error());
  page.has_more = more->is_truthy() && (page.has_more || address_of(pages, {}) != PageAddress::token);
  return {};
}

}  // namespace weir::plugin::declarative

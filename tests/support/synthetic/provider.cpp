#include "tests/support/synthetic/provider.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace weir::synthetic {
namespace {

using plugin::CursorKind;
using plugin::PageAddress;
using plugin::PageOrder;

PageOrder order_of(const ApiSpec& api) {
  if (api.kind == CursorKind::ascending) return PageOrder::ascending;
  if (api.kind == CursorKind::descending) return PageOrder::descending;
  return api.order;
}

bool is_wanted(const Record& record, const ApiSpec& api, const plugin::PageQuery& query) {
  if (record.revision == 0 || record.is_deleted) return false;
  if (api.kind == CursorKind::full || api.kind == CursorKind::descending) return true;
  if (query.from && (query.is_from_included ? record.updated_at < *query.from : record.updated_at <= *query.from))
    return false;
  return !query.to || record.updated_at <= *query.to;
}

// Sorted by time, equal times by index, as databases with an id do.
bool comes_before(const Record& a, const Record& b, PageOrder order) {
  if (order == PageOrder::ascending) return std::tie(a.updated_at, a.index) < std::tie(b.updated_at, b.index);
  if (order == PageOrder::descending) return std::tie(b.updated_at, b.index) < std::tie(a.updated_at, a.index);
  return a.index < b.index;
}

// A server's cursor names the last record shown by what it was sorted by: it does not shift.
std::string make_token(const Record& record) {
  return fmt::format("{}:{}", record.updated_at.time_since_epoch().count(), record.index);
}

Record parse_token(const std::string& token) {
  const auto colon = token.find(':');
  Record record;
  record.updated_at = Instant(Duration(std::stoll(token.substr(0, colon))));
  record.index = std::stoi(token.substr(colon + 1));
  return record;
}

std::size_t first_of(const std::vector<const Record*>& listing, const ApiSpec& api, const plugin::PageQuery& query,
                     std::int64_t size) {
  if (api.address == PageAddress::offset) return static_cast<std::size_t>(query.offset);
  if (api.address == PageAddress::number) return static_cast<std::size_t>((query.page_number - 1) * size);
  if (query.token.empty()) return 0;
  const auto last = parse_token(query.token);
  const auto found =
      std::ranges::find_if(listing, [&](const Record* record) { return comes_before(last, *record, order_of(api)); });
  return static_cast<std::size_t>(found - listing.begin());
}

}  // namespace

Answer answer(const WorldView& view, int partition, const ApiSpec& api, const plugin::PageQuery& query) {
  std::vector<const Record*> listing;
  for (const auto& record : view.records(partition))
    if (is_wanted(record, api, query)) listing.push_back(&record);
  std::ranges::sort(listing, [&](const Record* a, const Record* b) { return comes_before(*a, *b, order_of(api)); });

  Answer result;
  result.page.provider_time = view.provider_now();
  const auto all = listing.size();
  const auto shown = api.results_max ? std::min(all, static_cast<std::size_t>(*api.results_max)) : all;
  if (api.says_total) result.page.total = static_cast<std::int64_t>(shown);
  const auto size = std::min(query.page_size, api.page_size_max);
  if (api.says_size) result.page.page_size = size;
  const auto first = std::min(first_of(listing, api, query, size), all);
  const auto end = std::min(first + static_cast<std::size_t>(size), shown);
  for (auto i = first; i < end; ++i) {
    result.records.push_back(*listing[i]);
    result.page.records.push_back({listing[i]->key, listing[i]->updated_at});
  }
  result.page.has_more = end < shown;
  result.page.is_capped = end >= shown && shown < all;
  if (result.page.has_more && !result.records.empty()) result.page.next_token = make_token(result.records.back());
  return result;
}

}  // namespace weir::synthetic

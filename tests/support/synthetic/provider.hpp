// The simulated provider's API: listings of one partition's records, cut into pages the way real ones do.
#pragma once
#include <vector>

#include "plugin/declaration.hpp"
#include "plugin/walk/page.hpp"
#include "tests/support/synthetic/world.hpp"

namespace weir::synthetic {

struct ApiSpec {
  plugin::CursorKind kind = plugin::CursorKind::full;
  plugin::PageOrder order = plugin::PageOrder::immutable;
  plugin::PageAddress address = plugin::PageAddress::offset;
  std::int64_t page_size_max = 100;           // more is silently lowered, but said
  std::optional<std::int64_t> results_max{};  // a listing shows no more than this
  bool says_total = true;
  bool says_size = true;
};

struct Answer {
  plugin::Page page;
  std::vector<Record> records;  // as they are now, in the page's order
};

// What the provider answers to `query` for a partition at this moment.
Answer answer(const WorldView& view, int partition, const ApiSpec& api, const plugin::PageQuery& query);

}  // namespace weir::synthetic

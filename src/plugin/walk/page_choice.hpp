// Pages that overlap, for providers that count pages.
#pragma once
#include <cstdint>

namespace weir::plugin {

struct PageChoice {
  std::int64_t page_number = 1;  // from 1
  std::int64_t page_size = 1;
  std::int64_t first() const { return (page_number - 1) * page_size; }
  std::int64_t end() const { return page_number * page_size; }
};

// The page of at most `size_max` records that begins at or before index `first` and reaches farthest beyond it: a size
// a little under the maximum puts a page's begin where it is wanted. It always reaches at least to first + 2, except
// for the few indexes below size_max = 20 where no such page exists; then it begins at first + 1, without overlap.
PageChoice choose_page(std::int64_t first, std::int64_t size_max);

}  // namespace weir::plugin

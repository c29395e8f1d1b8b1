#include "plugin/walk/page_choice.hpp"

#include <algorithm>

namespace weir::plugin {

PageChoice choose_page(std::int64_t first, std::int64_t size_max) {
  PageChoice best{.page_number = first + 2, .page_size = 1};
  std::int64_t reached = first + 1;
  for (std::int64_t size = std::max<std::int64_t>(size_max, 1); size >= 1; --size) {
    const PageChoice choice{.page_number = first / size + 1, .page_size = size};
    if (choice.end() <= reached) continue;
    best = choice;
    reached = choice.end();
  }
  return best;
}

}  // namespace weir::plugin

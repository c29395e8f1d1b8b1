#include "plugin/declarative/expression/scope.hpp"

#include <algorithm>

namespace weir::plugin::declarative {
namespace {

constexpr std::array<std::string_view, k_roots> k_names{"env",  "partition", "window",  "cursor", "now",     "page",
                                                        "head", "response",  "headers", "status", "records", "record",
                                                        "item", "index",     "vars",    "detail", "lists"};

}  // namespace

std::string_view name_of(Root root) { return k_names[static_cast<std::size_t>(root)]; }

std::optional<Root> find_root(std::string_view name) {
  const auto found = std::ranges::find(k_names, name);
  if (found == k_names.end()) return std::nullopt;
  return static_cast<Root>(found - k_names.begin());
}

}  // namespace weir::plugin::declarative

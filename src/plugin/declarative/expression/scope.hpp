// The names that expressions may begin with, and their values in one evaluation.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "plugin/declarative/expression/value.hpp"

namespace weir::plugin::declarative {

enum class Root : std::uint8_t {
  env,        // the settings of the data source
  partition,  // of this pass
  window,     // start, end: what the request shall cover
  cursor,     // up to where the partition is complete
  now,        // of this run
  page,       // token, number, offset, size: which page to ask for
  head,       // name, value, known, base: see cursor kind heads
  response,   // the body of an answer
  headers,    // its header fields, names in small letters
  status,     // its status
  records,    // the page's records
  record,     // one of them
  item,       // an element of a nested list
  index,      // its place in the list, from 0
  vars,       // the script's own names, see `vars`
  detail,     // what the lookup found for the record
  lists,      // its long lists, whole
};
constexpr std::size_t k_roots = 17;

std::string_view name_of(Root root);
std::optional<Root> find_root(std::string_view name);

class Roots {
 public:
  constexpr Roots() = default;
  constexpr Roots(std::initializer_list<Root> roots) {
    for (const auto root : roots) add(root);
  }
  constexpr void add(Root root) { bits_ |= 1U << static_cast<unsigned>(root); }
  constexpr bool has(Root root) const { return (bits_ >> static_cast<unsigned>(root) & 1U) != 0; }
  constexpr Roots with(Roots more) const {
    more.bits_ |= bits_;
    return more;
  }
  constexpr Roots without(Root root) const {
    auto rest = *this;
    rest.bits_ &= ~(1U << static_cast<unsigned>(root));
    return rest;
  }

 private:
  std::uint32_t bits_ = 0;
};

class Scope {
 public:
  const Value& operator[](Root root) const { return values_[static_cast<std::size_t>(root)]; }
  void set(Root root, Value value) { values_[static_cast<std::size_t>(root)] = value; }

 private:
  std::array<Value, k_roots> values_{};
};

}  // namespace weir::plugin::declarative

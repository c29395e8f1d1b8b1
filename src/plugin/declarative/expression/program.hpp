// A compiled expression: one vector of small nodes. Immutable and shared by all runs.
#pragma once
#include <cstdint>
#include <deque>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "plugin/declarative/expression/scope.hpp"

namespace weir::plugin::declarative {

struct Filter;

enum class Op : std::uint8_t {
  constant,  // first: its index
  path,      // root, then `count` keys from first on
  index,     // a[b]
  list,      // `count` children
  map,       // `count` children: key, value, key, value …
  negate,
  logical_not,
  logical_and,
  logical_or,
  equal,
  unequal,
  less,
  less_equal,
  greater,
  greater_equal,
  in,
  not_in,
  concat,
  add,
  subtract,
  multiply,
  divide,
  floor_divide,
  modulo,
  conditional,  // value, condition, otherwise
  filter,       // subject, arguments
};

struct Node {
  Op op = Op::constant;
  Root root{};
  std::uint16_t count = 0;
  std::uint32_t first = 0;   // into children, keys or constants
  std::uint32_t offset = 0;  // in the template: for messages
  const Filter* filter = nullptr;
};

// What is wrong with an expression, and where in the template it begins.
struct ExpressionProblem {
  std::size_t offset = 0;
  std::string message;
  std::string remedy{};
};

class Program {
 public:
  Program() = default;
  Program(Program&&) noexcept = default;
  Program& operator=(Program&&) noexcept = default;

  const Node& top() const { return nodes[top_node]; }
  const Node& child(const Node& node, std::size_t index) const { return nodes[children[node.first + index]]; }
  std::string_view key(const Node& path, std::size_t index) const { return keys[path.first + index]; }
  const Value& constant(const Node& node) const { return constants[node.first]; }

  std::vector<Node> nodes;
  std::vector<std::uint32_t> children;
  std::vector<std::string_view> keys;
  std::vector<Value> constants;
  std::deque<std::string> texts;  // what keys and constants point to
  std::uint32_t top_node = 0;
};

struct Parsed {
  Program program;
  std::size_t end = 0;  // behind the closing }}
};

// Compiles the expression that begins at `offset` in `text`, up to its closing }}. `known`: the names it may use.
std::expected<Parsed, ExpressionProblem> compile(std::string_view text, std::size_t offset, Roots known);

}  // namespace weir::plugin::declarative

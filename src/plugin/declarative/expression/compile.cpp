// A recursive descent over Jinja's precedence: conditional, or, and, not, comparison, + -, ~, * / // %, unary, postfix
// and filters.
#include <algorithm>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/nearest.hpp"
#include "plugin/declarative/expression/filter.hpp"
#include "plugin/declarative/expression/lexer.hpp"
#include "plugin/declarative/expression/program.hpp"

namespace weir::plugin::declarative {
namespace {

constexpr int k_depth_max = 40;
constexpr std::size_t k_nodes_max = 2000;
constexpr std::size_t k_keys_max = 16;

using Index = std::uint32_t;
using Kind = Token::Kind;

class Compiler {
 public:
  Compiler(std::string_view text, std::size_t offset, Roots known) : lexer_(text, offset), known_(known) { advance(); }

  std::expected<Parsed, ExpressionProblem> compile() {
    if (token_.is_symbol("}")) refuse(token_.offset, "the expression is empty", "write one between {{ and }}");
    program_.top_node = conditional();
    const auto end = close();
    if (problem_) return std::unexpected(std::move(*problem_));
    return Parsed{std::move(program_), end};
  }

 private:
  struct Binary {
    std::string_view symbol;
    Op op;
  };

  // Errors: the first one stays, and everything after it sees the end of the input.
  void refuse(std::size_t offset, std::string message, std::string remedy = {}) {
    if (!problem_) problem_ = ExpressionProblem{offset, std::move(message), std::move(remedy)};
    token_ = Token{.kind = Kind::end, .offset = offset};
  }

  void advance() {
    if (problem_) return;
    token_ = lexer_.next();
    if (token_.kind == Kind::broken) refuse(token_.offset, std::string(token_.source));
  }
  bool take_symbol(std::string_view symbol) {
    if (!token_.is_symbol(symbol)) return false;
    advance();
    return true;
  }
  bool take_name(std::string_view name) {
    if (!token_.is_name(name)) return false;
    advance();
    return true;
  }
  void expect(std::string_view symbol) {
    if (take_symbol(symbol)) return;
    if (token_.kind == Kind::end)
      return refuse(token_.offset, fmt::format("the expression ends where '{}' is missing", symbol));
    refuse(token_.offset, fmt::format("expected '{}', found '{}'", symbol, token_.source));
  }

  // Both braces of the end, without reading beyond them.
  std::size_t close() {
    if (problem_) return 0;
    if (!token_.is_symbol("}")) {
      if (token_.kind == Kind::end)
        refuse(token_.offset, "the expression does not end", "close it with }}");
      else
        refuse(token_.offset, fmt::format("'{}' is not expected here", token_.source), "check operators and quotes");
      return 0;
    }
    const auto second = lexer_.next();
    if (!second.is_symbol("}") || second.offset != token_.offset + 1)
      refuse(token_.offset, "the expression does not end", "close it with }}");
    return token_.offset + 2;
  }

  Index add(Node node) {
    if (program_.nodes.size() >= k_nodes_max) {
      refuse(node.offset, "the expression is too long", "split it with vars");
      return 0;
    }
    program_.nodes.push_back(node);
    return static_cast<Index>(program_.nodes.size() - 1);
  }
  Index add(Op op, std::size_t offset, std::vector<Index> children, const Filter* filter = nullptr) {
    Node node{.op = op, .offset = static_cast<std::uint32_t>(offset), .filter = filter};
    node.first = static_cast<Index>(program_.children.size());
    node.count = static_cast<std::uint16_t>(children.size());
    program_.children.insert(program_.children.end(), children.begin(), children.end());
    return add(node);
  }
  Index add_constant(std::size_t offset, Value value) {
    Node node{.op = Op::constant, .offset = static_cast<std::uint32_t>(offset)};
    node.first = static_cast<Index>(program_.constants.size());
    program_.constants.push_back(value);
    return add(node);
  }
  std::string_view keep(std::string text) { return program_.texts.emplace_back(std::move(text)); }

  struct Descent {
    explicit Descent(Compiler& compiler) : depth(compiler.depth_) {
      if (++depth > k_depth_max)
        compiler.refuse(compiler.token_.offset, "the expression is nested too deeply", "split it with vars");
    }
    ~Descent() { --depth; }
    int& depth;
  };

  Index conditional() {
    const Descent descent(*this);
    const auto value = logical_or();
    const auto offset = token_.offset;
    if (!take_name("if")) return value;
    const auto condition = logical_or();
    const auto otherwise = take_name("else") ? conditional() : add_constant(offset, {});
    return add(Op::conditional, offset, {value, condition, otherwise});
  }

  Index logical_or() {
    auto left = logical_and();
    for (auto offset = token_.offset; take_name("or"); offset = token_.offset)
      left = add(Op::logical_or, offset, {left, logical_and()});
    return left;
  }

  Index logical_and() {
    auto left = logical_not();
    for (auto offset = token_.offset; take_name("and"); offset = token_.offset)
      left = add(Op::logical_and, offset, {left, logical_not()});
    return left;
  }

  Index logical_not() {
    const Descent descent(*this);
    const auto offset = token_.offset;
    if (take_name("not")) return add(Op::logical_not, offset, {logical_not()});
    return comparison();
  }

  std::optional<Op> take_operator(std::initializer_list<Binary> known) {
    for (const auto& [symbol, op] : known)
      if (take_symbol(symbol)) return op;
    return std::nullopt;
  }

  std::optional<Op> take_comparison() {
    if (const auto op = take_operator({{"==", Op::equal},
                                       {"!=", Op::unequal},
                                       {"<=", Op::less_equal},
                                       {">=", Op::greater_equal},
                                       {"<", Op::less},
                                       {">", Op::greater}}))
      return op;
    if (take_name("in")) return Op::in;
    if (!token_.is_name("not")) return std::nullopt;
    advance();
    if (!take_name("in")) refuse(token_.offset, "'in' is missing after 'not'");
    return Op::not_in;
  }

  Index comparison() {
    auto left = sum();
    for (;;) {
      const auto offset = token_.offset;
      if (take_name("is")) {
        left = test(left, offset);
      } else if (const auto op = take_comparison()) {
        left = add(*op, offset, {left, sum()});
      } else {
        return left;
      }
    }
  }

  // `is none`, `is not none`, `is defined`: what is not there and what is null are the same here.
  Index test(Index subject, std::size_t offset) {
    const bool is_negated = take_name("not");
    const bool is_defined = token_.is_name("defined");
    if (!is_defined && !token_.is_name("none") && !token_.is_name("undefined"))
      refuse(token_.offset, "this test is not known", "use: is none, is not none, is defined");
    advance();
    return add(is_negated == is_defined ? Op::equal : Op::unequal, offset, {subject, add_constant(offset, {})});
  }

  Index sum() {
    auto left = concat();
    for (;;) {
      const auto offset = token_.offset;
      const auto op = take_operator({{"+", Op::add}, {"-", Op::subtract}});
      if (!op) return left;
      left = add(*op, offset, {left, concat()});
    }
  }

  Index concat() {
    auto left = product();
    for (auto offset = token_.offset; take_symbol("~"); offset = token_.offset)
      left = add(Op::concat, offset, {left, product()});
    return left;
  }

  Index product() {
    auto left = unary();
    for (;;) {
      const auto offset = token_.offset;
      const auto op =
          take_operator({{"*", Op::multiply}, {"//", Op::floor_divide}, {"/", Op::divide}, {"%", Op::modulo}});
      if (!op) return left;
      left = add(*op, offset, {left, unary()});
    }
  }

  Index unary() {
    const Descent descent(*this);
    const auto offset = token_.offset;
    if (take_symbol("-")) return add(Op::negate, offset, {unary()});
    return filtered(postfix(primary()));
  }

  Index filtered(Index subject) {
    while (take_symbol("|")) {
      const auto name = token_;
      const auto* filter = name.kind == Kind::name ? find_filter(name.source) : nullptr;
      if (filter == nullptr) {
        refuse_filter(name);
        return subject;
      }
      advance();
      std::vector<Index> children{subject};
      if (take_symbol("(")) arguments(children);
      check_arguments(*filter, name.offset, children.size() - 1);
      subject = postfix(add(Op::filter, name.offset, std::move(children), filter));
    }
    return subject;
  }

  void refuse_filter(const Token& name) {
    const auto nearest = nearest_word(std::string(name.source), filter_names());
    refuse(name.offset, fmt::format("there is no filter '{}'", name.source),
           nearest.empty() ? fmt::format("known: {}", fmt::join(filter_names(), ", "))
                           : fmt::format("did you mean '{}'?", nearest));
  }

  void check_arguments(const Filter& filter, std::size_t offset, std::size_t count) {
    if (count >= filter.arguments_min && count <= filter.arguments_max) return;
    refuse(offset, fmt::format("'{}' has {} arguments", filter.name, count),
           filter.arguments_min == filter.arguments_max
               ? fmt::format("it takes {}", filter.arguments_min)
               : fmt::format("it takes {} to {}", filter.arguments_min, filter.arguments_max));
  }

  // Up to the closing parenthesis. A name before `=` is allowed, as in Jinja, and only for people.
  void arguments(std::vector<Index>& children) {
    while (!problem_ && !take_symbol(")")) {
      if (children.size() > 1) expect(",");
      if (token_.kind == Kind::name) {
        auto ahead = lexer_;
        if (ahead.next().is_symbol("=")) {
          advance();
          advance();
        }
      }
      children.push_back(conditional());
    }
  }

  Index postfix(Index subject) {
    for (;;) {
      const auto offset = token_.offset;
      if (take_symbol(".")) {
        if (token_.kind != Kind::name && token_.kind != Kind::integer) {
          refuse(token_.offset, "a name is missing after '.'");
          return subject;
        }
        const auto key = keep(std::string(token_.source));
        subject = member(subject, offset, key);
        advance();
      } else if (take_symbol("[")) {
        if (token_.kind == Kind::text) {
          subject = member(subject, offset, keep(token_.text));
          advance();
        } else {
          subject = add(Op::index, offset, {subject, conditional()});
        }
        expect("]");
      } else {
        return subject;
      }
    }
  }

  // A constant key lengthens the path that it follows.
  Index member(Index subject, std::size_t offset, std::string_view key) {
    auto& node = program_.nodes[subject];
    const bool is_last = node.op == Op::path && node.first + node.count == program_.keys.size();
    if (is_last && node.count < k_keys_max) {
      program_.keys.push_back(key);
      ++node.count;
      return subject;
    }
    return add(Op::index, offset, {subject, add_constant(offset, Value::Any(key))});
  }

  Index primary() {
    const auto token = token_;
    switch (token.kind) {
      case Kind::integer: advance(); return add_constant(token.offset, Value::Any(token.integer));
      case Kind::number: advance(); return add_constant(token.offset, Value::Any(token.number));
      case Kind::text: advance(); return add_constant(token.offset, Value::Any(keep(token.text)));
      case Kind::name: return name(token);
      case Kind::symbol: return bracket(token);
      default: refuse(token.offset, "the expression ends where a value is missing"); return 0;
    }
  }

  Index name(const Token& token) {
    advance();
    if (token.source == "true" || token.source == "True") return add_constant(token.offset, Value::Any(true));
    if (token.source == "false" || token.source == "False") return add_constant(token.offset, Value::Any(false));
    if (token.source == "none" || token.source == "None" || token.source == "null")
      return add_constant(token.offset, {});
    const auto root = find_root(token.source);
    if (!root || !known_.has(*root)) {
      refuse_name(token);
      return 0;
    }
    return add(Node{.op = Op::path,
                    .root = *root,
                    .first = static_cast<Index>(program_.keys.size()),
                    .offset = static_cast<std::uint32_t>(token.offset)});
  }

  void refuse_name(const Token& token) {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < k_roots; ++i)
      if (known_.has(static_cast<Root>(i))) names.emplace_back(name_of(static_cast<Root>(i)));
    const auto nearest = nearest_word(std::string(token.source), names);
    refuse(token.offset, fmt::format("the name '{}' is not known here", token.source),
           nearest.empty() ? fmt::format("known here: {}", fmt::join(names, ", "))
                           : fmt::format("did you mean '{}'?", nearest));
  }

  Index bracket(const Token& token) {
    if (take_symbol("(")) {
      const auto inner = conditional();
      expect(")");
      return inner;
    }
    if (take_symbol("[")) return add(Op::list, token.offset, items("]"));
    if (take_symbol("{")) return add(Op::map, token.offset, items("}"));
    refuse(token.offset, fmt::format("'{}' is not expected here", token.source), "a value belongs here");
    return 0;
  }

  std::vector<Index> items(std::string_view end) {
    std::vector<Index> children;
    while (!problem_ && !take_symbol(end)) {
      if (!children.empty()) expect(",");
      if (take_symbol(end)) break;  // a comma at the end
      children.push_back(conditional());
      if (end != "}") continue;
      expect(":");
      children.push_back(conditional());
    }
    if (children.size() > 1000) refuse(token_.offset, "the list is too long");
    return children;
  }

  Lexer lexer_;
  Roots known_;
  Token token_;
  Program program_;
  std::optional<ExpressionProblem> problem_;
  int depth_ = 0;
};

}  // namespace

std::expected<Parsed, ExpressionProblem> compile(std::string_view text, std::size_t offset, Roots known) {
  return Compiler(text, offset, known).compile();
}

}  // namespace weir::plugin::declarative

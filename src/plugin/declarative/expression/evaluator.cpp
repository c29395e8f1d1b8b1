#include "plugin/declarative/expression/evaluator.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

#include "plugin/declarative/expression/filter.hpp"

namespace weir::plugin::declarative {
namespace {

constexpr std::string_view k_too_much = "it makes more text and lists than one expression may";

std::optional<double> number_of(const Value& value) {
  if (const auto* integer = value.as<std::int64_t>()) return static_cast<double>(*integer);
  if (const auto* number = value.as<double>()) return *number;
  return std::nullopt;
}

Value flag(bool value) { return Value::Any(value); }

}  // namespace

Value Evaluator::fail(const Node& node, std::string message) {
  if (!is_failed()) problem_ = {node.offset, std::move(message)};
  return {};
}

Value Evaluator::evaluate(const Node& node) {
  if (is_failed()) return {};
  if (!scratch_.take_steps(1)) return fail(node, "it takes more steps than one expression may");
  switch (node.op) {
    case Op::constant: return program_.constant(node);
    case Op::path: return evaluate_path(node);
    case Op::index: return evaluate_index(node);
    case Op::list: return evaluate_list(node);
    case Op::map: return evaluate_map(node);
    case Op::filter: return evaluate_filter(node);
    case Op::logical_not: return flag(!child(node, 0).is_truthy());
    case Op::logical_and: {
      const auto left = child(node, 0);
      return left.is_truthy() ? child(node, 1) : left;
    }
    case Op::logical_or: {
      const auto left = child(node, 0);
      return left.is_truthy() ? left : child(node, 1);
    }
    case Op::conditional: return child(node, 1).is_truthy() ? child(node, 0) : child(node, 2);
    case Op::equal: return flag(is_equal(child(node, 0), child(node, 1)));
    case Op::unequal: return flag(!is_equal(child(node, 0), child(node, 1)));
    case Op::less:
    case Op::less_equal:
    case Op::greater:
    case Op::greater_equal: return evaluate_comparison(node);
    case Op::in: return evaluate_in(node);
    case Op::not_in: {
      const auto found = evaluate_in(node);
      return flag(!found.is_truthy());
    }
    case Op::concat: return evaluate_concat(node);
    case Op::negate:
    case Op::add:
    case Op::subtract:
    case Op::multiply:
    case Op::divide:
    case Op::floor_divide:
    case Op::modulo: return evaluate_arithmetic(node);
  }
  return {};
}

Value Evaluator::evaluate_path(const Node& node) {
  auto value = scope_[node.root];
  for (std::size_t i = 0; i < node.count && !value.is_null(); ++i) value = value.get(program_.key(node, i));
  return value;
}

Value Evaluator::evaluate_index(const Node& node) {
  const auto value = child(node, 0);
  const auto key = child(node, 1);
  if (const auto* name = key.as<std::string_view>()) return value.get(*name);
  if (const auto* place = key.as<std::int64_t>()) return value.at(*place);
  if (key.is_null()) return {};
  return fail(node, fmt::format("{} cannot be a key", key.type_name()));
}

Value Evaluator::evaluate_list(const Node& node) {
  auto* items = scratch_.make<Value>(node.count);
  if (items == nullptr) return fail(node, std::string(k_too_much));
  for (std::size_t i = 0; i < node.count; ++i) items[i] = child(node, i);
  return Value::Any(List{items, node.count});
}

Value Evaluator::evaluate_map(const Node& node) {
  const std::size_t size = node.count / 2;
  auto* entries = scratch_.make<Entry>(size);
  if (entries == nullptr) return fail(node, std::string(k_too_much));
  for (std::size_t i = 0; i < size; ++i) {
    const auto key = child(node, 2 * i);
    const auto* name = key.as<std::string_view>();
    if (name == nullptr) return fail(node, fmt::format("{} cannot be a key", key.type_name()));
    entries[i] = {*name, child(node, 2 * i + 1)};
  }
  return Value::Any(Map{entries, size});
}

Value Evaluator::evaluate_filter(const Node& node) {
  std::array<Value, 4> arguments{};
  const std::size_t count = std::min<std::size_t>(node.count - 1U, arguments.size());
  const auto subject = child(node, 0);
  for (std::size_t i = 0; i < count; ++i) arguments[i] = child(node, i + 1);
  if (is_failed() || (subject.is_null() && !node.filter->takes_null)) return {};
  FilterCall call{subject, {arguments.data(), count}, scratch_};
  const auto result = node.filter->apply(call);
  return call.is_failed() ? fail(node, fmt::format("{}: {}", node.filter->name, call.problem)) : result;
}

// What is not there is neither less nor greater.
Value Evaluator::evaluate_comparison(const Node& node) {
  const auto a = child(node, 0);
  const auto b = child(node, 1);
  if (a.is_null() || b.is_null()) return flag(false);
  const auto order = compare(a, b);
  if (!order) return fail(node, fmt::format("{} cannot be compared with {}", a.type_name(), b.type_name()));
  switch (node.op) {
    case Op::less: return flag(*order < 0);
    case Op::less_equal: return flag(*order <= 0);
    case Op::greater: return flag(*order > 0);
    default: return flag(*order >= 0);
  }
}

Value Evaluator::evaluate_in(const Node& node) {
  const auto needle = child(node, 0);
  const auto hay = child(node, 1);
  if (hay.is_null()) return flag(false);
  const auto* text = hay.as<std::string_view>();
  const auto* part = needle.as<std::string_view>();
  if (text != nullptr) return flag(part != nullptr && text->contains(*part));
  if (hay.is_object()) return flag(part != nullptr && !hay.get(*part).is_null());
  if (!hay.is_array()) return fail(node, fmt::format("nothing can be in {}", hay.type_name()));
  bool is_found = false;
  hay.each([&](const Value& item) { return scratch_.take_steps(1) && !(is_found = is_equal(item, needle)); });
  return flag(is_found);
}

Value Evaluator::evaluate_concat(const Node& node) {
  const auto a = child(node, 0);
  const auto b = child(node, 1);
  if (a.is_null() || b.is_null()) return {};
  auto& out = scratch_.buffer();
  if (!append_text(out, a) || !append_text(out, b))
    return fail(node, fmt::format("{} and {} cannot be joined as text", a.type_name(), b.type_name()));
  auto* memory = scratch_.allocate(out.size());
  if (memory == nullptr) return fail(node, std::string(k_too_much));
  std::ranges::copy(out, memory);
  return Value::Any(std::string_view(memory, out.size()));
}

Value Evaluator::evaluate_arithmetic(const Node& node) {
  const auto a = node.op == Op::negate ? Value(Value::Any(std::int64_t{0})) : child(node, 0);
  const auto b = child(node, node.op == Op::negate ? 0 : 1);
  if (a.is_null() || b.is_null()) return {};
  const auto* a_integer = a.as<std::int64_t>();
  const auto* b_integer = b.as<std::int64_t>();
  if (a_integer != nullptr && b_integer != nullptr && node.op != Op::divide)
    return evaluate_integers(node, *a_integer, *b_integer);
  const auto x = number_of(a);
  const auto y = number_of(b);
  if (!x || !y) return fail(node, fmt::format("{} and {} are not numbers", a.type_name(), b.type_name()));
  switch (node.op) {
    case Op::add: return Value::Any(*x + *y);
    case Op::negate:
    case Op::subtract: return Value::Any(*x - *y);
    case Op::multiply: return Value::Any(*x * *y);
    default: break;
  }
  if (*y == 0) return fail(node, "division by zero");
  if (node.op == Op::divide) return Value::Any(*x / *y);
  const auto quotient = std::floor(*x / *y);
  return Value::Any(node.op == Op::modulo ? *x - quotient * *y : quotient);
}

Value Evaluator::evaluate_integers(const Node& node, std::int64_t a, std::int64_t b) {
  std::int64_t result = 0;
  bool overflows = false;
  switch (node.op) {
    case Op::add: overflows = __builtin_add_overflow(a, b, &result); break;
    case Op::negate:
    case Op::subtract: overflows = __builtin_sub_overflow(a, b, &result); break;
    case Op::multiply: overflows = __builtin_mul_overflow(a, b, &result); break;
    default:
      if (b == 0) return fail(node, "division by zero");
      if (b == -1) {
        overflows = __builtin_sub_overflow(std::int64_t{0}, a, &result);
        if (node.op == Op::modulo) return Value::Any(std::int64_t{0});
        break;
      }
      result = a / b - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0);
      if (node.op == Op::modulo) result = a - result * b;
  }
  if (overflows) return fail(node, "the number is too large");
  return Value::Any(result);
}

}  // namespace weir::plugin::declarative

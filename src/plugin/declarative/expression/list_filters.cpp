#include <algorithm>
#include <array>
#include <list>

#include <fmt/format.h>

#include "plugin/declarative/expression/filter.hpp"

namespace weir::plugin::declarative {
namespace {

// The value at a dotted path: user.login
Value follow(Value value, std::string_view path) {
  while (!path.empty() && !value.is_null()) {
    const auto dot = std::min(path.find('.'), path.size());
    value = value.get(path.substr(0, dot));
    path.remove_prefix(std::min(dot + 1, path.size()));
  }
  return value;
}

// Calls f for each item of the subject; problems when it is no list or too long.
template <class F>
void for_items(FilterCall& call, F f) {
  if (!call.subject.is_array()) {
    call.fail(fmt::format("{} is not a list", call.subject.type_name()));
    return;
  }
  call.subject.each([&](const Value& item) {
    if (!call.scratch.take_steps(1)) call.fail("the list is too long");
    if (!call.is_failed()) f(item);
    return !call.is_failed();
  });
}

Value join(FilterCall& call) {
  const auto separator = call.arguments.empty() ? std::string_view() : call.text(call.argument(0));
  std::string out;
  bool is_first = true;
  for_items(call, [&](const Value& item) {
    if (item.is_null()) return;
    if (!std::exchange(is_first, false)) out += separator;
    if (!append_text(out, item)) call.fail(fmt::format("{} cannot be joined as text", item.type_name()));
    if (out.size() > call.scratch.limits().bytes_max) call.fail("it makes more text than one expression may");
  });
  return call.is_failed() ? Value() : call.keep(std::string_view(out));
}

Value first(FilterCall& call) { return call.subject.at(0); }
Value last(FilterCall& call) { return call.subject.at(-1); }

Value length(FilterCall& call) {
  if (call.subject.is_null()) return Value::Any(std::int64_t{0});
  const auto size = call.subject.size();
  if (!size) return call.fail(fmt::format("{} has no length", call.subject.type_name()));
  return Value::Any(static_cast<std::int64_t>(*size));
}

Value map(FilterCall& call) {
  const auto path = call.text(call.argument(0));
  std::vector<Value> items;
  for_items(call, [&](const Value& item) { items.push_back(follow(item, path)); });
  return call.keep(items);
}

// selectattr('a'), selectattr('a', value), selectattr('a', 'in', list)
bool is_selected(FilterCall& call, const Value& item) {
  const auto value = follow(item, call.text(call.argument(0)));
  if (call.arguments.size() == 1) return value.is_truthy();
  if (call.arguments.size() == 2) return is_equal(value, call.argument(1));
  const auto test = call.text(call.argument(1));
  const auto other = call.argument(2);
  if (test == "==" || test == "equalto") return is_equal(value, other);
  if (test == "!=") return !is_equal(value, other);
  if (test == "in") {
    bool is_found = false;
    other.each([&](const Value& one) { return call.scratch.take_steps(1) && !(is_found = is_equal(one, value)); });
    return is_found;
  }
  const auto order = compare(value, other);
  if (test == "<") return order && *order < 0;
  if (test == "<=") return order && *order <= 0;
  if (test == ">") return order && *order > 0;
  if (test == ">=") return order && *order >= 0;
  call.fail(fmt::format("'{}' is not a test; use ==, !=, <, <=, >, >= or in", test));
  return false;
}

template <bool Wanted>
Value select_by_attribute(FilterCall& call) {
  std::vector<Value> items;
  for_items(call, [&](const Value& item) {
    if (is_selected(call, item) == Wanted) items.push_back(item);
  });
  return call.keep(items);
}

Value select(FilterCall& call) {
  std::vector<Value> items;
  for_items(call, [&](const Value& item) {
    if (item.is_truthy()) items.push_back(item);
  });
  return call.keep(items);
}

Value unique(FilterCall& call) {
  std::vector<Value> items;
  for_items(call, [&](const Value& item) {
    if (!call.scratch.take_steps(static_cast<std::int64_t>(items.size()))) call.fail("the list is too long");
    if (std::ranges::none_of(items, [&](const Value& seen) { return is_equal(seen, item); })) items.push_back(item);
  });
  return call.keep(items);
}

template <int Wanted>
Value extreme(FilterCall& call) {
  Value best;
  for_items(call, [&](const Value& item) {
    if (item.is_null()) return;
    if (best.is_null()) {
      best = item;
      return;
    }
    const auto order = compare(item, best);
    if (!order)
      call.fail(fmt::format("{} and {} have no order", item.type_name(), best.type_name()));
    else if (*order == Wanted)
      best = item;
  });
  return best;
}

Value sum(FilterCall& call) {
  double total = 0;
  std::int64_t whole = 0;
  bool is_whole = true;
  for_items(call, [&](const Value& item) {
    if (const auto* integer = item.as<std::int64_t>()) {
      total += static_cast<double>(*integer);
      is_whole = is_whole && !__builtin_add_overflow(whole, *integer, &whole);
    } else if (const auto* number = item.as<double>()) {
      total += *number;
      is_whole = false;
    } else if (!item.is_null()) {
      call.fail(fmt::format("{} is not a number", item.type_name()));
    }
  });
  return is_whole ? Value::Any(whole) : Value::Any(total);
}

// A merge sort: items without an order among each other do it no harm.
Value sort(FilterCall& call) {
  std::list<Value> items;
  for_items(call, [&](const Value& item) { items.push_back(item); });
  if (!call.scratch.take_steps(static_cast<std::int64_t>(items.size()) * 16)) return call.fail("the list is too long");
  items.sort([](const Value& a, const Value& b) { return compare(a, b).value_or(0) < 0; });
  return call.keep({items.begin(), items.end()});
}

constexpr std::array k_filters{
    Filter{"join", 0, 1, false, join, "`join(separator)`: the items of a list as one text; null items are left out"},
    Filter{"first", 0, 0, false, first, "the first item of a list, or nothing"},
    Filter{"last", 0, 0, false, last, "the last item of a list, or nothing"},
    Filter{"length", 0, 0, true, length, "items of a list, members of an object, bytes of a text; 0 of nothing"},
    Filter{"map", 1, 1, false, map, "`map('user.login')`: that of every item of a list"},
    Filter{"select", 0, 0, false, select, "the items of a list that are not null, false, 0 or empty"},
    Filter{"selectattr", 1, 3, false, select_by_attribute<true>,
           "`selectattr('type')`, `selectattr('type', 'a')`, `selectattr('size', '>', 3)`, `selectattr('type', 'in', "
           "['a'])`: the items for which that holds"},
    Filter{"rejectattr", 1, 3, false, select_by_attribute<false>, "the items for which the same does not hold"},
    Filter{"unique", 0, 0, false, unique, "a list without repetitions"},
    Filter{"min", 0, 0, false, extreme<-1>, "the smallest item of a list"},
    Filter{"max", 0, 0, false, extreme<1>, "the largest item of a list"},
    Filter{"sum", 0, 0, false, sum, "the sum of a list of numbers"},
    Filter{"sort", 0, 0, false, sort, "a list in ascending order"},
};

}  // namespace

std::span<const Filter> list_filters() { return k_filters; }

}  // namespace weir::plugin::declarative

#include <array>
#include <charconv>
#include <cmath>

#include <fmt/format.h>

#include "plugin/declarative/expression/filter.hpp"

namespace weir::plugin::declarative {
namespace {

template <class T>
std::optional<T> parse(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && !text.empty() ? std::optional(value)
                                                                                   : std::nullopt;
}

Value whole(double number) {
  const auto cut = std::trunc(number);
  if (!(std::abs(cut) < 9.2e18)) return {};
  return Value::Any(static_cast<std::int64_t>(cut));
}

// Nothing, where there is no number in it.
Value to_integer(FilterCall& call) {
  if (call.subject.as<std::int64_t>() != nullptr) return call.subject;
  if (const auto* number = call.subject.as<double>()) return whole(*number);
  if (const auto* flag = call.subject.as<bool>()) return Value::Any(std::int64_t{*flag ? 1 : 0});
  const auto* text = call.subject.as<std::string_view>();
  if (text == nullptr) return {};
  if (const auto integer = parse<std::int64_t>(*text)) return Value::Any(*integer);
  const auto number = parse<double>(*text);
  return number ? whole(*number) : Value();
}

Value to_float(FilterCall& call) {
  if (const auto* integer = call.subject.as<std::int64_t>()) return Value::Any(static_cast<double>(*integer));
  if (call.subject.as<double>() != nullptr) return call.subject;
  const auto* text = call.subject.as<std::string_view>();
  const auto number = text == nullptr ? std::nullopt : parse<double>(*text);
  return number && std::isfinite(*number) ? Value(Value::Any(*number)) : Value();
}

Value to_string(FilterCall& call) {
  if (call.subject.is_array() || call.subject.is_object())
    return call.build([&](std::string& out) { append_json(out, call.subject); });
  return Value::Any(call.text(call.subject));
}

Value to_boolean(FilterCall& call) {
  const auto* text = call.subject.as<std::string_view>();
  if (text != nullptr) return Value::Any(*text == "true" || *text == "True" || *text == "1" || *text == "yes");
  return Value::Any(call.subject.is_truthy());
}

Value to_json(FilterCall& call) {
  return call.build([&](std::string& out) { append_json(out, call.subject); });
}

// Jinja's: with a second argument `true` also instead of false, 0 and what is empty.
Value default_value(FilterCall& call) {
  const bool is_used = call.argument(1).is_truthy() ? !call.subject.is_truthy() : call.subject.is_null();
  return is_used ? call.argument(0) : call.subject;
}

Value absolute(FilterCall& call) {
  if (const auto* integer = call.subject.as<std::int64_t>())
    return *integer == std::numeric_limits<std::int64_t>::min() ? call.fail("the number is too large")
                                                                : Value(Value::Any(std::abs(*integer)));
  const auto* number = call.subject.as<double>();
  return number == nullptr ? call.fail("it is not a number") : Value(Value::Any(std::abs(*number)));
}

Value round(FilterCall& call) {
  if (call.subject.as<std::int64_t>() != nullptr) return call.subject;
  const auto* number = call.subject.as<double>();
  return number == nullptr ? call.fail("it is not a number") : whole(std::round(*number));
}

Value keys(FilterCall& call) {
  std::vector<Value> names;
  if (const auto* json = call.subject.as<Json>(); json != nullptr && json->is_object())
    for (const auto field : simdjson::dom::object(*json)) names.emplace_back(Value::Any(field.key));
  else if (const auto* map = call.subject.as<Map>())
    for (std::size_t i = 0; i < map->size; ++i) names.emplace_back(Value::Any(map->entries[i].key));
  else
    return call.fail(fmt::format("{} has no keys", call.subject.type_name()));
  return call.keep(names);
}

constexpr std::array k_filters{
    Filter{"default", 1, 2, true, default_value,
           "`default(b)`: `b` instead of nothing; with `true` behind it also "
           "instead of false, 0 and what is empty"},
    Filter{"int", 0, 0, false, to_integer, "a whole number, also from text; nothing when it is none"},
    Filter{"float", 0, 0, false, to_float, "a number, also from text; nothing when it is none"},
    Filter{"string", 0, 0, false, to_string, "the value as text"},
    Filter{"bool", 0, 0, false, to_boolean, "true or false, also from text"},
    Filter{"tojson", 0, 0, true, to_json, "the value as JSON"},
    Filter{"abs", 0, 0, false, absolute, "a number without its sign"},
    Filter{"round", 0, 0, false, round, "the nearest whole number"},
    Filter{"keys", 0, 0, false, keys, "the keys of an object"},
};

}  // namespace

std::span<const Filter> value_filters() { return k_filters; }

}  // namespace weir::plugin::declarative

#include "plugin/declarative/expression/value.hpp"

#include <charconv>
#include <cmath>

#include <fmt/format.h>

namespace weir::plugin::declarative {
namespace {

std::optional<double> number_of(const Value& value) {
  if (const auto* integer = value.as<std::int64_t>()) return static_cast<double>(*integer);
  if (const auto* number = value.as<double>()) return *number;
  return std::nullopt;
}

template <class T>
int order_of(const T& a, const T& b) {
  return a < b ? -1 : b < a ? 1 : 0;
}

bool are_items_equal(const Value& a, const Value& b) {
  if (!a.is_array() || !b.is_array() || a.size() != b.size()) return false;
  std::int64_t index = 0;
  bool is_same = true;
  a.each([&](const Value& item) { return is_same = is_equal(item, b.at(index++)); });
  return is_same;
}

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    switch (c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      default:
        if (static_cast<unsigned char>(c) < 0x20)
          fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(c));
        else
          out += c;
    }
  }
  out += '"';
}

void append_map(std::string& out, const Map& map) {
  out += '{';
  for (std::size_t i = 0; i < map.size; ++i) {
    if (i > 0) out += ',';
    append_quoted(out, map.entries[i].key);
    out += ':';
    append_json(out, map.entries[i].value);
  }
  out += '}';
}

void append_number(std::string& out, double number) {
  if (!std::isfinite(number)) {
    out += "null";
    return;
  }
  fmt::format_to(std::back_inserter(out), "{}", number == 0 ? 0.0 : number);
}

}  // namespace

Value Value::from(Json element) {
  using simdjson::dom::element_type;
  switch (element.type()) {
    case element_type::ARRAY:
    case element_type::OBJECT: return Any(element);
    case element_type::INT64: return Any(element.get_int64().value_unsafe());
    case element_type::UINT64: return Any(static_cast<double>(element.get_uint64().value_unsafe()));
    case element_type::DOUBLE: return Any(element.get_double().value_unsafe());
    case element_type::STRING: return Any(element.get_string().value_unsafe());
    case element_type::BOOL: return Any(element.get_bool().value_unsafe());
    case element_type::NULL_VALUE: break;
  }
  return {};
}

const Value& Value::item(const List& list, std::size_t index) { return list.items[index]; }

bool Value::is_array() const {
  const auto* json = as<Json>();
  return json != nullptr ? json->is_array() : as<List>() != nullptr;
}

bool Value::is_object() const {
  const auto* json = as<Json>();
  return json != nullptr ? json->is_object() : as<Map>() != nullptr;
}

std::string_view Value::type_name() const {
  if (is_array()) return "a list";
  if (is_object()) return "an object";
  switch (any_.index()) {
    case 0: return "nothing";
    case 1: return "true or false";
    case 2:
    case 3: return "a number";
    case 4: return "text";
    default: return "an instant";
  }
}

bool Value::is_truthy() const {
  if (const auto* flag = as<bool>()) return *flag;
  if (const auto* integer = as<std::int64_t>()) return *integer != 0;
  if (const auto* number = as<double>()) return *number != 0;
  if (const auto count = size()) return *count > 0;
  return !is_null();
}

Value Value::get(std::string_view key) const {
  if (const auto* json = as<Json>(); json != nullptr && json->is_object()) {
    Json found;
    return json->at_key(key).get(found) == simdjson::SUCCESS ? from(found) : Value();
  }
  if (const auto* map = as<Map>())
    for (std::size_t i = 0; i < map->size; ++i)
      if (map->entries[i].key == key) return map->entries[i].value;
  return {};
}

Value Value::at(std::int64_t index) const {
  if (!is_array()) return {};
  const auto count = static_cast<std::int64_t>(*size());
  if (index < 0) index += count;
  if (index < 0 || index >= count) return {};
  if (const auto* list = as<List>()) return list->items[index];
  return from(as<Json>()->at(static_cast<std::size_t>(index)).value_unsafe());
}

std::optional<std::size_t> Value::size() const {
  if (const auto* text = as<std::string_view>()) return text->size();
  if (const auto* list = as<List>()) return list->size;
  if (const auto* map = as<Map>()) return map->size;
  const auto* json = as<Json>();
  if (json == nullptr) return std::nullopt;
  std::size_t count = 0;  // the parser's own count stops at 2^24
  if (json->is_array())
    for ([[maybe_unused]] const auto element : simdjson::dom::array(*json)) ++count;
  else
    for ([[maybe_unused]] const auto field : simdjson::dom::object(*json)) ++count;
  return count;
}

bool is_equal(const Value& a, const Value& b) {
  if (a.is_null() || b.is_null()) return a.is_null() && b.is_null();
  if (const auto order = compare(a, b)) return *order == 0;
  if (a.as<bool>() != nullptr && b.as<bool>() != nullptr) return *a.as<bool>() == *b.as<bool>();
  return are_items_equal(a, b);
}

std::optional<int> compare(const Value& a, const Value& b) {
  const auto* a_integer = a.as<std::int64_t>();
  const auto* b_integer = b.as<std::int64_t>();
  if (a_integer != nullptr && b_integer != nullptr) return order_of(*a_integer, *b_integer);
  const auto a_number = number_of(a);
  const auto b_number = number_of(b);
  if (a_number && b_number) return order_of(*a_number, *b_number);
  const auto* a_text = a.as<std::string_view>();
  const auto* b_text = b.as<std::string_view>();
  if (a_text != nullptr && b_text != nullptr) return order_of(*a_text, *b_text);
  if (a.as<Instant>() == nullptr && b.as<Instant>() == nullptr) return std::nullopt;
  const auto a_instant = instant_of(a);
  const auto b_instant = instant_of(b);
  return a_instant && b_instant ? std::optional(order_of(*a_instant, *b_instant)) : std::nullopt;
}

std::optional<Instant> instant_of(const Value& value) {
  if (const auto* instant = value.as<Instant>()) return *instant;
  const auto* text = value.as<std::string_view>();
  return text == nullptr ? std::nullopt : parse_rfc3339(*text);
}

bool append_text(std::string& out, const Value& value) {
  if (const auto* text = value.as<std::string_view>())
    out += *text;
  else if (const auto* integer = value.as<std::int64_t>())
    fmt::format_to(std::back_inserter(out), "{}", *integer);
  else if (const auto* number = value.as<double>())
    append_number(out, *number);
  else if (const auto* flag = value.as<bool>())
    out += *flag ? "true" : "false";
  else if (const auto* instant = value.as<Instant>())
    out += format_rfc3339(*instant);
  else
    return false;
  return true;
}

void append_json(std::string& out, const Value& value) {
  if (const auto* text = value.as<std::string_view>()) return append_quoted(out, *text);
  if (const auto* instant = value.as<Instant>()) return append_quoted(out, format_rfc3339(*instant));
  if (const auto* json = value.as<Json>()) {
    out += simdjson::minify(*json);
    return;
  }
  if (const auto* map = value.as<Map>()) return append_map(out, *map);
  if (const auto* list = value.as<List>()) {
    out += '[';
    for (std::size_t i = 0; i < list->size; ++i) {
      if (i > 0) out += ',';
      append_json(out, list->items[i]);
    }
    out += ']';
    return;
  }
  if (!append_text(out, value)) out += "null";
}

}  // namespace weir::plugin::declarative

// What an expression works with: scalars by value, text as a view, arrays and objects of a provider's answer as
// references into the parsed document. A Value owns nothing; it lives as long as the document, the Scratch or the
// program it came from. Copying one costs a few words.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include <simdjson.h>

#include "base/time.hpp"

namespace weir::plugin::declarative {

class Value;
struct Entry;

struct List {
  const Value* items = nullptr;
  std::size_t size = 0;
};

struct Map {
  const Entry* entries = nullptr;
  std::size_t size = 0;
};

using Json = simdjson::dom::element;  // here always an array or an object

class Value {
 public:
  using Any = std::variant<std::monostate, bool, std::int64_t, double, std::string_view, Instant, Json, List, Map>;

  Value() = default;
  Value(Any any) : any_(any) {}     // NOLINT: converts
  static Value from(Json element);  // scalars become plain values

  bool is_null() const { return std::holds_alternative<std::monostate>(any_); }
  template <class T>
  const T* as() const {
    return std::get_if<T>(&any_);
  }
  bool is_array() const;
  bool is_object() const;
  std::string_view type_name() const;  // for messages: "text", "a list", …
  bool is_truthy() const;              // false: null, false, 0, "", [] and {}

  // The member of an object, or null; of anything else null as well.
  Value get(std::string_view key) const;
  // The item at an index, from the end when negative; null where there is none.
  Value at(std::int64_t index) const;
  // Items of an array, members of an object, bytes of a text; nullopt for the rest.
  std::optional<std::size_t> size() const;

  // Calls f(Value) for each item of an array until it returns false.
  template <class F>
  void each(F f) const {
    if (const auto* list = as<List>()) {
      for (std::size_t i = 0; i < list->size; ++i)
        if (!f(item(*list, i))) return;
    } else if (const auto* json = as<Json>(); json != nullptr && json->is_array()) {
      for (const auto element : simdjson::dom::array(*json))
        if (!f(from(element))) return;
    }
  }

  const Any& any() const { return any_; }

 private:
  static const Value& item(const List& list, std::size_t index);
  Any any_;
};

struct Entry {
  std::string_view key;
  Value value;
};

// Equality as people expect it: 1 == 1.0, an instant equals a text that says the same instant.
bool is_equal(const Value& a, const Value& b);
// -1, 0, 1; nullopt when the two have no order (one is null, or their types differ).
std::optional<int> compare(const Value& a, const Value& b);

// The instant that a value means: an instant, or a text in the form of RFC 3339.
std::optional<Instant> instant_of(const Value& value);

// Appends a scalar as text (integers in decimal, instants as RFC 3339); false for null, arrays and objects.
bool append_text(std::string& out, const Value& value);
// Appends any value as JSON.
void append_json(std::string& out, const Value& value);

}  // namespace weir::plugin::declarative

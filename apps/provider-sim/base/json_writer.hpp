// JSON straight into a string, one pass, no tree: pages of hundreds of kilobytes are rendered on every miss of the
// cache.
#pragma once
#include <chrono>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

namespace weir::sim {

using Time = std::chrono::sys_seconds;

void append_escaped(std::string& out, std::string_view text);  // without the quotes
void append_time(std::string& out, Time time);                 // 2026-01-31T12:00:00Z
std::string format_time(Time time);

class JsonWriter {
 public:
  explicit JsonWriter(std::string& out) : out_(out) {}

  JsonWriter& begin_object() { return open('{'); }
  JsonWriter& end_object() { return close('}'); }
  JsonWriter& begin_array() { return open('['); }
  JsonWriter& end_array() { return close(']'); }

  // Keys are literals of ours: they need no escaping.
  JsonWriter& key(std::string_view name);

  JsonWriter& value(std::string_view text);
  JsonWriter& value(const char* text) { return value(std::string_view(text)); }
  JsonWriter& value(const std::string& text) { return value(std::string_view(text)); }
  JsonWriter& value(bool is_true) { return raw(is_true ? "true" : "false"); }
  JsonWriter& value(Time time);
  JsonWriter& value(std::nullptr_t) { return raw("null"); }
  template <std::integral T>
    requires(!std::same_as<T, bool>)
  JsonWriter& value(T number) {
    return integer(static_cast<std::int64_t>(number));
  }
  // Anything with has_value(): null when empty.
  template <class T>
    requires requires(const T& maybe) { maybe.has_value(); }
  JsonWriter& value(const T& maybe) {
    return maybe.has_value() ? value(*maybe) : raw("null");
  }
  JsonWriter& raw(std::string_view json);  // already JSON
  // A string of two parts that need no escaping (a URL and its tail).
  JsonWriter& joined(std::string_view first, std::string_view second);

  template <class T>
  JsonWriter& field(std::string_view name, const T& content) {
    key(name);
    return value(content);
  }
  JsonWriter& raw_field(std::string_view name, std::string_view json) { return key(name).raw(json); }
  JsonWriter& url_field(std::string_view name, std::string_view base, std::string_view tail = {}) {
    return key(name).joined(base, tail);
  }

 private:
  JsonWriter& open(char bracket);
  JsonWriter& close(char bracket);
  JsonWriter& integer(std::int64_t number);
  void separate() {
    if (needs_comma_) out_ += ',';
    needs_comma_ = true;
  }

  std::string& out_;
  bool needs_comma_ = false;
};

}  // namespace weir::sim

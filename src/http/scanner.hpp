// Reads a header's text from left to right; nothing is copied. Private to the parsers of this module.
#pragma once
#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

namespace weir::http {

class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  bool at_end() const { return rest_.empty(); }
  char peek() const { return rest_.empty() ? '\0' : rest_.front(); }
  char take() {
    const char c = peek();
    if (!rest_.empty()) rest_.remove_prefix(1);
    return c;
  }
  bool skip(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void skip_any(std::string_view characters) { take_while(characters); }
  // The longest run of `characters`; empty where there is none.
  std::string_view take_while(std::string_view characters) { return take_prefix(rest_.find_first_not_of(characters)); }
  std::string_view take_until(std::string_view characters) { return take_prefix(rest_.find_first_of(characters)); }
  // Decimal digits; nullopt when there are none or they overflow.
  std::optional<std::int64_t> take_number() {
    const auto digits = take_while("0123456789");
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (digits.empty() || error != std::errc{}) return std::nullopt;
    return value;
  }
  std::string_view rest() const { return rest_; }

 private:
  std::string_view take_prefix(std::size_t length) {
    const auto prefix = rest_.substr(0, length);
    rest_.remove_prefix(prefix.size());
    return prefix;
  }
  std::string_view rest_;
};

}  // namespace weir::http

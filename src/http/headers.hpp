// The header fields of a request or an answer, in the order they came. Names are compared without case.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weir::http {

struct Header {
  std::string name;
  std::string value;
};

class Headers {
 public:
  Headers() = default;
  Headers(std::initializer_list<Header> fields) : fields_(fields) {}

  void add(std::string_view name, std::string_view value) {
    fields_.push_back({std::string(name), std::string(value)});
  }
  // The first field of this name, without surrounding white space. Views are valid until the next add().
  std::optional<std::string_view> get(std::string_view name) const;
  std::vector<std::string_view> all(std::string_view name) const;
  bool has(std::string_view name) const { return get(name).has_value(); }

  auto begin() const { return fields_.begin(); }
  auto end() const { return fields_.end(); }
  std::size_t size() const { return fields_.size(); }
  void clear() { fields_.clear(); }

 private:
  std::vector<Header> fields_;
};

// ASCII only, as header names, schemes and hosts are.
bool equals_ignoring_case(std::string_view a, std::string_view b);
bool contains_ignoring_case(std::string_view text, std::string_view part);
std::string_view trimmed(std::string_view text);  // of spaces and tabs

// Whether a field can be sent as it is: a token for a name, no control character in the value (RFC 9110, 5.1, 5.5).
bool is_sendable(std::string_view name, std::string_view value);

}  // namespace weir::http

// text[] in PostgreSQL's text form: {"a","b \"c\""}.
#pragma once
#include <string>
#include <string_view>

namespace weir::load {

inline void append_array_item(std::string& out, std::string_view item) {
  out += '"';
  for (const char c : item) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  out += '"';
}

}  // namespace weir::load

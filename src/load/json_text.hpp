// JSON as PostgreSQL's jsonb takes it.
#pragma once
#include <string>
#include <string_view>

namespace weir::load {

enum class JsonFate {
  kept,     // stored as it came
  mended,   // \u0000, a lone surrogate or ill-formed UTF-8 became U+FFFD; a number out of range became null
  refused,  // not JSON (RFC 8259), or nested deeper than 500 levels
};

// Appends to `out` what jsonb will accept; nothing when refused.
JsonFate append_json(std::string& out, std::string_view text);

}  // namespace weir::load

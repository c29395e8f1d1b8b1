#include "pg/params.hpp"

#include <fmt/format.h>

namespace weir::pg {
namespace {

void append_int32(std::string& out, std::int32_t value) {
  const auto bits = static_cast<std::uint32_t>(value);
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>((bits >> shift) & 0xffU);
}

}  // namespace

Params& Params::add_null() {
  values_.push_back({0, true, false, {}});
  return *this;
}

Params& Params::add_text(std::string value) {
  values_.push_back({0, false, false, std::move(value)});
  return *this;
}

Params& Params::add_bytes(std::string_view value) { return add_binary(k_oid_bytea, std::string(value)); }

Params& Params::add_binary(Oid type, std::string value) {
  values_.push_back({type, false, true, std::move(value)});
  return *this;
}

// Binary array format: dimensions, has-null flag, element type, then size and lower bound, then length + bytes each.
Params& Params::add_array(const std::vector<std::string>& values) {
  std::string out;
  append_int32(out, values.empty() ? 0 : 1);
  append_int32(out, 0);
  append_int32(out, static_cast<std::int32_t>(k_oid_text));
  if (!values.empty()) {
    append_int32(out, static_cast<std::int32_t>(values.size()));
    append_int32(out, 1);
  }
  for (const auto& value : values) {
    append_int32(out, static_cast<std::int32_t>(value.size()));
    out += value;
  }
  return add_binary(k_oid_text_array, std::move(out));
}

std::size_t Params::bytes() const {
  std::size_t total = 0;
  for (const auto& value : values_) total += value.bytes.size();
  return total;
}

std::string Params::from_double(double value) { return fmt::format("{}", value); }

}  // namespace weir::pg

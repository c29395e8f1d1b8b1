#include "tenancy/text.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

namespace weir::tenancy {
namespace {

bool is_utf8(const std::string& value) {
  try {
    return !nlohmann::json(value).dump().empty();
  } catch (const nlohmann::json::type_error&) {
    return false;
  }
}

}  // namespace

bool is_plain_text(const std::string& value, LineBreaks line_breaks) {
  const auto is_control = [line_breaks](unsigned char c) {
    if (c == '\t') return false;
    if (c == '\n' || c == '\r') return line_breaks == LineBreaks::refused;
    return c < 0x20 || c == 0x7f;
  };
  return std::ranges::none_of(value, is_control) && is_utf8(value);
}

}  // namespace weir::tenancy

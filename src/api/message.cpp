#include "api/message.hpp"

#include <algorithm>
#include <cctype>

namespace weir::api {
namespace {

bool is_same_letter(unsigned char a, unsigned char b) { return std::tolower(a) == std::tolower(b); }

}  // namespace

std::optional<std::string> HttpRequest::header(std::string_view name) const {
  for (const auto& [other, value] : headers)
    if (std::ranges::equal(other, name, is_same_letter)) return value;
  return std::nullopt;
}

}  // namespace weir::api

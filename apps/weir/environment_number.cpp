#include "weir/environment_number.hpp"

#include <charconv>
#include <cstdlib>
#include <string_view>

#include <fmt/format.h>

namespace weir::app {

Result<std::int64_t> read_number(const char* name, std::int64_t otherwise, std::int64_t min, std::int64_t max) {
  const char* text = std::getenv(name);
  if (text == nullptr || *text == '\0') return otherwise;
  const std::string_view given(text);
  std::int64_t value = 0;
  const auto [stop, error] = std::from_chars(given.data(), given.data() + given.size(), value);
  if (error != std::errc{} || stop != given.data() + given.size() || value < min || value > max)
    return fail(ErrorCode::configuration, fmt::format("{} must be a number from {} to {}", name, min, max));
  return value;
}

}  // namespace weir::app

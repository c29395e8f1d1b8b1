// Any bytes as an answer: no crash, and what is accepted is accepted again after it was written out.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "plugin/declarative/document.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir::plugin::declarative;
  static Document first, second;
  const auto value = first.parse({reinterpret_cast<const char*>(data), size});
  if (!value) {
    if (value.error().message.empty()) std::abort();
    return 0;
  }
  std::string text, again;
  append_json(text, *value);
  const auto copy = second.parse(text);
  if (!copy) std::abort();
  append_json(again, *copy);
  if (text != again) std::abort();
  return 0;
}

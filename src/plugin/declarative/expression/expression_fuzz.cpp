// Any text as a template, any bytes as the record: no crash, no hang, bounded memory; and a template that compiles
// gives the same result twice.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "plugin/declarative/expression/template.hpp"

namespace weir::plugin::declarative {
namespace {

constexpr Roots k_all{Root::env, Root::record, Root::window, Root::cursor, Root::item, Root::response, Root::vars};

std::string run(const Template& compiled, const Scope& scope, Scratch& scratch) {
  scratch.reset();
  const auto value = compiled.evaluate(scope, scratch);
  std::string out;
  if (!value) return value.error().message;
  append_json(out, *value);
  return out;
}

void check(std::string_view text, std::string_view record) {
  const auto compiled = Template::compile(text, k_all, {});
  if (!compiled) {
    if (compiled.error().message.empty() || compiled.error().offset > text.size()) std::abort();
    return;
  }
  simdjson::dom::parser parser;
  Scope scope;
  simdjson::dom::element element;
  if (parser.parse(record.data(), record.size()).get(element) == simdjson::SUCCESS)
    scope.set(Root::record, Value::from(element));
  scope.set(Root::cursor, Value::Any(Instant{}));
  Scratch scratch({.bytes_max = 1U << 20U, .steps_max = 20'000});
  if (run(*compiled, scope, scratch) != run(*compiled, scope, scratch)) std::abort();
}

}  // namespace
}  // namespace weir::plugin::declarative

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto split = std::min(input.find('\n'), input.size());
  weir::plugin::declarative::check(input.substr(0, split), input.substr(std::min(split + 1, input.size())));
  return 0;
}

#include "plugin/declarative/document.hpp"

#include <fmt/format.h>

#include "load/json_text.hpp"

namespace weir::plugin::declarative {

Result<Value> Document::parse(std::string_view text) {
  root_ = {};
  Json element;
  auto error = parser_.parse(text.data(), text.size()).get(element);
  if (error != simdjson::SUCCESS && error != simdjson::EMPTY && error != simdjson::DEPTH_ERROR) {
    mended_.clear();
    if (load::append_json(mended_, text) != load::JsonFate::refused) error = parser_.parse(mended_).get(element);
  }
  if (error != simdjson::SUCCESS)
    return fail(ErrorCode::provider_failed,
                fmt::format("the answer is not the JSON that was expected ({})", simdjson::error_message(error)));
  root_ = Value::from(element);
  return root_;
}

void Document::shrink() {
  root_ = {};
  parser_ = simdjson::dom::parser();
  mended_ = {};
}

}  // namespace weir::plugin::declarative

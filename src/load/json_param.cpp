#include "load/json_param.hpp"

#include "base/error.hpp"
#include "load/json_text.hpp"

namespace weir::load {
namespace {

// jsonb prints a space after each comma and colon.
std::size_t separators(const nlohmann::json& value) {
  std::size_t count = 0;
  if (!value.is_structured() || value.empty()) return count;
  count += value.is_object() ? 2 * value.size() - 1 : value.size() - 1;
  for (const auto& item : value) count += separators(item);
  return count;
}

}  // namespace

std::string json_text(const nlohmann::json& value) {
  std::string mended;
  const auto fate = append_json(mended, value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  if (fate == JsonFate::refused)
    throw Failure({ErrorCode::invalid_data, "a JSON value is nested deeper than 500 levels; flatten it"});
  return mended;
}

void add_json(pg::Params& params, const nlohmann::json& value) {
  if (value.is_null())
    params.add_null();
  else
    params.add_text(json_text(value));
}

std::size_t jsonb_bytes(const nlohmann::json& value) { return json_text(value).size() + separators(value); }

}  // namespace weir::load

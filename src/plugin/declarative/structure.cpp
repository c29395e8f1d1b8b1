#include "plugin/declarative/structure.hpp"

namespace weir::plugin::declarative {

Result<> Structure::append_json(std::string& out, const Scope& scope, Scratch& scratch) const {
  if (kind == Kind::leaf && value.is_absent()) {
    out += literal.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    return {};
  }
  if (kind == Kind::leaf) {
    const auto result = value.evaluate(scope, scratch);
    if (!result) return std::unexpected(result.error());
    declarative::append_json(out, *result);
    return {};
  }
  const char* separator = "";
  out += kind == Kind::list ? '[' : '{';
  for (const auto& item : items) {
    out += std::exchange(separator, ",");
    if (auto done = item.append_json(out, scope, scratch); !done) return done;
  }
  for (const auto& [name, member] : members) {
    out += std::exchange(separator, ",");
    out += nlohmann::json(name).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    out += ':';
    if (auto done = member.append_json(out, scope, scratch); !done) return done;
  }
  out += kind == Kind::list ? ']' : '}';
  return {};
}

}  // namespace weir::plugin::declarative

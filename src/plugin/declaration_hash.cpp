#include "plugin/declaration_hash.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/digest.hpp"
#include "plugin/declarative/plan.hpp"

namespace weir::plugin {
namespace {

nlohmann::json shape_of(const load::Resource& resource) {
  nlohmann::json columns = nlohmann::json::object();
  for (const auto& column : resource.columns) columns[column.name] = load::sql_name(column.type);
  return {{"key_columns", resource.key_columns}, {"columns", std::move(columns)}};
}

}  // namespace

std::string hash_declaration(const ScriptDeclaration& script, const load::ResourceCatalog& resources,
                             const Builtin* builtin) {
  nlohmann::json canonical{
      {"cursor", to_string(script.cursor)},
      {"field", script.cursor_field},
      {"order", static_cast<int>(script.order)},
      {"days", script.import_window_days ? nlohmann::json(*script.import_window_days) : nlohmann::json()},
  };
  if (builtin != nullptr) {
    canonical["builtin"] = script.builtin;
    canonical["version"] = builtin->version;
  }
  if (script.plan) canonical["plan"] = script.plan->canonical;
  for (const auto& name : script.resources) canonical["resources"][name] = shape_of(*resources.find(name));
  return hex_digest(canonical.dump());  // objects are sorted by key
}

}  // namespace weir::plugin

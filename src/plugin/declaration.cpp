#include "plugin/declaration.hpp"

#include <algorithm>

namespace weir::plugin {

const ConfigKey* ProviderDeclaration::find(std::string_view key) const {
  const auto found = std::ranges::find(config, key, &ConfigKey::name);
  return found == config.end() ? nullptr : &*found;
}

std::string_view to_string(CursorKind kind) {
  switch (kind) {
    case CursorKind::window: return "window";
    case CursorKind::ascending: return "ascending";
    case CursorKind::descending: return "descending";
    case CursorKind::heads: return "heads";
    case CursorKind::full: return "full";
  }
  return "";
}

}  // namespace weir::plugin

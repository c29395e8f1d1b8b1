#include "plugin/walk/walk.hpp"

#include "plugin/walk/ascending_walk.hpp"
#include "plugin/walk/descending_walk.hpp"
#include "plugin/walk/window_walk.hpp"

namespace weir::plugin {

std::unique_ptr<Walk> make_walk(WalkSettings settings, std::optional<Instant> start, Instant end,
                                const nlohmann::json& position) {
  switch (settings.kind) {
    case CursorKind::window: return std::make_unique<WindowWalk>(settings, start, end, position);
    case CursorKind::ascending: return std::make_unique<AscendingWalk>(settings, start, end, position);
    case CursorKind::descending:
    case CursorKind::full: return std::make_unique<DescendingWalk>(settings, start, end, position);
    case CursorKind::heads: break;
  }
  throw Failure({ErrorCode::internal, "a script of kind heads has no walk"});
}

}  // namespace weir::plugin

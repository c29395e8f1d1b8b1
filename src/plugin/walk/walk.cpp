#include "plugin/walk/walk.hpp"

#include "plugin/walk/ascending_walk.hpp"
#include "plugin/walk/descending_walk.hpp"
#include "plugin/walk/window_walk.hpp"

namespace weir::plugin {

Instant round_down(Instant at, Duration granularity) {
  const auto rest = at.time_since_epoch() % granularity;
  return at - (rest < Duration::zero() ? rest + granularity : rest);
}

std::unique_ptr<Walk> make_walk(WalkSettings settings, std::optional<Instant> start, Instant end,
                                const nlohmann::json& position) {
  if (settings.kind == CursorKind::ascending) settings.listing.order = PageOrder::ascending;
  if (settings.kind == CursorKind::descending) settings.listing.order = PageOrder::descending;
  if (start) start = round_down(*start, settings.granularity) - Duration(1);
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

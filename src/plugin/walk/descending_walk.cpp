#include "plugin/walk/descending_walk.hpp"

#include <algorithm>

#include "plugin/walk/position.hpp"

namespace weir::plugin {
DescendingWalk::DescendingWalk(WalkSettings settings, std::optional<Instant> start, Instant end,
                               const nlohmann::json& position)
    : settings_(settings),
      start_(settings.kind == CursorKind::descending ? start : std::nullopt),
      end_(end),
      listing_(settings_.listing) {
  if (!is_position_of(position, to_string(settings_.kind)) || !may_resume()) return;
  listing_ = Listing(settings_.listing, position.value("list", nlohmann::json()));
}

bool DescendingWalk::may_resume() const {
  const auto order = settings_.listing.order;
  return order == PageOrder::descending || order == PageOrder::immutable;
}

nlohmann::json DescendingWalk::position() const {
  auto position = make_position(to_string(settings_.kind));
  if (may_resume()) position["list"] = listing_.position();
  return position;
}

std::optional<PageQuery> DescendingWalk::next() {
  if (is_complete_) return std::nullopt;
  return listing_.next({.from = start_});
}

Result<Step> DescendingWalk::accept(const Page& page) {
  const auto verdict = listing_.accept(page);
  if (!verdict) return std::unexpected(verdict.error());
  if (*verdict == Listing::Verdict::torn) return Step{};
  for (const auto& record : page.records)
    if (record.at && (!reached_ || *record.at < *reached_)) reached_ = record.at;
  const bool is_past_start = start_ && reached_ && *reached_ <= *start_;
  is_complete_ = *verdict == Listing::Verdict::done || is_past_start;
  if (!page.is_capped || is_past_start) return Step{};
  is_complete_ = true;
  return Step{CappedRange{start_, std::min(end_, reached_.value_or(end_))}};
}

}  // namespace weir::plugin

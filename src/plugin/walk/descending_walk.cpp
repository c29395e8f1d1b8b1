#include "plugin/walk/descending_walk.hpp"

#include <algorithm>
#include <utility>

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
  reached_ = read_instant(position, "reached");
  has_shown_ = !listing_.is_first_page();
  if (settings_.asks_up_to) below_ = read_instant(position, "below");
}

bool DescendingWalk::may_resume() const {
  const auto order = settings_.listing.order;
  return order == PageOrder::descending || order == PageOrder::immutable;
}

nlohmann::json DescendingWalk::position() const {
  auto position = make_position(to_string(settings_.kind));
  if (!may_resume()) return position;
  position["list"] = listing_.position();
  if (reached_) position["reached"] = write_instant(*reached_);
  if (below_) position["below"] = write_instant(*below_);
  return position;
}

std::optional<PageQuery> DescendingWalk::next() {
  if (is_complete_) return std::nullopt;
  return listing_.next({.from = start_, .to = below_});
}

Result<Step> DescendingWalk::accept(const Page& page) {
  if (page.is_capped && page.records.empty()) return go_below();
  const auto verdict = listing_.accept(page);
  if (!verdict) return std::unexpected(verdict.error());
  if (*verdict == Listing::Verdict::torn) return Step{};
  for (const auto& record : page.records)
    if (record.at && (!below_ || *record.at <= *below_)) {
      has_shown_ = true;
      reached_ = reached_ ? std::min(*reached_, *record.at) : *record.at;
    }
  const bool is_past_start = start_ && reached_ && *reached_ <= *start_;
  is_complete_ = *verdict == Listing::Verdict::done || is_past_start;
  return is_complete_ && !is_past_start && is_cut(page) ? go_below() : Step{};
}

bool DescendingWalk::is_cut(const Page& page) const {
  const auto shown = listing_.shown();
  if (!page.total || !shown) return page.is_capped;
  return *shown < *page.total && (page.is_capped || settings_.asks_up_to);
}

Step DescendingWalk::go_below() {
  is_complete_ = true;
  // A provider that shows nothing of what it was asked for would do so for ever.
  if (!settings_.asks_up_to || !std::exchange(has_shown_, false))
    return {CappedRange{start_, std::min(end_, reached_.value_or(end_))}};
  listing_ = Listing(settings_.listing);
  Step step;
  if (!below_ || *reached_ < *below_) {
    below_ = reached_;
  } else {
    const auto granule = round_down(*below_, settings_.granularity);
    step.capped = CappedRange{granule, granule + settings_.granularity};
    reached_ = below_ = granule - settings_.granularity;
  }
  is_complete_ = start_ && *below_ <= *start_;
  return step;
}

}  // namespace weir::plugin

#include "plugin/walk/ascending_walk.hpp"

#include <ranges>

#include "plugin/walk/position.hpp"

namespace weir::plugin {
namespace {

std::optional<Instant> last_value(const Page& page) {
  for (const auto& record : page.records | std::views::reverse)
    if (record.at) return record.at;
  return std::nullopt;
}

}  // namespace

AscendingWalk::AscendingWalk(WalkSettings settings, std::optional<Instant> start, Instant end,
                             const nlohmann::json& position)
    : settings_(settings), end_(end), since_(start), listing_(settings.listing) {
  if (!is_position_of(position, "ascending")) return;
  if (const auto since = read_instant(position, "since"); since && (!since_ || *since > *since_)) since_ = since;
}

nlohmann::json AscendingWalk::position() const {
  auto position = make_position("ascending");
  if (since_) position["since"] = write_instant(*since_);
  return position;
}

std::optional<PageQuery> AscendingWalk::next() {
  if (is_complete_) return std::nullopt;
  return listing_.next({.from = since_, .is_from_included = true});
}

Result<Step> AscendingWalk::accept(const Page& page) {
  if (page.is_capped && page.records.empty()) return step_over_instant();
  const auto verdict = listing_.accept(page);
  if (!verdict) return std::unexpected(verdict.error());
  if (*verdict == Listing::Verdict::torn) return Step{};
  const auto last = last_value(page);
  const bool is_past_end = last && *last > end_;
  if (*verdict == Listing::Verdict::done && page.is_capped && !is_past_end) {
    if (last && (!since_ || *last > *since_))
      begin_at(*last);
    else
      return step_over_instant();
    return Step{};
  }
  is_complete_ = *verdict == Listing::Verdict::done || is_past_end;
  if (!is_complete_ && last && (!since_ || *last > *since_)) begin_at(*last);
  return Step{};
}

void AscendingWalk::begin_at(Instant since) {
  since_ = since;
  listing_ = Listing(settings_.listing);
}

// The provider shows no more of the records that share this instant.
Step AscendingWalk::step_over_instant() {
  const auto from = since_;
  const auto next = since_.value_or(Instant{}) + settings_.granularity;
  begin_at(next);
  is_complete_ = next > end_;
  return {.capped = CappedRange{from, next}};
}

}  // namespace weir::plugin

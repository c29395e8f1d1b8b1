#include "plugin/walk/window_walk.hpp"

#include <algorithm>

#include "plugin/walk/position.hpp"

namespace weir::plugin {
namespace {

// Where a range without lower bound is cut first: little was recorded before.
constexpr Instant k_first_cut{};  // 1970-01-01
constexpr Duration k_width_max = std::chrono::days(365'000);

}  // namespace

WindowWalk::WindowWalk(WalkSettings settings, std::optional<Instant> start, Instant end, const nlohmann::json& position)
    : settings_(settings), end_(end), from_(start), to_(end), listing_(settings.listing) {
  restore(position);
}

void WindowWalk::restore(const nlohmann::json& position) {
  if (!is_position_of(position, "window")) return;
  if (const auto from = read_instant(position, "from")) from_ = from;
  if (const auto width = read_instant(position, "width"))
    width_ = std::clamp(width->time_since_epoch(), settings_.granularity, k_width_max);
  open_window();
  const auto to = read_instant(position, "to");
  if (!to || !may_resume_inside()) return;
  to_ = std::min(*to, end_);
  listing_ = Listing(settings_.listing, position.value("list", nlohmann::json()));
}

nlohmann::json WindowWalk::position() const {
  auto position = make_position("window");
  if (from_) position["from"] = write_instant(*from_);
  if (width_) position["width"] = width_->count();
  if (may_resume_inside() && !listing_.is_first_page()) {
    position["to"] = write_instant(to_);
    position["list"] = listing_.position();
  }
  return position;
}

void WindowWalk::limit_end(Instant end) {
  end_ = std::min(end_, end);
  to_ = std::min(to_, end_);
}

// A gap is found out on the way: what was shown before the cap would be forgotten by a resume behind it.
bool WindowWalk::may_resume_inside() const {
  if (has_gap_) return false;
  const auto order = settings_.listing.order;
  return order == PageOrder::descending || order == PageOrder::immutable;
}

std::optional<PageQuery> WindowWalk::next() {
  if (is_complete()) return std::nullopt;
  return listing_.next({.from = from_, .to = to_});
}

bool WindowWalk::is_capped(const Page& page) const {
  return page.is_capped || (settings_.results_max && page.total && *page.total >= *settings_.results_max);
}

Result<Step> WindowWalk::accept(const Page& page) {
  const bool capped = is_capped(page);
  const bool is_large = listing_.is_first_page() && page.has_more;
  if ((capped || is_large) && cut(capped)) return Step{};
  has_gap_ = has_gap_ || capped;
  if (capped && page.records.empty()) return close_window();
  const auto pages_before = listing_.pages();
  const auto verdict = listing_.accept(page);
  if (!verdict) return std::unexpected(verdict.error());
  if (*verdict != Listing::Verdict::done) return Step{};
  if (width_ && !has_gap_ && has_room(page, pages_before)) *width_ = std::min(*width_ * 2, k_width_max);
  return close_window();
}

// Whether a window twice as wide would probably do with one page; one that was made narrow by a cap tries in any case.
bool WindowWalk::has_room(const Page& page, std::int64_t pages_before) const {
  if (*width_ < Duration(settings_.window_duration)) return true;
  const auto records = static_cast<std::int64_t>(page.records.size());
  return pages_before == 0 && records <= settings_.listing.page_size_max / 2;
}

// What rounding down to the granularity has made a little narrower than importWindowDuration counts as that.
Duration WindowWalk::whole_width(Duration width) const {
  const Duration duration = settings_.window_duration;
  return width < duration && width + settings_.granularity > duration ? duration : width;
}

bool WindowWalk::cut(bool is_capped) {
  const auto narrower = narrower_end(is_capped);
  if (!narrower) return false;
  to_ = *narrower;
  width_ = from_ ? whole_width(to_ - *from_) : Duration(settings_.window_duration);
  listing_ = Listing(settings_.listing);
  has_gap_ = false;
  return true;
}

// First to importWindowDuration, then by half; below that only for a cap.
std::optional<Instant> WindowWalk::narrower_end(bool is_capped) const {
  if (!from_) return to_ > k_first_cut ? std::optional(std::min(k_first_cut, end_)) : std::nullopt;
  const Duration duration = settings_.window_duration;
  const auto open = to_ - *from_;
  if (open <= duration && !is_capped) return std::nullopt;
  const auto wanted = open <= duration ? open / 2 : width_ ? std::max(duration, open / 2) : duration;
  auto end = round_down(*from_ + wanted, settings_.granularity);
  if (end <= *from_) end = round_down(*from_ + settings_.granularity, settings_.granularity);
  return end > *from_ && end < to_ ? std::optional(end) : std::nullopt;
}

void WindowWalk::open_window() {
  listing_ = Listing(settings_.listing);
  has_gap_ = false;
  to_ = end_;
  if (!width_ || !from_ || end_ - *from_ <= *width_) return;
  const auto aligned = round_down(*from_ + std::max(*width_, settings_.granularity), settings_.granularity);
  if (aligned > *from_) to_ = std::min(aligned, end_);
}

Step WindowWalk::close_window() {
  Step step;
  if (has_gap_) step.capped = CappedRange{from_, to_};
  from_ = to_;
  open_window();
  return step;
}

}  // namespace weir::plugin

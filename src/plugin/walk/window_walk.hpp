// from/to queries. The whole open range is asked first; only when that has more than one page, or is capped, it is cut
// to importWindowDuration. A window that fills less than half a page makes the next one twice as wide, so that quiet
// years cost a few requests; a capped one is halved until it fits, down to the granularity, and they widen again
// afterwards.
#pragma once
#include "plugin/walk/walk.hpp"

namespace weir::plugin {

class WindowWalk final : public Walk {
 public:
  WindowWalk(WalkSettings settings, std::optional<Instant> start, Instant end, const nlohmann::json& position);
  std::optional<PageQuery> next() override;
  Result<Step> accept(const Page& page) override;
  nlohmann::json position() const override;
  void limit_end(Instant end) override;

 private:
  bool is_complete() const { return from_ && *from_ >= end_; }
  bool is_capped(const Page& page) const;
  // Makes the open window narrower; false: it cannot be.
  Duration whole_width(Duration width) const;
  bool cut(bool is_capped);
  std::optional<Instant> narrower_end(bool is_capped) const;
  bool has_room(const Page& page, std::int64_t pages_before) const;
  void open_window();
  Step close_window();
  void restore(const nlohmann::json& position);
  bool may_resume_inside() const;

  WalkSettings settings_;
  Instant end_;
  std::optional<Instant> from_;      // everything up to here is complete; nullopt: nothing, and there is no lower bound
  std::optional<Duration> width_{};  // of the next window; nullopt: all that is open
  Instant to_;                       // end of the open window
  Listing listing_;
  bool has_gap_ = false;  // the open window is capped and cannot be cut
};

}  // namespace weir::plugin

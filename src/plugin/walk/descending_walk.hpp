// Newest first, until the first record that is not newer than the start. Also the walk of a full listing, which ends
// only at its end. What changes meanwhile moves to the front: that is after the pass's end, and the next pass's work.
#pragma once
#include "plugin/walk/walk.hpp"

namespace weir::plugin {

class DescendingWalk final : public Walk {
 public:
  DescendingWalk(WalkSettings settings, std::optional<Instant> start, Instant end, const nlohmann::json& position);
  std::optional<PageQuery> next() override;
  Result<Step> accept(const Page& page) override;
  nlohmann::json position() const override;
  void limit_end(Instant end) override { end_ = std::min(end_, end); }

 private:
  bool may_resume() const;

  WalkSettings settings_;
  std::optional<Instant> start_;  // nullopt: to the listing's end
  Instant end_;
  Listing listing_;
  std::optional<Instant> reached_{};  // the oldest value shown
  bool is_complete_ = false;
};

}  // namespace weir::plugin

// Newest first, until the first record that is not newer than the start. Also the walk of a full listing, which ends
// only at its end. What changes meanwhile moves to the front: that is after the pass's end, and the next pass's work.
//
// A listing that the provider cuts (1,000 results) is begun again below the cut, where requests can say so; only
// records that share one granule and are too many for it are a gap.
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
  bool is_cut(const Page& page) const;
  Step go_below();

  WalkSettings settings_;
  std::optional<Instant> start_;  // nullopt: to the listing's end
  Instant end_;
  Listing listing_;
  std::optional<Instant> reached_{};  // the oldest value shown
  std::optional<Instant> below_{};    // the listing is of records up to here
  bool has_shown_ = false;            // a record that the listing was asked for
  bool is_complete_ = false;
};

}  // namespace weir::plugin

// "Changed since" queries, sorted ascending by a mutable time: keyset. After each page the next `since` is the page's
// last value, and the first page is asked again, so that records which move to the end while the pages are read cannot
// push others out of sight. Only when more records than a page holds share one instant, the pages within that instant
// are walked.
#pragma once
#include "plugin/walk/walk.hpp"

namespace weir::plugin {

class AscendingWalk final : public Walk {
 public:
  AscendingWalk(WalkSettings settings, std::optional<Instant> start, Instant end, const nlohmann::json& position);
  std::optional<PageQuery> next() override;
  Result<Step> accept(const Page& page) override;
  nlohmann::json position() const override;
  void limit_end(Instant end) override { end_ = std::min(end_, end); }

 private:
  void begin_at(Instant since);
  Step step_over_instant();

  WalkSettings settings_;
  Instant end_;
  std::optional<Instant> since_;
  Listing listing_;
  bool is_complete_ = false;
};

}  // namespace weir::plugin

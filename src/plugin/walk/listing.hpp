// Walks the pages of one listing so that nothing that stays in it is missed, although records come, move and go between
// two requests.
//
// Records before the place that was reached may vanish; then all later ones move up, and the next page by number or
// offset would begin behind some that were never shown. So pages overlap by a record: a page joins when it begins with
// a record that an earlier page showed and that still stands where it stood, or (in a listing sorted by the cursor's
// value) with one that belongs before the last one shown. When a page does not join, the walk steps back until one
// does; at index 0 every page joins. A server's own cursor (PageAddress::token) does not shift and needs none of this.
#pragma once
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <unordered_set>

#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "plugin/declaration.hpp"
#include "plugin/walk/page.hpp"

namespace weir::plugin {

struct ListingSettings {
  PageAddress address = PageAddress::offset;
  PageOrder order = PageOrder::unspecified;
  std::int64_t page_size_max = 100;  // what the provider gives at most; at least 2 with offset, 20 with number
};

class Listing {
 public:
  enum class Verdict {
    joined,  // everything up to the end of this page has been shown
    torn,    // something may have been missed before this page: next() steps back
    done,    // joined, and it was the last page
  };

  explicit Listing(ListingSettings settings) : settings_(settings) {}
  // From position(); a position of another form begins the listing anew.
  Listing(ListingSettings settings, const nlohmann::json& position);

  // Fills in the place of the next page.
  PageQuery next(PageQuery query);
  // The answer to next(). provider_failed: the server's paging is broken (it promises more and shows nothing, its
  // tokens lead in a circle or for ever on, or it sorts the listing anew for every request).
  Result<Verdict> accept(const Page& page);

  bool is_first_page() const { return pages_ == 0; }
  std::int64_t pages() const { return pages_; }
  // How many records of the listing were shown; nullopt: pages by token do not say.
  std::optional<std::int64_t> shown() const {
    return settings_.address == PageAddress::token ? std::nullopt : std::optional(reached_);
  }
  // Everything before it has been shown; small, whatever was walked.
  nlohmann::json position() const;

 private:
  using Keys = std::unordered_set<std::uint64_t>;

  std::uint64_t fingerprint(const PageRecord& record) const;
  bool was_shown(const PageRecord& record) const;
  bool joins(const Page& page) const;
  void remember(const Page& page);
  Result<Verdict> accept_token(const Page& page);
  Result<Verdict> step_back();

  ListingSettings settings_;
  std::int64_t pages_ = 0;    // accepted as joined
  std::int64_t reached_ = 0;  // index behind the last record shown
  std::int64_t first_ = 0;    // index of the first record of the page asked for
  std::int64_t size_asked_ = 0;
  std::optional<std::int64_t> back_to_{};  // stepping back: begin there
  int torn_ = 0;                           // since the last page that showed something new
  int stuck_ = 0;                          // pages since it last got further
  std::int64_t furthest_ = 0;
  std::string token_{};
  // A token passed on the way: who comes back to it goes in circles. It moves on after 1, 2, 4 … pages (Brent), so that
  // every circle is noticed within three rounds of it, without remembering the others.
  std::string landmark_{};
  std::int64_t landmark_reach_ = 1;
  std::int64_t since_landmark_ = 0;
  std::deque<Keys> recent_{};          // of the last pages shown, the newest at the front
  std::vector<std::uint64_t> tail_{};  // the last few keys shown, for position()
  std::optional<Instant> last_{};      // the cursor value of the last record shown
};

}  // namespace weir::plugin

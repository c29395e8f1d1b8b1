// Where the next page is: pure helpers for whoever walks pages. A link is followed only to the configured origin
// (scheme, host and port), since the request carries the source's credentials; and no walk goes in circles.
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>
#include <unordered_set>

#include "base/error.hpp"
#include "http/headers.hpp"
#include "http/url.hpp"

namespace weir::http {

enum class ForeignLink {
  refuse,
  rebase,  // a server behind a proxy names itself: keep path and query, on the configured base
};

// The URL of a next page or redirect: `link` as found in the answer from `current`, checked against `base`. An empty
// link means that there is none.
Result<std::optional<Url>> follow_link(const Url& base, const Url& current, std::string_view link, ForeignLink foreign);

// The Link header's rel="next".
Result<std::optional<Url>> next_from_links(const Url& base, const Url& current, const Headers& headers,
                                           ForeignLink foreign);

// The positions (URLs, tokens, page numbers) a walk has been at.
class PageTrail {
 public:
  explicit PageTrail(std::size_t pages_max = 1'000'000) : pages_max_(pages_max) {}
  // Refuses a position seen before (pages that link to each other for ever) and more than pages_max of them.
  Result<> visit(std::string_view position);
  std::size_t pages() const { return seen_.size(); }

 private:
  std::size_t pages_max_;
  std::unordered_set<std::uint64_t> seen_;  // hashes: 1,000,000 pages take some 40 MB, 1,000 some 40 kB
};

}  // namespace weir::http

// Where the next page is: pure helpers for whoever walks pages. A link is followed only to the configured origin
// (scheme, host and port), since the request carries the source's credentials.
#pragma once
#include <optional>
#include <string_view>

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

}  // namespace weir::http

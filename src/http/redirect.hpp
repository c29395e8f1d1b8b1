// Redirects are followed here, never by libcurl: each one is judged by the egress guard and by where credentials may
// go.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "http/url.hpp"

namespace weir::http {

struct Redirect {
  Url target;
  bool is_permanent = false;     // 301, 308: the address to remember
  bool is_get_from_now = false;  // 303: without the body
};

// What to do with an answer of this status and Location after `hops` redirects. nullopt: the answer stands as it is,
// also where it leads to another origin and the request carries credentials or a body. An error when there are too
// many.
Result<std::optional<Redirect>> decide_redirect(const Url& from, int status, std::optional<std::string_view> location,
                                                bool is_bound_to_origin, int hops, int hops_max);

}  // namespace weir::http

// The Link header (RFC 8288): where the next page is.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/headers.hpp"

namespace weir::http {

struct Link {
  std::string target;                  // as written between < and >: absolute or relative
  std::vector<std::string> relations;  // lower case
  bool has(std::string_view relation) const;
};

constexpr std::size_t k_links_max = 64;

// Reads up to k_links_max links; from the first malformed one on, the rest of the header is dropped.
std::vector<Link> parse_links(std::string_view header);

// The target of the first link with this relation, in all Link fields of an answer.
std::optional<std::string> find_link(const Headers& headers, std::string_view relation);

}  // namespace weir::http

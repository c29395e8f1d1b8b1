#include "http/next_page.hpp"

#include <fmt/format.h>

#include "http/link_header.hpp"

namespace weir::http {

Result<std::optional<Url>> follow_link(const Url& base, const Url& current, std::string_view link,
                                       ForeignLink foreign) {
  link = trimmed(link);
  if (link.empty()) return std::nullopt;
  auto target = current.resolve(link);
  if (!target) return std::unexpected(target.error());
  if (target->origin() == base.origin()) return std::move(*target);
  if (foreign == ForeignLink::rebase) return target->rebased_onto(base);
  return fail(ErrorCode::invalid_input,
              fmt::format("the next page is said to be on {}, but the data source is configured for {}; Weir sends the "
                          "source's credentials nowhere else",
                          target->origin().to_string(), base.origin().to_string()));
}

Result<std::optional<Url>> next_from_links(const Url& base, const Url& current, const Headers& headers,
                                           ForeignLink foreign) {
  return follow_link(base, current, find_link(headers, "next").value_or(""), foreign);
}

}  // namespace weir::http

#include "http/redirect.hpp"

#include <fmt/format.h>

namespace weir::http {

Result<std::optional<Redirect>> decide_redirect(const Url& from, int status, std::optional<std::string_view> location,
                                                bool is_bound_to_origin, int hops, int hops_max) {
  const bool is_permanent = status == 301 || status == 308;
  if (!is_permanent && status != 302 && status != 303 && status != 307) return std::nullopt;
  if (!location || location->empty()) return std::nullopt;
  auto target = from.resolve(*location);
  if (!target) return std::nullopt;
  if (is_bound_to_origin && target->origin() != from.origin()) return std::nullopt;
  if (hops >= hops_max)
    return fail(ErrorCode::provider_failed,
                fmt::format("{} was redirected more than {} times", from.origin().to_string(), hops_max));
  return Redirect{std::move(*target), is_permanent, status == 303};
}

}  // namespace weir::http

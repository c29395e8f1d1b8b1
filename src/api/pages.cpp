#include "api/pages.hpp"

namespace weir::api {

std::vector<Parameter> page_parameters(std::vector<Parameter> more, std::size_t after_max) {
  more.push_back({"limit", "At most so many items (default 100)", schema::integer(1, k_page_max)});
  more.push_back({"after", "`next` of the page before", schema::text(1, after_max)});
  return more;
}

int page_limit(const Request& request) { return request.query_number("limit", k_page_default); }
int page_rows(const Request& request) { return page_limit(request) + 1; }

Answer page_of(const Request& request, nlohmann::json items, const char* key) {
  const auto limit = static_cast<std::size_t>(page_limit(request));
  nlohmann::json next;
  if (items.size() > limit) {
    items.erase(items.begin() + static_cast<std::ptrdiff_t>(limit), items.end());
    next = items.back().at(key);
  }
  return {.body = {{"items", std::move(items)}, {"next", std::move(next)}}};
}

Result<std::optional<Uuid>> after_id(const Request& request) {
  const auto after = request.query_text("after");
  if (!after) return std::nullopt;
  const auto id = Uuid::parse(*after);
  if (!id) return fail(ErrorCode::usage, "`after` is no `next` of an earlier page");
  return id;
}

}  // namespace weir::api

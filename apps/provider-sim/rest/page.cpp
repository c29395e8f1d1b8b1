// Pages and their links.
#include <algorithm>

#include <fmt/format.h>

#include "provider-sim/rest/api.hpp"

namespace weir::sim {
namespace {

constexpr std::size_t k_page_size = 30;
constexpr std::size_t k_page_size_max = 100;

std::size_t positive(const Query& query, std::string_view name, std::size_t otherwise) {
  const std::string* text = query.find(name);
  const auto value = text ? parse_integer(*text) : std::nullopt;
  return value && *value > 0 ? static_cast<std::size_t>(*value) : otherwise;
}

class Links {
 public:
  Links(const std::string& origin, const Listing& listing, const Query& query)
      : base_(origin + listing.path + query.without({"page", "_from"})) {
    base_ += base_.find('?') == std::string::npos ? "?" : "&";
  }
  void add(std::string_view rel, std::size_t page, std::optional<std::size_t> from = std::nullopt) {
    if (!text_.empty()) text_ += ", ";
    text_ += fmt::format("<{}page={}", base_, page);
    if (from) text_ += fmt::format("&_from={}", *from);
    text_ += fmt::format(">; rel=\"{}\"", rel);
  }
  const std::string& text() const { return text_; }

 private:
  std::string base_;
  std::string text_;
};

}  // namespace

// `page` gets the body and the Link header; an Answer comes back instead when the page is refused. A page that a fault
// doubles or shortens goes on exactly where it should through `_from`, an absolute position that GitHub does not have:
// a client that follows links loses nothing.
std::optional<Answer> RestApi::lay_out_page(const Listing& listing, const Request& request, PageFault fault,
                                            Answer& page) const {
  const auto size = std::min(positive(request.query, "per_page", k_page_size), k_page_size_max);
  const auto number = positive(request.query, "page", 1);
  if (options_.pagination_limit > 0 && number * size > options_.pagination_limit)
    return error_answer(422, "In order to keep the API fast for everyone, pagination is limited for this resource.");
  const std::string* from = request.query.find("_from");
  const auto start = from ? positive(request.query, "_from", 0) : (number - 1) * size;
  auto first = std::min(start, listing.count);
  auto last = std::min(first + size, listing.count);
  std::optional<std::size_t> resume = from ? std::optional(last) : std::nullopt;
  if (fault == PageFault::duplicate && first >= size) {
    resume = first;
    last = first;
    first -= size;
  } else if (fault == PageFault::short_page && last - first > 1) {
    last = first + (last - first) / 2;
    resume = last;
  }
  JsonWriter json(page.body);
  if (!listing.wrapper.empty()) {
    json.begin_object().field("total_count", listing.total_count);
    if (!listing.extra.empty()) json.raw(listing.extra);
    json.key(listing.wrapper);
  }
  json.begin_array();
  for (std::size_t i = first; i < last; ++i) listing.render(json, i);
  json.end_array();
  if (!listing.wrapper.empty()) json.end_object();
  Links links(renderer_.origins().api, listing, request.query);
  const auto pages = (listing.count + size - 1) / size;
  const bool has_next = resume ? *resume < listing.count || fault == PageFault::duplicate : last < listing.count;
  if (number > 1 && pages > 0) links.add("prev", std::min(number - 1, pages));
  if (fault == PageFault::self_link)
    links.add("next", number, from ? std::optional(start) : std::nullopt);
  else if (has_next)
    links.add("next", number + 1, resume);
  if (has_next) links.add("last", pages);
  if (number > 1 && pages > 0) links.add("first", 1);
  if (!links.text().empty()) page.headers.emplace_back("Link", links.text());
  return std::nullopt;
}

}  // namespace weir::sim

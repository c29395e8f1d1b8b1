#include "api/target.hpp"

#include <fmt/format.h>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include "tenancy/text.hpp"

namespace weir::api {
namespace {

std::unexpected<Error> bad_target(std::string_view why) {
  return fail(ErrorCode::usage, fmt::format("the path or query of the request is not valid: {}", why));
}

bool is_text(const std::string& value) { return tenancy::is_plain_text(value, tenancy::LineBreaks::refused); }

}  // namespace

Result<Target> parse_target(std::string_view text) {
  const auto parsed = boost::urls::parse_origin_form(boost::core::string_view(text.data(), text.size()));
  if (!parsed) return bad_target("it is no path");
  Target target;
  for (const auto& segment : parsed->segments()) {
    target.segments.emplace_back(segment.begin(), segment.end());
    if (!is_text(target.segments.back())) return bad_target("the path is no UTF-8 text");
  }
  for (const auto& parameter : parsed->params()) {
    std::string name(parameter.key.begin(), parameter.key.end());
    std::string value(parameter.value.begin(), parameter.value.end());
    if (!is_text(name) || !is_text(value)) return bad_target("the query is no UTF-8 text");
    if (!target.query.emplace(name, std::move(value)).second)
      return bad_target(fmt::format("the parameter {} is given twice", name));
  }
  return target;
}

}  // namespace weir::api

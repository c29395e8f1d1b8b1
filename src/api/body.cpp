#include "api/body.hpp"

#include <set>
#include <vector>

#include <fmt/format.h>

namespace weir::api {
namespace {

using nlohmann::json;
constexpr int k_depth_max = 32;

struct Refused {
  std::string why;
};

// Watches the parser: what it would silently accept.
class Watch {
 public:
  bool operator()(int depth, json::parse_event_t event, const json& parsed) {
    if (depth > k_depth_max) throw Refused{fmt::format("it is nested deeper than {}", k_depth_max)};
    if (event == json::parse_event_t::object_start) names_.emplace_back();
    if (event == json::parse_event_t::object_end) names_.pop_back();
    if (event == json::parse_event_t::key && !names_.back().insert(parsed.get<std::string>()).second)
      throw Refused{fmt::format("the name {} is given twice", parsed.get<std::string>())};
    return true;
  }

 private:
  std::vector<std::set<std::string>> names_;
};

bool is_json_type(std::string_view type) {
  type = type.substr(0, type.find(';'));
  while (type.ends_with(' ')) type.remove_suffix(1);
  return type == "application/json";
}

}  // namespace

Result<json> read_json(const HttpRequest& request) {
  if (!is_json_type(request.header("Content-Type").value_or("")))
    return fail(ErrorCode::unsupported_media_type, "send the body as JSON, with Content-Type: application/json");
  try {
    return json::parse(request.body, Watch());
  } catch (const Refused& refused) {
    return fail(ErrorCode::usage, fmt::format("the body is refused: {}", refused.why));
  } catch (const json::exception&) {
    // Its message could quote the body, and with it a secret.
    return fail(ErrorCode::usage, "the body is not valid JSON");
  }
}

}  // namespace weir::api

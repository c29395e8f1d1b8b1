#include "api/router.hpp"

#include <algorithm>
#include <optional>

namespace weir::api {
namespace {

using Parameters = std::map<std::string, std::string>;

std::optional<Parameters> match(const std::vector<std::string>& pattern, const std::vector<std::string>& path) {
  if (pattern.size() != path.size()) return std::nullopt;
  Parameters parameters;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i].starts_with('{'))
      parameters.emplace(pattern[i].substr(1, pattern[i].size() - 2), path[i]);
    else if (pattern[i] != path[i])
      return std::nullopt;
  }
  return parameters;
}

}  // namespace

std::vector<std::string> split_path(std::string_view path) {
  std::vector<std::string> segments;
  while (!path.empty()) {
    path.remove_prefix(1);
    const auto end = std::min(path.find('/'), path.size());
    segments.emplace_back(path.substr(0, end));
    path.remove_prefix(end);
  }
  return segments;
}

Router::Router(std::vector<Route> routes) : routes_(std::move(routes)) {
  for (const auto& route : routes_) segments_.push_back(split_path(route.path));
}

Match Router::find(const std::string& method, const Target& target) const {
  const auto wanted = method == "HEAD" ? std::string("GET") : method;
  Match found;
  for (std::size_t i = 0; i < routes_.size(); ++i) {
    auto parameters = match(segments_[i], target.segments);
    if (!parameters) continue;
    found.allowed.push_back(routes_[i].method);
    if (routes_[i].method == "GET") found.allowed.emplace_back("HEAD");
    if (routes_[i].method == wanted && found.route == nullptr) {
      found.route = &routes_[i];
      found.parameters = std::move(*parameters);
    }
  }
  return found;
}

}  // namespace weir::api

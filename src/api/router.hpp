// From method and path to a route.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "api/route.hpp"
#include "api/target.hpp"

namespace weir::api {

struct Match {
  const Route* route = nullptr;  // null: no such path, or only for other methods
  std::map<std::string, std::string> parameters{};
  std::vector<std::string> allowed{};  // methods of the path, HEAD beside GET; empty: there is no such path
};

class Router {
 public:
  explicit Router(std::vector<Route> routes);

  // HEAD is answered as GET is.
  Match find(const std::string& method, const Target& target) const;
  const std::vector<Route>& routes() const { return routes_; }

 private:
  std::vector<Route> routes_;
  std::vector<std::vector<std::string>> segments_;  // of each
};

std::vector<std::string> split_path(std::string_view path);

}  // namespace weir::api

// The simulator's own endpoints under /_sim: time, faults, tokens, truth, log. Neither counted nor logged.
#pragma once
#include "provider-sim/server/provider.hpp"

namespace weir::sim {

class Control {
 public:
  explicit Control(Provider& provider) : provider_(provider) {}
  static bool owns(std::string_view path) { return path.starts_with("/_sim"); }
  Response answer(const Request& request);

 private:
  Response route(const Request& request);
  Response advance(const nlohmann::json& json);
  Response add_token(const nlohmann::json& json);
  Response set_limits(const nlohmann::json& json);
  Response set_clock(const nlohmann::json& json);
  Response truth(const Request& request, std::string_view resource);
  Response stats() const;
  Response repositories() const;

  Provider& provider_;
};

}  // namespace weir::sim

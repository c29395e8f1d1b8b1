// A GitHub App: who may ask for installation tokens, by a JWT signed with the App's key (RS256, checked by OpenSSL).
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "provider-sim/base/json_writer.hpp"

namespace weir::sim {

struct Installation {
  std::int64_t id = 0;
  std::vector<std::string> repositories{};  // empty: all
};

struct AppSettings {
  std::string id{};          // the issuer; empty: no App
  std::string public_key{};  // PEM; a private key does as well
  std::vector<Installation> installations{};
  std::chrono::seconds token_life{3'600};
};

// The error's message is GitHub's.
Result<void> verify_app_token(std::string_view jwt, const AppSettings& app, Time now);

}  // namespace weir::sim

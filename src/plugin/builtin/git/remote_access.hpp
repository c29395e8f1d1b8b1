// How a repository on a server is reached, and what that cost.
#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "base/secret.hpp"
#include "base/time.hpp"
#include "http/egress.hpp"
#include "plugin/builtin/git/repository_url.hpp"

namespace weir::plugin::git {

struct RemoteAccess {
  RepositoryUrl url;  // of kind http
  std::string username;
  Secret token;  // empty: anonymous
  http::EgressPolicy egress;
  std::chrono::seconds connect_timeout{30};
  std::chrono::seconds silence_max{120};  // without a byte
};

struct Traffic {
  std::int64_t requests = 0;
  std::int64_t bytes = 0;               // received
  std::optional<Duration> retry_after;  // the server said when to come again
  std::optional<std::string> moved_to;  // permanently, on the same host
};

}  // namespace weir::plugin::git

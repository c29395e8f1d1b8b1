// What the operator of this machine allows and limits, from the environment of the process.
#pragma once
#include "base/error.hpp"
#include "http/egress.hpp"
#include "plugin/builtin/git/clone_cache.hpp"
#include "plugin/builtin/git/local_repository.hpp"

namespace weir::plugin::git {

struct OperatorSettings {
  LocalPaths local_paths;     // WEIR_LOCAL_PATHS
  http::EgressPolicy egress;  // WEIR_EGRESS_ALLOW
  CacheLimits cache;          // WEIR_GIT_CLONE_MAX_MB (4096), WEIR_GIT_CACHE_MAX_MB (40960; a tenant has a quarter)
};

// Errors: configuration, naming the variable.
Result<OperatorSettings> read_operator_settings();

}  // namespace weir::plugin::git

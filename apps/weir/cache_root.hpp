// Where clones and other things that can be fetched again are kept: <home>/cache, one directory per tenant and source.
#pragma once
#include <filesystem>

#include "weir/cli.hpp"

namespace weir::app {

// Empty when no home can be found (no home directory of this account); nothing is cached then.
std::filesystem::path cache_root(const Cli& cli);

}  // namespace weir::app

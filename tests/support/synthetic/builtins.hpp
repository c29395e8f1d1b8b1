// The scripts of the provider `synthetic`, for binaries of the tests alone.
#pragma once
#include "plugin/builtin/registry.hpp"

namespace weir::synthetic {

void add_builtins(plugin::BuiltinRegistry& registry);

}  // namespace weir::synthetic

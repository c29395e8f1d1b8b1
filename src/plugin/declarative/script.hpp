// A script that a YAML file describes whole.
#pragma once
#include <memory>

#include "plugin/script.hpp"

namespace weir::plugin::declarative {

// `declaration` has a plan. start() needs ScriptServices::provider, and parents where partitions are rows.
std::unique_ptr<Script> make_script(ScriptDeclaration declaration);

}  // namespace weir::plugin::declarative

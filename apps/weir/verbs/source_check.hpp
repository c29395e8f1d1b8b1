// The part of `weir source` in verbs/source_check.cpp.
#pragma once
#include "weir/cli.hpp"

namespace weir::app {

// Adds `check`: whether a data source could be imported, without importing.
void add_source_check(CLI::App& source, Cli& cli);

}  // namespace weir::app

// The plugins that a command works with.
#pragma once
#include "plugin/catalog.hpp"
#include "weir/cli.hpp"

namespace weir::app {

// The built-in scripts linked into this binary. In a file of its own: the testing binary links another definition.
plugin::BuiltinRegistry linked_builtins();
// The built-in plugins and those of --plugins, as they lie on disk now. Problems are in the catalog, not reported.
plugin::PluginCatalog read_plugins(const Cli& cli);
// Why a provider or script cannot be found: it is disabled, or not known, with the nearest name.
Error unknown_plugin(const plugin::PluginCatalog& catalog, const std::string& name);

}  // namespace weir::app

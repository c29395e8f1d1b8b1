#include "weir/plugins.hpp"

namespace weir::app {

plugin::PluginCatalog read_plugins(const Cli& cli) {
  return plugin::PluginCatalog::read(plugin::find_plugin_directories(cli.plugin_directories), linked_builtins());
}

}  // namespace weir::app

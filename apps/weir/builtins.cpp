#include "weir/plugins.hpp"

namespace weir::app {

plugin::BuiltinRegistry linked_builtins() { return plugin::product_builtins(); }

}  // namespace weir::app

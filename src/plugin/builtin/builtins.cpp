// The flat list of built-in scripts: one line each.
#include "plugin/builtin/registry.hpp"

namespace weir::plugin {

BuiltinRegistry product_builtins() {
  BuiltinRegistry registry;
  return registry;
}

}  // namespace weir::plugin

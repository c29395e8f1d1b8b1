// The binary weir_testing is weir with the simulated provider beside the product's built-ins.
#include "tests/support/synthetic/builtins.hpp"
#include "weir/plugins.hpp"

namespace weir::app {

plugin::BuiltinRegistry linked_builtins() {
  auto registry = plugin::product_builtins();
  synthetic::add_builtins(registry);
  return registry;
}

}  // namespace weir::app

// The flat list of built-in scripts: one line each.
#include "plugin/builtin/git/scripts.hpp"
#include "plugin/builtin/registry.hpp"

namespace weir::plugin {

BuiltinRegistry product_builtins() {
  BuiltinRegistry registry;
  registry.add("git_branch", {.start = git::start_branch});
  registry.add("git_commit", {.start = git::start_commit});
  registry.add("git_contributor", {.start = git::start_contributor});
  registry.add("git_release", {.start = git::start_release});
  registry.add("git_repository", {.start = git::start_repository});
  return registry;
}

}  // namespace weir::plugin

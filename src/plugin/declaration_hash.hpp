// Which declaration a cursor was made with: over what changes the meaning of collected rows, in one canonical form.
// Comments, the order of keys, descriptions and the pace (windows, attempts, parallelism, look-back) leave it alone.
#pragma once
#include <string>

#include "load/resource.hpp"
#include "plugin/builtin/registry.hpp"
#include "plugin/declaration.hpp"

namespace weir::plugin {

// 32 hexadecimal digits. Every resource of the script is in the catalog. `builtin`: what runs it; null: its plan.
std::string hash_declaration(const ScriptDeclaration& script, const load::ResourceCatalog& resources,
                             const Builtin* builtin);

}  // namespace weir::plugin

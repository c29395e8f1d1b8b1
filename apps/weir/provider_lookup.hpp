// The provider or script a command names, as the plugins declare it.
#pragma once
#include <string>

#include "weir/plugins.hpp"

namespace weir::app {

// not_found with the nearest name; declaration_invalid when its file is broken.
Result<const plugin::ProviderDeclaration*> look_up_provider(const plugin::PluginCatalog& catalog,
                                                            const std::string& name);

// The same for a script, PROVIDER/SCRIPT.
Result<const plugin::Script*> look_up_script(const plugin::PluginCatalog& catalog, const std::string& name);

}  // namespace weir::app

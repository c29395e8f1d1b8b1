// The scripts of a tenant's data sources, as the graph wants them.
#pragma once
#include <string>
#include <vector>

#include "orchestrator/graph.hpp"
#include "plugin/catalog.hpp"
#include "tenancy/data_source.hpp"

namespace weir::orchestrator {

// Why no script of a data source can be claimed now; nullopt: nothing is in the way.
std::optional<std::string> obstacle_of(const tenancy::DataSource& source, const plugin::PluginCatalog& catalog);

// Every script of the sources that are enabled and have what their provider requires.
std::vector<GraphScript> scripts_of(const std::vector<tenancy::DataSource>& sources,
                                    const plugin::PluginCatalog& catalog);

// Which providers could give each resource, over all plugins.
KnownResources known_resources(const plugin::PluginCatalog& catalog);

}  // namespace weir::orchestrator

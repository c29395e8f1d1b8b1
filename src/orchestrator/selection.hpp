// Which scripts of a tenant a pipeline run takes. Pure.
#pragma once
#include <string>
#include <vector>

#include "orchestrator/graph.hpp"

namespace weir::orchestrator {

struct Selection {
  std::vector<std::string> sources{};  // names; none: all
  std::vector<std::string> scripts{};  // <provider>/<script>; none: all
  bool with_dependencies = false;      // of the scripts, also those they need

  bool takes_source(const std::string& source) const;
  bool takes(const ScriptId& id) const;
};

// Marks what is in the run.
void select_scripts(std::vector<GraphScript>& scripts, const Selection& selection);

}  // namespace weir::orchestrator

#include "orchestrator/selection.hpp"

#include <algorithm>

namespace weir::orchestrator {
namespace {

bool contains_or_empty(const std::vector<std::string>& names, const std::string& name) {
  return names.empty() || std::ranges::find(names, name) != names.end();
}

}  // namespace

bool Selection::takes_source(const std::string& source) const { return contains_or_empty(sources, source); }

bool Selection::takes(const ScriptId& id) const {
  return takes_source(id.data_source) && contains_or_empty(scripts, id.script);
}

void select_scripts(std::vector<GraphScript>& scripts, const Selection& selection) {
  std::vector<std::size_t> wanted;
  for (std::size_t i = 0; i < scripts.size(); ++i) {
    scripts[i].is_in_run = selection.takes(scripts[i].id);
    if (scripts[i].is_in_run) wanted.push_back(i);
  }
  if (!selection.with_dependencies) return;
  for (const auto i : with_dependencies(scripts, wanted)) scripts[i].is_in_run = true;
}

}  // namespace weir::orchestrator

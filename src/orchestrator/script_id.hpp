// Which script of which data source of one tenant.
#pragma once
#include <compare>
#include <string>

namespace weir::orchestrator {

struct ScriptId {
  std::string data_source;
  std::string script;  // <provider>/<script>
  auto operator<=>(const ScriptId&) const = default;
};

// For people: "git/commit", or "mirror:git/commit" where the source has a name of its own.
std::string label(const ScriptId& id);

}  // namespace weir::orchestrator

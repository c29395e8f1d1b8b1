#include "orchestrator/script_id.hpp"

#include <fmt/format.h>

namespace weir::orchestrator {

std::string label(const ScriptId& id) {
  const auto provider = id.script.substr(0, id.script.find('/'));
  return provider == id.data_source ? id.script : fmt::format("{}:{}", id.data_source, id.script);
}

}  // namespace weir::orchestrator

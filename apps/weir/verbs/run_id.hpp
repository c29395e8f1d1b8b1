// The argument R of many verbs: a run or a pipeline run.
#pragma once
#include <string>

#include "base/error.hpp"
#include "base/uuid.hpp"

namespace weir::app {

// usage error when it is no id.
Result<Uuid> parse_run_id(const std::string& text);

}  // namespace weir::app

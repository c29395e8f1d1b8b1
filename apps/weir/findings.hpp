// Findings of checks as a person reads them, and as JSON.
#pragma once
#include <nlohmann/json.hpp>

#include "base/finding.hpp"
#include "weir/cli.hpp"

namespace weir::app {

// {"verdict": the worst, "checks": [{"check", "verdict", "reason", "remedy"}]}
nlohmann::json to_document(const Findings& findings);
void print_findings(const Cli& cli, const Findings& findings);
// 0, or 3 when something is a problem.
int exit_code_of(const Findings& findings);

}  // namespace weir::app

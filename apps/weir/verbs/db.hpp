// The parts of `weir db` that are more than a few lines.
#pragma once
#include <string>
#include <vector>

#include "weir/cli.hpp"

namespace weir::app {

// Where the data lies, what server, which schema, whether the roles are right; exit 3 when Weir could not work with it.
int show_database_status(const Cli& cli);
// psql with the operator's rights (role control); the private server stays up meanwhile. Its exit code is ours.
int run_psql(const Cli& cli, std::vector<std::string> arguments);

}  // namespace weir::app

// What a person is told whose command line cannot be understood.
#pragma once
#include <CLI/CLI.hpp>

#include "base/error.hpp"

namespace weir::app {

// The verb that the parse reached: the one whose help is wanted.
const CLI::App& deepest_command(const CLI::App& root);
// `weir db`, as typed.
std::string command_path(const CLI::App& command);
// An error of code `usage` that names the mistake, the nearest known word, and where the help is.
Error explain_usage(const CLI::App& root, const CLI::ParseError& error);

}  // namespace weir::app

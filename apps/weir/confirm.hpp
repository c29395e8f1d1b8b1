// Questions to the person at the terminal.
#pragma once
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/secret.hpp"
#include "weir/cli.hpp"

namespace weir::app {

enum class Consent { given, to_be_asked };

// What cannot be undone is done only with --yes, or after a yes at the terminal. `what` ends the sentence "this ...".
Result<> confirm(const Cli& cli, Consent consent, std::string_view what);

// Asks for a secret at the terminal, without echo. usage when there is no terminal.
Result<Secret> ask_secret(std::string_view name);

}  // namespace weir::app

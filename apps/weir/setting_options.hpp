// --set, --unset and the ways to give a secret, which never is an argument.
#pragma once
#include <string>
#include <vector>

#include "base/error.hpp"
#include "tenancy/settings.hpp"
#include "weir/cli.hpp"

namespace weir::app {

struct SettingOptions {
  std::vector<std::string> set;            // KEY=VALUE
  std::vector<std::string> unset;          // KEY
  std::vector<std::string> secret_env;     // KEY, or KEY=VARIABLE
  std::vector<std::string> secret_file;    // KEY=PATH
  std::vector<std::string> secret_prompt;  // KEY
};

void add_setting_options(CLI::App& command, SettingOptions& options);

// Reads the variables (which are then gone from this process's environment), the files (less one line break at the end)
// and the terminal. usage or invalid_input on a mistake; no message shows a value.
Result<tenancy::SettingChanges> read_settings(const SettingOptions& options);

}  // namespace weir::app

// Tests of scripts as text, in plugins/data-sources/<provider>/tests/<script>.yaml: a list of cases, each with the
// requests expected, the answers recorded and the rows expected. docs/plugins.md shows one.
#pragma once
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "plugin/catalog.hpp"
#include "plugin/trial/exchange.hpp"
#include "plugin/trial/trial_pass.hpp"

namespace weir::plugin {

struct ScriptCase {
  std::string name;
  std::string place{};                                           // file:line
  std::map<std::string, std::string> env{};                      // secrets among them, as the provider declares
  std::map<std::string, std::vector<nlohmann::json>> parents{};  // rows of other resources
  Instant now{};
  std::optional<Instant> start{};
  std::optional<std::string> partition{};  // which is collected; absent: the first
  nlohmann::json state = nullptr;
  std::vector<Exchange> exchanges{};
  nlohmann::json rows = nlohmann::json::object();        // by resource; compared by the columns they name
  nlohmann::json sets = nlohmann::json::object();        // by resource: of which parents all rows were made
  nlohmann::json new_state = nullptr;                    // null: not compared
  std::optional<std::vector<std::string>> partitions{};  // all keys; absent: not compared
  std::vector<std::string> rejected{};                   // parts of what is said of each rejected record
  std::string error{};                                   // the code of the error that ends it
};

Result<std::vector<ScriptCase>> read_script_cases(const std::filesystem::path& file);

// What differs, a line each; empty: it is as expected.
Task<std::vector<std::string>> run_script_case(const PluginCatalog& catalog, const Script& script, ScriptCase expected);

}  // namespace weir::plugin

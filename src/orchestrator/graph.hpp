// The scripts of one pipeline run and what each waits for. Pure.
//
// A script needs resources, never providers. A resource is met by the scripts of the same data source that provide it,
// else by those of the tenant's other sources; providers inside the run are waited for, outside of it the tables are
// taken as they are. A resource that no plugin knows and a cycle are errors of the scripts concerned; a resource that
// is known, but that no source of the tenant provides, skips the script with the remedy.
#pragma once
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "orchestrator/script_id.hpp"

namespace weir::orchestrator {

// A script of an enabled data source of the tenant.
struct GraphScript {
  ScriptId id;
  std::vector<std::string> provides;
  std::vector<std::string> needs;
  bool is_in_run = true;
};

// Resource → the providers whose plugins have a script for it, over all plugins that are installed.
using KnownResources = std::map<std::string, std::vector<std::string>>;

struct GraphNode {
  ScriptId id;
  std::vector<std::size_t> waits_for{};  // nodes, ascending
  std::vector<std::size_t> needed_by{};
  std::size_t remaining_path = 1;               // scripts on the longest chain that begins here
  std::optional<Error> error{};                 // it cannot run: declaration_invalid
  std::optional<std::string> not_configured{};  // it is skipped: what is missing, and the remedy
};

// One node per script in the run, in the order of `scripts`.
std::vector<GraphNode> build_graph(const std::vector<GraphScript>& scripts, const KnownResources& known);

// The scripts that `wanted` (indices into `scripts`) need, directly or not, themselves included: --with-deps.
std::vector<std::size_t> with_dependencies(const std::vector<GraphScript>& scripts, std::vector<std::size_t> wanted);

}  // namespace weir::orchestrator

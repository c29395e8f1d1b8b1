// The ground truth: what the tables should hold once everything has been imported, as NDJSON with the columns of
// plugins/resources/*.yaml. Columns that GitHub does not tell are left out. Deleted and blocked repositories are not
// there.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "provider-sim/base/message.hpp"
#include "provider-sim/world/world.hpp"

namespace weir::sim {

// Where REST and GraphQL tell different things of the same record: a deleted account is "ghost" or null, a bot that
// made a commit is known or not, a text that was never written is null or empty.
enum class View { rest, graphql };

struct TruthOptions {
  View view = View::rest;
  bool all_branches = false;  // commits of every branch, not of the default one alone
  bool with_orphans = false;  // commits that no branch reaches (any more), marked "orphan": true
  std::string repository{};   // only this one's, by key
};
TruthOptions parse_truth_options(const Query& query);

std::vector<std::string_view> truth_resources();
Result<std::string> tell_truth(const World& world, std::string_view resource, const TruthOptions& options);

}  // namespace weir::sim

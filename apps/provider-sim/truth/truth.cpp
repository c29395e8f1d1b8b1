#include "provider-sim/truth/truth.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "provider-sim/base/words.hpp"
#include "provider-sim/truth/teller.hpp"

namespace weir::sim {
namespace {

using Tell = void (Teller::*)();
struct Entry {
  std::string_view resource;
  Tell tell;
};
constexpr std::array<Entry, 20> k_entries{{{"repository", &Teller::repositories},
                                           {"branch", &Teller::branches},
                                           {"commit", &Teller::commits},
                                           {"commit_parent", &Teller::commit_parents},
                                           {"contributor", &Teller::contributors},
                                           {"repository_contributor", &Teller::repository_contributors},
                                           {"team", &Teller::teams},
                                           {"team_member", &Teller::team_members},
                                           {"pull_request", &Teller::pulls},
                                           {"pull_request_label", &Teller::pull_labels},
                                           {"pull_request_assignee", &Teller::pull_assignees},
                                           {"pull_request_reviewer", &Teller::pull_reviewers},
                                           {"pull_request_review", &Teller::reviews},
                                           {"issue", &Teller::issues},
                                           {"issue_label", &Teller::issue_labels},
                                           {"issue_assignee", &Teller::issue_assignees},
                                           {"release", &Teller::releases},
                                           {"pipeline_def", &Teller::workflows},
                                           {"pipeline_run", &Teller::runs},
                                           {"job", &Teller::jobs}}};

}  // namespace

TruthOptions parse_truth_options(const Query& query) {
  return {.view = query.get("view") == "graphql" ? View::graphql : View::rest,
          .all_branches = query.get("branches") == "all",
          .with_orphans = query.get("orphans") == "true",
          .repository = query.get("repository")};
}

std::vector<std::string_view> truth_resources() {
  std::vector<std::string_view> names;
  names.reserve(std::size(k_entries));
  for (const Entry& entry : k_entries) names.push_back(entry.resource);
  return names;
}

Result<std::string> tell_truth(const World& world, std::string_view resource, const TruthOptions& options) {
  Teller teller(world, options);
  const auto found = std::ranges::find(k_entries, resource, &Entry::resource);
  if (found == k_entries.end())
    return fail(ErrorCode::not_found,
                fmt::format("no truth about \"{}\"; there is {}", resource, fmt::join(truth_resources(), ", ")));
  (teller.*found->tell)();
  return teller.take();
}

}  // namespace weir::sim

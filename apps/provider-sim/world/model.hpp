// The simulated GitHub's things. Texts are not stored: a seed and a revision say what they read (base/words.hpp), so
// that a world of a million commits fits in memory and an edit is one increment. Things refer to each other by index.
#pragma once
#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "provider-sim/base/json_writer.hpp"

namespace weir::sim {

using Index = std::uint32_t;
constexpr Index k_none = std::numeric_limits<Index>::max();  // JSON null where it is a person or a commit

struct Sha {
  std::array<std::uint8_t, 20> bytes{};
  std::string hex() const;
  static std::optional<Sha> parse(std::string_view hex);  // 40 digits
  static Sha derive(std::uint64_t seed);
  auto operator<=>(const Sha&) const = default;
};

enum class AccountKind { user, bot, organization };

struct Account {
  std::int64_t id = 0;
  std::string login{};
  std::string name{};
  std::string email{};
  AccountKind kind = AccountKind::user;
  bool is_email_public = false;
  bool is_site_admin = false;
  Time created_at{};
  Time updated_at{};
};

// Who a commit says made it: linked to an account when the address is known.
struct GitPerson {
  std::string name{};
  std::string email{};
  Index account = k_none;
};

struct Team {
  std::int64_t id = 0;
  std::string name{};
  std::string slug{};
  std::uint64_t seed = 0;
  Index parent = k_none;
  std::vector<Index> members{};  // direct ones
};

struct Commit {
  Sha sha{};
  std::uint64_t seed = 0;
  Index author = k_none;  // GitPerson
  Index committer = k_none;
  Time authored_at{};
  Time committed_at{};
  std::array<Index, 2> parents{k_none, k_none};
  std::int32_t additions = 0;
  std::int32_t deletions = 0;
  std::int32_t changed_files = 0;
  bool is_verified = false;

  std::size_t parent_count() const;
};

struct Branch {
  std::string name{};
  Index head = k_none;
  bool is_protected = false;
};

enum class ReviewState { approved, changes_requested, commented, dismissed, pending };

struct Review {
  std::int64_t id = 0;
  std::uint64_t seed = 0;
  Index author = k_none;
  ReviewState state = ReviewState::commented;
  std::optional<Time> submitted_at{};
  Index commit = k_none;
};

enum class HeadRepository { same, fork, gone };
enum class StateReason { none, completed, reopened, not_planned, duplicate };

// What an issue and a pull request share: GitHub numbers, lists and edits them alike.
struct Ticket {
  std::int64_t issue_id = 0;
  std::int64_t number = 0;
  std::uint64_t seed = 0;
  std::uint64_t revision = 0;  // of the title and the text
  bool is_open = true;
  bool is_locked = false;
  Index author = k_none;  // k_none: the account was deleted
  Index closed_by = k_none;
  Time created_at{};
  Time updated_at{};
  std::optional<Time> closed_at{};
  std::vector<Index> assignees{};
  std::vector<std::uint8_t> labels{};
  bool has_milestone = false;
  std::int32_t comments = 0;

  std::string title() const;
  std::optional<std::string> body() const;  // some have none
};

struct Issue : Ticket {
  StateReason reason = StateReason::none;
};

struct Pull : Ticket {
  std::int64_t id = 0;
  bool is_draft = false;
  std::optional<Time> merged_at{};
  Index merged_by = k_none;
  std::optional<Sha> merge_sha{};  // of unmerged ones the test merge
  HeadRepository head_repository = HeadRepository::same;
  std::string head_ref{};
  Index head = k_none;
  std::string base_ref{};
  Index base = k_none;
  std::vector<Index> requested_reviewers{};
  std::int32_t additions = 0;
  std::int32_t deletions = 0;
  std::int32_t changed_files = 0;
  std::int32_t commits = 0;
  std::int32_t review_comments = 0;
  std::vector<Review> reviews{};
};

struct Release {
  std::int64_t id = 0;
  std::uint64_t seed = 0;
  std::string tag{};
  std::optional<std::string> name{};
  bool is_draft = false;
  bool is_prerelease = false;
  Index author = k_none;
  Index commit = k_none;
  Time created_at{};
  std::optional<Time> published_at{};
  Time updated_at{};
};

struct WorkflowRun {
  std::int64_t id = 0;
  std::uint64_t seed = 0;
  std::uint8_t workflow = 0;
  std::int64_t run_number = 0;
  std::int32_t attempt = 1;
  std::string event{};
  std::string status{};      // queued, in_progress, completed, waiting, requested, pending
  std::string conclusion{};  // empty until completed
  std::string head_branch{};
  Index head = k_none;
  Index actor = k_none;
  Time created_at{};  // does not change on a re-run
  Time started_at{};
  Time updated_at{};
};

enum class Visibility { public_, private_, internal };
enum class Block { none, dmca, terms };  // 451; 403 with "block"

struct Repository {
  std::int64_t id = 0;
  std::uint64_t seed = 0;
  std::string name{};
  Index owner = k_none;  // Account
  std::uint64_t description_revision = 0;
  std::string language{};  // empty: none
  std::string default_branch = "main";
  Visibility visibility = Visibility::public_;
  bool is_fork = false;
  bool is_archived = false;
  bool is_disabled = false;
  bool is_deleted = false;
  bool has_issues = true;
  bool has_actions = true;
  Block block = Block::none;
  Time created_at{};
  Time updated_at{};
  std::optional<Time> pushed_at{};  // of a repository never pushed to: none
  std::int64_t stars = 0;
  std::int64_t next_number = 1;
  std::uint64_t version = 0;  // of the world when it last changed

  std::vector<Commit> commits{};    // ascending by committer date when generated; later ones in the order they came
  std::vector<Branch> branches{};   // the default branch first
  std::vector<Issue> issues{};      // ascending by number
  std::vector<Pull> pulls{};        // ascending by number
  std::vector<Release> releases{};  // ascending by creation
  std::vector<WorkflowRun> runs{};  // ascending by id

  bool is_empty() const { return branches.empty(); }
  bool has_workflows() const { return has_actions && !is_empty(); }  // files of them in the default branch
  std::string description() const;
  const Branch* find_branch(std::string_view branch) const;
  Branch* find_branch(std::string_view branch);
  std::optional<Index> find_commit(const Sha& sha) const;
  const Pull* find_pull(std::int64_t number) const;
  const Issue* find_issue(std::int64_t number) const;
};

struct Label {
  std::string_view name{};
  std::string_view colour{};
  std::string_view description{};
};
constexpr std::array<Label, 8> k_labels{{{"bug", "d73a4a", "Something isn't working"},
                                         {"enhancement", "a2eeef", "New feature or request"},
                                         {"documentation", "0075ca", "Improvements or additions to documentation"},
                                         {"good first issue", "7057ff", "Good for newcomers"},
                                         {"help wanted", "008672", "Extra attention is needed"},
                                         {"question", "d876e3", "Further information is requested"},
                                         {"wontfix", "ffffff", "This will not be worked on"},
                                         {"p1", "b60205", ""}}};

struct Workflow {
  std::string_view name{};
  std::string_view path{};
};
constexpr std::array<Workflow, 3> k_workflows{{{"CI", ".github/workflows/ci.yml"},
                                               {"Release", ".github/workflows/release.yml"},
                                               {"Nightly", ".github/workflows/nightly.yml"}}};
// The first have the names that GitHub gives; of the others there are as many as an index can say.
constexpr std::size_t k_label_count_max = 256;
const Label& label_at(std::size_t index);

std::int64_t workflow_id(const Repository& repository, std::size_t workflow);

}  // namespace weir::sim

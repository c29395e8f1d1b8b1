// The REST bodies, field for field as GitHub sends them. The parts that repeat (an account, a repository inside a pull
// request) are rendered once per version and copied.
#pragma once
#include <string>
#include <string_view>
#include <unordered_map>

#include "provider-sim/world/world.hpp"

namespace weir::sim {

struct Origins {
  std::string api = "https://api.github.com";  // what API links begin with: the simulator's own address
  std::string html = "https://github.com";
};

enum class Detail { list, full };

class Renderer {
 public:
  Renderer(const World& world, Origins origins) : world_(world), origins_(std::move(origins)) {}

  const Origins& origins() const { return origins_; }
  const World& world() const { return world_; }
  std::string repository_url(const Repository& repository) const;

  void account(JsonWriter& json, Index index);  // null for k_none
  void account_profile(JsonWriter& json, Index index);
  void organization(JsonWriter& json, Index index);
  void repository(JsonWriter& json, const Repository& repository, Detail detail, bool can_push);
  void commit(JsonWriter& json, const Repository& repository, const Commit& commit, Detail detail);
  void branch(JsonWriter& json, const Repository& repository, const Branch& branch, Detail detail);
  void pull(JsonWriter& json, const Repository& repository, const Pull& pull, Detail detail);
  void review(JsonWriter& json, const Repository& repository, const Pull& pull, const Review& review);
  void issue(JsonWriter& json, const Repository& repository, const Issue& issue);
  void pull_as_issue(JsonWriter& json, const Repository& repository, const Pull& pull);
  void release(JsonWriter& json, const Repository& repository, const Release& release);
  void run(JsonWriter& json, const Repository& repository, const WorkflowRun& run);
  void job(JsonWriter& json, const Repository& repository, const WorkflowRun& run, std::int32_t attempt,
           std::size_t position);
  void team(JsonWriter& json, const Team& team, Detail detail);

 private:
  struct Fragment {
    std::string text{};
    std::uint64_t version = 0;
  };
  void repository_fields(JsonWriter& json, const Repository& repository, std::string_view full_name, Index owner,
                         std::int64_t id, bool is_fork);
  void repository_urls(JsonWriter& json, std::string_view full_name);
  void repository_tail(JsonWriter& json, const Repository& repository);
  void plain_repository(JsonWriter& json, const Repository& repository);  // inside another body; cached
  void fork_repository(JsonWriter& json, const Repository& repository, Index owner);
  void minimal_repository(JsonWriter& json, const Repository& repository);  // of workflow runs
  void git_person(JsonWriter& json, std::string_view key, Index person, Time date);
  void commit_files(JsonWriter& json, const Repository& repository, const Commit& commit);
  void labels(JsonWriter& json, const Repository& repository, const Ticket& ticket);
  void accounts(JsonWriter& json, std::string_view key, const std::vector<Index>& list);
  void milestone(JsonWriter& json, const Repository& repository, const Ticket& ticket);
  void ticket_fields(JsonWriter& json, const Repository& repository, const Ticket& ticket, std::string_view self);
  void ticket_close(JsonWriter& json, const Repository& repository, const Ticket& ticket);
  void pull_side(JsonWriter& json, const Repository& repository, const Pull& pull, bool is_head);
  void pull_detail(JsonWriter& json, const Repository& repository, const Pull& pull);

  const World& world_;
  Origins origins_;
  std::unordered_map<Index, std::string> accounts_;
  std::unordered_map<std::int64_t, Fragment> repositories_;
};

// The jobs of a run's attempt: their number, ids and instants, the same wherever they are asked for.
struct JobFacts {
  std::int64_t id = 0;
  std::string name{};
  std::string status{};
  std::string conclusion{};  // empty until completed
  Time created_at{};
  Time started_at{};
  std::optional<Time> completed_at{};
  std::string runner{};  // empty while queued
};
std::size_t job_count(const WorkflowRun& run);
JobFacts job_facts(const WorkflowRun& run, std::int32_t attempt, std::size_t position);

std::string_view state_name(ReviewState state);
std::string_view reason_name(StateReason reason);  // empty for none
std::string_view visibility_name(Visibility visibility);
// The owner of the fork that a pull request comes from: its author, or somebody when that account is gone.
Index fork_owner(const World& world, const Pull& pull);
std::int64_t fork_id(const Repository& repository, Index owner);

}  // namespace weir::sim

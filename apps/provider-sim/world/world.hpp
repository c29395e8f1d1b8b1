// The whole simulated state: accounts, organizations, repositories. It changes only through World's functions and
// Activity, each of which moves the version of what it touched; renderings are cached by that version.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "provider-sim/world/model.hpp"

namespace weir::sim {

struct WorldOptions {
  std::uint64_t seed = 1;
  Time now{};  // the newest instant of the generated past
  std::string organization = "acme";
  std::size_t repositories = 6;
  std::size_t commits = 120;  // on the default branch of each
  std::size_t pulls = 20;
  std::size_t issues = 30;
  std::size_t releases = 4;
  std::size_t runs = 25;
  std::size_t branches = 3;        // besides the default one
  std::size_t branch_commits = 2;  // of their own, on each of those
  std::size_t reviews = 2;         // of a pull request, on average
  std::size_t accounts = 25;
  std::size_t teams = 4;
  // The first team, and of each repository the first two pull requests and issues, have so many members, reviews and
  // labels, as far as there are so many people and labels; 0: as drawn.
  std::size_t list_items = 0;
  int history_days = 400;
  bool has_specials = true;  // beside those, one repository of each awkward kind
};

class World {
 public:
  explicit World(const WorldOptions& options);  // generates the past
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  const WorldOptions& options() const { return options_; }
  std::uint64_t version() const { return version_; }

  const std::vector<Account>& accounts() const { return accounts_; }
  const Account& account(Index index) const { return accounts_[index]; }
  const GitPerson& person(Index index) const { return persons_[index]; }
  const std::vector<GitPerson>& persons() const { return persons_; }
  const std::vector<Team>& teams() const { return teams_; }
  const std::vector<Index>& members() const { return members_; }
  Index organization() const { return organization_; }
  Index other_organization() const { return other_organization_; }  // where transferred repositories go
  Index ghost() const { return ghost_; }
  const std::vector<std::unique_ptr<Repository>>& repositories() const { return repositories_; }
  const std::map<std::int64_t, std::string>& former_names() const { return former_names_; }

  // nullptr when there is none (any more).
  const Account* find_account(std::string_view login) const;
  Index find_account_index(std::string_view login) const;
  const Repository* find_repository(std::string_view full_name) const;
  // Under a name that it no longer has.
  const Repository* find_moved_repository(std::string_view full_name) const;
  const Repository* find_repository(std::int64_t id) const;
  std::string full_name(const Repository& repository) const;
  std::vector<Index> team_members(const Team& team) const;  // of its child teams too

  // The commits reachable from `head`, in the order of git log (newest committer date first). Kept for the last few
  // heads asked for; a commit never changes.
  std::shared_ptr<const std::vector<Index>> history(const Repository& repository, Index head) const;
  // Reachable from `head` but not from `base`, in the order of git log.
  std::vector<Index> history_between(const Repository& repository, Index base, Index head) const;

  // For Activity and the generator: moves the versions and returns the repository to change.
  Repository& change(const Repository& repository);
  void change_members() { ++version_; }
  Repository& add_repository(Repository repository);
  void rename(const Repository& repository, std::string name, Index owner);
  std::vector<Team>& mutable_teams() { return teams_; }
  std::vector<Index>& mutable_members() { return members_; }

  std::int64_t next_id(std::int64_t step_max);  // ascending over the whole world, past 2^31
  Index add_commit(Repository& repository, Commit commit);
  Index pick_account(std::uint64_t seed) const;  // a person, sometimes a bot
  Index pick_person(std::uint64_t seed) const;
  Index web_flow() const { return web_flow_; }  // the committer of merges in the browser

 private:
  friend class Generator;

  WorldOptions options_;
  std::uint64_t version_ = 1;
  std::int64_t last_id_ = 2'400'000'000;
  std::vector<Account> accounts_;
  std::vector<GitPerson> persons_;
  std::vector<Team> teams_;
  std::vector<Index> members_;
  Index organization_ = 0;
  Index other_organization_ = 0;
  Index ghost_ = 0;
  Index web_flow_ = 0;
  Index first_person_account_ = 0;
  std::vector<std::unique_ptr<Repository>> repositories_;
  std::unordered_map<std::string, Index> by_login_;
  std::unordered_map<std::string, Index> by_name_;
  std::unordered_map<std::string, Index> by_former_name_;
  std::unordered_map<std::int64_t, Index> by_id_;
  std::map<std::int64_t, std::string> former_names_;
  struct History {
    std::shared_ptr<const std::vector<Index>> commits;
    std::uint64_t used = 0;
  };
  mutable std::map<std::pair<std::int64_t, Index>, History> histories_;
  mutable std::uint64_t history_uses_ = 0;
};

std::string lower(std::string_view text);

}  // namespace weir::sim

// Writes the rows of the truth, one function per resource.
#pragma once
#include <functional>
#include <string>

#include "provider-sim/base/json_writer.hpp"
#include "provider-sim/truth/truth.hpp"

namespace weir::sim {

class Teller {
 public:
  Teller(const World& world, TruthOptions options) : world_(world), options_(std::move(options)) {}
  std::string take() { return std::move(out_); }

  void repositories();
  void branches();
  void commits();
  void commit_parents();
  void contributors();
  void repository_contributors();
  void teams();
  void team_members();
  void pulls();
  void pull_labels();
  void pull_assignees();
  void pull_reviewers();
  void reviews();
  void issues();
  void issue_labels();
  void issue_assignees();
  void releases();
  void workflows();
  void runs();
  void jobs();

 private:
  // A line that begins with the repository's key where there is one.
  void row(const std::function<void(JsonWriter&)>& columns);
  void row(const Repository& repository, const std::function<void(JsonWriter&)>& columns);
  void each_repository(const std::function<void(const Repository&)>& visit) const;
  void each_commit(const std::function<void(const Repository&, const Commit&, bool is_orphan)>& visit) const;
  void each_pull(const std::function<void(const Repository&, const Pull&)>& visit) const;
  void each_issue(const std::function<void(const Repository&, const Issue&)>& visit) const;
  void account_key(JsonWriter& json, std::string_view column, Index account, bool is_user_only = false) const;
  bool is_assignee(Index account) const;
  void text(JsonWriter& json, std::string_view column, const std::optional<std::string>& value) const;
  std::string key_of(Index account) const { return std::to_string(world_.account(account).id); }

  const World& world_;
  TruthOptions options_;
  std::string out_;
};

// PROVIDERS' neutral words for the state of a run or job.
struct NeutralState {
  std::string_view status;
  std::string_view result;  // empty: not done
};
NeutralState neutral_state(std::string_view status, std::string_view conclusion);

}  // namespace weir::sim

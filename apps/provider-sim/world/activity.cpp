#include "provider-sim/world/activity.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "provider-sim/base/json_check.hpp"
#include "provider-sim/base/words.hpp"
#include "provider-sim/world/generator.hpp"

namespace weir::sim {
namespace {

using Perform = nlohmann::json (Activity::*)(Time);
struct Kind {
  std::string_view name;
  Perform perform;
  unsigned usual;  // its share of the usual mix
};
constexpr std::array<Kind, 28> k_kinds{{{"commits", &Activity::add_commits, 20},
                                        {"late_merge", &Activity::merge_late, 2},
                                        {"force_push", &Activity::force_push, 2},
                                        {"branch_new", &Activity::add_branch, 2},
                                        {"branch_delete", &Activity::delete_branch, 1},
                                        {"pull_open", &Activity::open_pull, 8},
                                        {"pull_merge", &Activity::merge_pull, 6},
                                        {"pull_close", &Activity::close_pull, 3},
                                        {"pull_edit", &Activity::edit_pull, 6},
                                        {"review", &Activity::review_pull, 8},
                                        {"issue_open", &Activity::open_issue, 6},
                                        {"issue_close", &Activity::close_issue, 4},
                                        {"issue_reopen", &Activity::reopen_issue, 1},
                                        {"issue_edit", &Activity::edit_issue, 8},
                                        {"release_new", &Activity::publish_release, 2},
                                        {"release_edit", &Activity::edit_release, 1},
                                        {"run_new", &Activity::start_run, 10},
                                        {"run_finish", &Activity::finish_run, 8},
                                        {"run_rerun", &Activity::rerun, 2},
                                        {"repo_new", &Activity::create_repository, 0},
                                        {"repo_rename", &Activity::rename_repository, 0},
                                        {"repo_transfer", &Activity::transfer_repository, 0},
                                        {"repo_archive", &Activity::archive_repository, 0},
                                        {"repo_delete", &Activity::delete_repository, 0},
                                        {"repo_edit", &Activity::edit_repository, 1},
                                        {"first_push", &Activity::first_push, 0},
                                        {"member_add", &Activity::add_member, 0},
                                        {"member_remove", &Activity::remove_member, 0}}};

const Kind* find_kind(std::string_view name) {
  const auto found = std::ranges::find(k_kinds, name, &Kind::name);
  return found == k_kinds.end() ? nullptr : &*found;
}

ActivityPlan usual_mix(std::size_t events) {
  ActivityPlan plan;
  unsigned total = 0;
  for (const Kind& kind : k_kinds) total += kind.usual;
  for (const Kind& kind : k_kinds)
    if (kind.usual > 0) plan.counts[std::string(kind.name)] = (events * kind.usual + total - 1) / total;
  return plan;
}

Result<ActivityPlan> parse_counts(const nlohmann::json& json) {
  ActivityPlan plan;
  for (const auto& [name, count] : json.items()) {
    if (name == "repositories" && count.is_array()) {
      plan.repositories = count.get<std::vector<std::string>>();
      continue;
    }
    if (!find_kind(name) || !is_count(count)) {
      std::vector<std::string_view> known;
      known.reserve(std::size(k_kinds));
      for (const Kind& kind : k_kinds) known.push_back(kind.name);
      return fail(
          ErrorCode::invalid_input,
          fmt::format("activity \"{}\" is not a kind with a count; kinds are {} (and \"repositories\": [names])", name,
                      fmt::join(known, ", ")));
    }
    plan.counts[name] = count.get<std::size_t>();
  }
  return plan;
}

}  // namespace

Result<ActivityPlan> parse_activity(const nlohmann::json& json) {
  if (json.is_null()) return ActivityPlan{};
  if (is_count(json)) return usual_mix(json.get<std::size_t>());
  if (json == "light") return usual_mix(20);
  if (json == "heavy") return usual_mix(500);
  if (json.is_object()) return parse_counts(json);
  return fail(ErrorCode::invalid_input, "activity is an object of counts, a number, \"light\" or \"heavy\"");
}

nlohmann::json Activity::perform(const ActivityPlan& plan, Time from, Time to) {
  plan_ = &plan;
  std::vector<const Kind*> todo;
  for (const auto& [name, count] : plan.counts) todo.insert(todo.end(), count, find_kind(name));
  for (std::size_t i = todo.size(); i > 1; --i) std::swap(todo[i - 1], todo[dice_.below(i)]);
  nlohmann::json events = nlohmann::json::array();
  const auto span = (to - from).count();
  for (std::size_t i = 0; i < todo.size(); ++i) {
    const Time at =
        from + std::chrono::seconds(span * static_cast<std::int64_t>(i + 1) / static_cast<std::int64_t>(todo.size()));
    Event event = (this->*todo[i]->perform)(at);
    if (!event.is_null()) events.push_back(std::move(event));
  }
  plan_ = nullptr;
  return events;
}

const Repository* Activity::pick_repository() {
  return pick_repository([](const Repository& repository) { return !repository.is_empty(); });
}

const Repository* Activity::pick_repository(const std::function<bool(const Repository&)>& is_wanted) {
  std::vector<const Repository*> candidates;
  for (const auto& repository : world_.repositories()) {
    if (repository->is_deleted || repository->is_archived || repository->block != Block::none) continue;
    if (repository->owner != world_.organization() || !is_wanted(*repository)) continue;
    const bool is_named = !plan_ || plan_->repositories.empty() ||
                          std::ranges::find(plan_->repositories, repository->name) != plan_->repositories.end();
    if (is_named) candidates.push_back(repository.get());
  }
  return candidates.empty() ? nullptr : dice_.pick(candidates);
}

Index Activity::make_commit(Repository& repository, Time at, Index parent, Index second_parent) {
  Commit commit{.seed = dice_.next(), .authored_at = at, .committed_at = at, .parents = {parent, second_parent}};
  commit.author = world_.pick_person(dice_.next());
  commit.committer = second_parent == k_none ? commit.author : world_.web_flow();
  commit.is_verified = second_parent != k_none;
  if (second_parent == k_none) draw_changes(commit, dice_);
  return world_.add_commit(repository, commit);
}

Index Activity::push_commit(Repository& repository, Branch& branch, Time at) {
  branch.head = make_commit(repository, at, branch.head, k_none);
  set_pushed(repository, at);
  return branch.head;
}

void Activity::set_pushed(Repository& repository, Time at) {
  repository.pushed_at = at;
  repository.updated_at = at;
}

Activity::Event Activity::describe(std::string_view kind, Time at, const Repository& repository) const {
  return {{"kind", kind},
          {"at", format_time(at)},
          {"repository", world_.full_name(repository)},
          {"repository_id", repository.id}};
}

}  // namespace weir::sim

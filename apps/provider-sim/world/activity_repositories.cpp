// What happens to repositories and members.
#include <algorithm>

#include <fmt/format.h>

#include "provider-sim/base/words.hpp"
#include "provider-sim/world/activity.hpp"
#include "provider-sim/world/generator.hpp"

namespace weir::sim {

using namespace std::chrono_literals;

// Half of them new, half arriving with a history of months (a transfer from elsewhere).
Activity::Event Activity::create_repository(Time at) {
  const auto seed = dice_.next();
  const bool has_past = dice_.percent(50);
  const Time created = has_past ? at - std::chrono::days(100) : at;
  Repository& repository = world_.add_repository(Generator(world_).make_repository(
      fmt::format("{}-new-{}", make_slug(seed), world_.repositories().size()), seed, created));
  if (has_past) {
    const RepositorySizes sizes{.commits = 12, .pulls = 3, .issues = 4, .releases = 1, .runs = 2, .branches = 1};
    RepositoryGenerator(world_, repository, sizes, at).generate();
  } else {
    repository.branches.push_back({.name = repository.default_branch});
    for (int i = 0; i < 3; ++i) push_commit(repository, repository.branches.front(), at);
  }
  repository.updated_at = at;
  return describe("repo_new", at, repository);
}

Activity::Event Activity::rename_repository(Time at) {
  const Repository* picked = pick_repository();
  if (!picked) return nullptr;
  const std::string former = world_.full_name(*picked);
  world_.rename(*picked, fmt::format("{}-renamed-{}", make_slug(dice_.next()), world_.version()), picked->owner);
  world_.change(*picked).updated_at = at;
  Event event = describe("repo_rename", at, *picked);
  event["former"] = former;
  return event;
}

Activity::Event Activity::transfer_repository(Time at) {
  const Repository* picked = pick_repository();
  if (!picked) return nullptr;
  const std::string former = world_.full_name(*picked);
  world_.rename(*picked, picked->name, world_.other_organization());
  world_.change(*picked).updated_at = at;
  Event event = describe("repo_transfer", at, *picked);
  event["former"] = former;
  return event;
}

Activity::Event Activity::archive_repository(Time at) {
  const Repository* picked = pick_repository();
  if (!picked) return nullptr;
  Repository& repository = world_.change(*picked);
  repository.is_archived = true;
  repository.updated_at = at;
  return describe("repo_archive", at, repository);
}

Activity::Event Activity::delete_repository(Time at) {
  const Repository* picked = pick_repository();
  if (!picked) return nullptr;
  Repository& repository = world_.change(*picked);
  repository.is_deleted = true;
  return describe("repo_delete", at, repository);
}

Activity::Event Activity::edit_repository(Time at) {
  const Repository* picked = pick_repository();
  if (!picked) return nullptr;
  Repository& repository = world_.change(*picked);
  ++repository.description_revision;
  repository.stars += 1;
  repository.updated_at = at;
  return describe("repo_edit", at, repository);
}

Activity::Event Activity::first_push(Time at) {
  const Repository* picked = pick_repository([](const Repository& repository) { return repository.is_empty(); });
  if (!picked) return nullptr;
  Repository& repository = world_.change(*picked);
  repository.branches.push_back({.name = repository.default_branch});
  Event event = describe("first_push", at, repository);
  event["shas"] = {repository.commits[push_commit(repository, repository.branches.front(), at)].sha.hex()};
  return event;
}

Activity::Event Activity::add_member(Time at) {
  const Index account = world_.pick_account(dice_.next());
  auto& members = world_.mutable_members();
  if (std::ranges::find(members, account) != members.end()) return nullptr;
  members.insert(std::ranges::upper_bound(members, account), account);
  world_.change_members();
  return {{"kind", "member_add"}, {"at", format_time(at)}, {"login", world_.account(account).login}};
}

Activity::Event Activity::remove_member(Time at) {
  auto& members = world_.mutable_members();
  if (members.size() < 2) return nullptr;
  const Index account = members[static_cast<std::size_t>(dice_.below(members.size()))];
  std::erase(members, account);
  for (Team& team : world_.mutable_teams()) std::erase(team.members, account);
  world_.change_members();
  return {{"kind", "member_remove"}, {"at", format_time(at)}, {"login", world_.account(account).login}};
}

}  // namespace weir::sim

// What happens to commits, branches, releases and workflow runs.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "provider-sim/base/words.hpp"
#include "provider-sim/world/activity.hpp"
#include "provider-sim/world/generator.hpp"

namespace weir::sim {

using namespace std::chrono_literals;

Activity::Event Activity::add_commits(Time at) {
  const Repository* picked = pick_repository();
  if (!picked) return nullptr;
  Repository& repository = world_.change(*picked);
  Branch& branch = dice_.percent(75)
                       ? repository.branches.front()
                       : repository.branches[static_cast<std::size_t>(dice_.below(repository.branches.size()))];
  Event event = describe("commits", at, repository);
  event["branch"] = branch.name;
  for (auto count = 1 + dice_.below(3); count > 0; --count)
    event["shas"].push_back(repository.commits[push_commit(repository, branch, at)].sha.hex());
  return event;
}

// Commits dated weeks ago, reachable only from now on: whoever asks `since` yesterday sees the merge alone.
Activity::Event Activity::merge_late(Time at) {
  const Repository* picked = pick_repository();
  if (!picked) return nullptr;
  Repository& repository = world_.change(*picked);
  Branch& branch = repository.branches.front();
  const auto& line = *world_.history(repository, branch.head);
  Index side = line[std::min<std::size_t>(line.size() - 1, 5 + static_cast<std::size_t>(dice_.below(20)))];
  Time date = std::min(repository.commits[side].committed_at + 1min, at - 24h * 10);
  Event event = describe("late_merge", at, repository);
  for (int i = 0; i < 3; ++i, date += 1h) {
    side = make_commit(repository, date, side, k_none);
    event["shas"].push_back(repository.commits[side].sha.hex());
  }
  branch.head = make_commit(repository, at, branch.head, side);
  event["shas"].push_back(repository.commits[branch.head].sha.hex());
  event["branch"] = branch.name;
  set_pushed(repository, at);
  return event;
}

Activity::Event Activity::force_push(Time at) {
  const Repository* picked = pick_repository();
  if (!picked) return nullptr;
  Repository& repository = world_.change(*picked);
  Branch& branch = repository.branches[static_cast<std::size_t>(dice_.below(repository.branches.size()))];
  Event event = describe("force_push", at, repository);
  event["branch"] = branch.name;
  event["before"] = repository.commits[branch.head].sha.hex();
  Index base = branch.head;
  for (int i = 0; i < 2 && repository.commits[base].parents[0] != k_none; ++i) {
    event["dropped"].push_back(repository.commits[base].sha.hex());
    base = repository.commits[base].parents[0];
  }
  const Time from = repository.commits[base].committed_at;
  for (int i = 0; i < 2; ++i) {
    const Time date = std::min(at, from + 1min * (i + 1));
    base = make_commit(repository, date, base, k_none);
    event["shas"].push_back(repository.commits[base].sha.hex());
  }
  branch.head = base;
  set_pushed(repository, at);
  return event;
}

Activity::Event Activity::add_branch(Time at) {
  const Repository* picked = pick_repository();
  if (!picked) return nullptr;
  Repository& repository = world_.change(*picked);
  repository.branches.push_back({.name = fmt::format("topic/{}-{}", make_slug(dice_.next()), repository.commits.size()),
                                 .head = repository.branches.front().head});
  Branch& branch = repository.branches.back();
  Event event = describe("branch_new", at, repository);
  event["branch"] = branch.name;
  event["shas"] = {repository.commits[push_commit(repository, branch, at)].sha.hex()};
  return event;
}

Activity::Event Activity::delete_branch(Time at) {
  const Repository* picked = pick_repository([](const Repository& r) { return r.branches.size() > 1; });
  if (!picked) return nullptr;
  Repository& repository = world_.change(*picked);
  const auto position = 1 + static_cast<std::ptrdiff_t>(dice_.below(repository.branches.size() - 1));
  Event event = describe("branch_delete", at, repository);
  event["branch"] = repository.branches[static_cast<std::size_t>(position)].name;
  repository.branches.erase(repository.branches.begin() + position);
  set_pushed(repository, at);
  return event;
}

Activity::Event Activity::publish_release(Time at) {
  const Repository* picked = pick_repository();
  if (!picked) return nullptr;
  Repository& repository = world_.change(*picked);
  Release release{.id = world_.next_id(300), .seed = dice_.next()};
  release.tag = fmt::format("v9.{}.0", repository.releases.size());
  release.name = "Release " + release.tag;
  release.author = world_.pick_account(dice_.next());
  release.commit = repository.branches.front().head;
  release.created_at = repository.commits[release.commit].committed_at;
  release.published_at = release.updated_at = at;
  repository.releases.push_back(release);
  repository.updated_at = at;
  Event event = describe("release_new", at, repository);
  event["release_id"] = release.id;
  event["tag"] = release.tag;
  return event;
}

Activity::Event Activity::edit_release(Time at) {
  const Repository* picked = pick_repository([](const Repository& r) { return !r.releases.empty(); });
  if (!picked) return nullptr;
  Repository& repository = world_.change(*picked);
  Release& release = repository.releases[static_cast<std::size_t>(dice_.below(repository.releases.size()))];
  release.name = make_title(dice_.next());
  release.updated_at = at;
  if (release.is_draft) {
    release.is_draft = false;
    release.published_at = at;
  }
  Event event = describe("release_edit", at, repository);
  event["release_id"] = release.id;
  return event;
}

Activity::Event Activity::start_run(Time at) {
  const Repository* picked = pick_repository([](const Repository& r) { return r.has_actions && !r.is_empty(); });
  if (!picked) return nullptr;
  Repository& repository = world_.change(*picked);
  WorkflowRun run{.id = world_.next_id(4'000), .seed = dice_.next()};
  run.workflow = static_cast<std::uint8_t>(dice_.below(k_workflows.size()));
  run.run_number = 1 + std::ranges::count(repository.runs, run.workflow, &WorkflowRun::workflow);
  run.event = "push";
  run.status = dice_.percent(50) ? "queued" : "in_progress";
  run.head_branch = repository.branches.front().name;
  run.head = repository.branches.front().head;
  run.actor = world_.pick_account(dice_.next());
  run.created_at = run.started_at = run.updated_at = at;
  repository.runs.push_back(run);
  Event event = describe("run_new", at, repository);
  event["run_id"] = run.id;
  return event;
}

Activity::Event Activity::finish_run(Time at) {
  const auto is_running = [](const WorkflowRun& run) { return run.conclusion.empty(); };
  const Repository* picked =
      pick_repository([&](const Repository& r) { return std::ranges::any_of(r.runs, is_running); });
  if (!picked) return nullptr;
  Repository& repository = world_.change(*picked);
  WorkflowRun& run = *std::ranges::find_if(repository.runs, is_running);
  run.status = "completed";
  run.conclusion = draw_conclusion(dice_);
  run.updated_at = at;
  Event event = describe("run_finish", at, repository);
  event["run_id"] = run.id;
  return event;
}

// An old run goes again: its id and created_at stay, so a `created` window alone never shows it.
Activity::Event Activity::rerun(Time at) {
  const Repository* picked = pick_repository([](const Repository& r) { return !r.runs.empty(); });
  if (!picked) return nullptr;
  Repository& repository = world_.change(*picked);
  WorkflowRun& run = repository.runs[static_cast<std::size_t>(dice_.below(repository.runs.size()))];
  ++run.attempt;
  run.status = "completed";
  run.conclusion = draw_conclusion(dice_);
  run.started_at = at - 1min;
  run.updated_at = at;
  Event event = describe("run_rerun", at, repository);
  event["run_id"] = run.id;
  event["attempt"] = run.attempt;
  return event;
}

}  // namespace weir::sim

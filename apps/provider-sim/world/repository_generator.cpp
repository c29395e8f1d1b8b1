#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "provider-sim/base/words.hpp"
#include "provider-sim/world/generator.hpp"

namespace weir::sim {

using namespace std::chrono_literals;

RepositoryGenerator::RepositoryGenerator(World& world, Repository& repository, RepositorySizes sizes, Time now)
    : world_(world), repository_(repository), sizes_(sizes), now_(now), dice_(mix(repository.seed, 41)) {}

void RepositoryGenerator::generate() {
  if (sizes_.commits == 0) return;
  make_default_branch();
  make_branches();
  make_issues();
  make_pulls();
  number_tickets();
  make_releases();
  make_runs();
  set_times();
}

Time RepositoryGenerator::between(Time low, Time high) {
  return Time(std::chrono::seconds(dice_.between(low.time_since_epoch().count(), high.time_since_epoch().count())));
}

void draw_changes(Commit& commit, Dice& dice) {
  commit.changed_files = static_cast<std::int32_t>(1 + std::min(dice.below(12), dice.below(40)));
  commit.additions = static_cast<std::int32_t>(std::min(dice.below(80), dice.below(900)));
  commit.deletions = static_cast<std::int32_t>(std::min(dice.below(40), dice.below(500)));
}

Index RepositoryGenerator::make_commit(Time at, Index parent, Index second_parent, bool is_by_browser) {
  Commit commit{.seed = dice_.next(), .committed_at = at, .parents = {parent, second_parent}};
  commit.author = world_.pick_person(dice_.next());
  commit.committer = is_by_browser ? world_.web_flow() : commit.author;
  if (!is_by_browser && dice_.percent(8)) commit.committer = world_.pick_person(dice_.next());
  commit.authored_at = dice_.percent(15) ? at - std::chrono::seconds(dice_.below(std::uint64_t{5} * 86400)) : at;
  commit.is_verified = is_by_browser || dice_.percent(20);
  if (second_parent == k_none) draw_changes(commit, dice_);
  return world_.add_commit(repository_, commit);
}

void RepositoryGenerator::make_default_branch() {
  const Time first = repository_.created_at + 1min;
  const auto span = (now_ - 1h - first) / static_cast<std::int64_t>(sizes_.commits);
  const auto instant = [&](std::size_t position) {
    const auto jitter =
        std::chrono::seconds(dice_.below(static_cast<std::uint64_t>(std::max<std::int64_t>(1, span.count()))));
    return first + span * static_cast<std::int64_t>(position) + jitter;
  };
  while (repository_.commits.size() < sizes_.commits) {
    const auto made = repository_.commits.size();
    if (made > 4 && sizes_.commits - made >= 3 && dice_.percent(12)) {
      make_merge(instant(made));
      continue;
    }
    const bool is_squash = made > 2 && dice_.percent(25);
    const Index base = head_;
    head_ = make_commit(instant(made), head_, k_none, is_squash);
    line_.push_back(head_);
    if (is_squash) landings_.push_back({.base = base, .merge = head_});
  }
  repository_.branches.push_back({.name = repository_.default_branch, .head = head_, .is_protected = true});
}

// A branch of two commits off an older commit, merged now.
void RepositoryGenerator::make_merge(Time at) {
  const Index base = head_;
  const Index fork =
      line_[line_.size() - 1 - static_cast<std::size_t>(dice_.below(std::min<std::size_t>(line_.size(), 5)))];
  const Time from = repository_.commits[fork].committed_at;
  const Index first = make_commit(between(from, at), fork, k_none, false);
  const Index second = make_commit(between(repository_.commits[first].committed_at, at), first, k_none, false);
  head_ = make_commit(at, base, second, true);
  line_.push_back(head_);
  landings_.push_back({.head = second, .base = base, .merge = head_});
}

void RepositoryGenerator::make_branches() {
  for (std::size_t i = 0; i < sizes_.branches; ++i) {
    Index head =
        line_[line_.size() - 1 - static_cast<std::size_t>(dice_.below(std::min<std::size_t>(line_.size(), 30)))];
    for (std::size_t k = 0; k < sizes_.branch_commits; ++k)
      head = make_commit(between(repository_.commits[head].committed_at, now_ - 30min), head, k_none, false);
    repository_.branches.push_back(
        {.name = fmt::format("feature/{}-{}", make_slug(dice_.next()), i + 1), .head = head});
  }
}

void RepositoryGenerator::fill_ticket(Ticket& ticket, Time created_at) {
  ticket.seed = dice_.next();
  ticket.created_at = created_at;
  ticket.updated_at = created_at;
  const auto kind = dice_.below(100);
  ticket.author = kind < 2 ? k_none : kind < 4 ? world_.ghost() : world_.pick_account(dice_.next());
  ticket.is_locked = dice_.percent(2);
  ticket.has_milestone = dice_.percent(15);
  ticket.comments = static_cast<std::int32_t>(std::min(dice_.below(4), dice_.below(30)));
  for (auto count = std::min(dice_.below(3), dice_.below(4)); count > 0; --count)
    ticket.labels.push_back(static_cast<std::uint8_t>(dice_.below(k_labels.size())));
  for (auto count = std::min(dice_.below(2), dice_.below(4)); count > 0; --count)
    ticket.assignees.push_back(world_.pick_account(dice_.next()));
  const auto tidy = [](auto& list) {
    std::ranges::sort(list);
    list.erase(std::ranges::unique(list).begin(), list.end());
  };
  tidy(ticket.labels);
  tidy(ticket.assignees);
}

// The last change: a little after what is known; some share the second of a bulk edit.
void RepositoryGenerator::touch(Ticket& ticket, Time last) {
  const Time bulk = now_ - std::chrono::days(20 + static_cast<int>(repository_.seed % 5));
  ticket.updated_at = between(last, std::min(now_ - 2min, last + 240h));
  if (dice_.percent(7) && bulk > ticket.updated_at) ticket.updated_at = bulk;
}

void RepositoryGenerator::make_issues() {
  for (std::size_t i = 0; i < sizes_.issues; ++i) {
    Issue issue;
    fill_ticket(issue, between(repository_.created_at + 2min, now_ - 2h));
    Time last = issue.created_at;
    if (dice_.percent(60)) {
      issue.is_open = false;
      issue.closed_at = last = between(issue.created_at, now_ - 1h);
      issue.closed_by = world_.pick_account(dice_.next());
      issue.reason = dice_.percent(75)   ? StateReason::completed
                     : dice_.percent(70) ? StateReason::not_planned
                                         : StateReason::duplicate;
    } else if (dice_.percent(10)) {
      issue.reason = StateReason::reopened;
    }
    const auto wanted = i < 2 ? std::min(world_.options().list_items, k_label_count_max) : 0;
    if (wanted > 0) issue.labels.clear();
    while (issue.labels.size() < wanted) issue.labels.push_back(static_cast<std::uint8_t>(issue.labels.size()));
    touch(issue, last);
    repository_.issues.push_back(std::move(issue));
  }
}

void RepositoryGenerator::make_releases() {
  for (std::size_t i = 0; i < sizes_.releases; ++i) {
    const auto position = (i + 1) * line_.size() / (sizes_.releases + 1);
    Release release{.seed = dice_.next(), .tag = fmt::format("v{}.{}.0", i / 10, i % 10)};
    release.id = world_.next_id(300);
    release.commit = line_[std::min(position, line_.size() - 1)];
    release.created_at = repository_.commits[release.commit].committed_at;
    release.author = world_.pick_account(dice_.next());
    release.is_prerelease = dice_.percent(20);
    release.is_draft = i + 1 == sizes_.releases && dice_.percent(30);
    if (dice_.percent(80)) release.name = dice_.percent(90) ? fmt::format("Release {}", release.tag) : "";
    if (!release.is_draft) release.published_at = std::min(release.created_at + 2h, now_ - 1min);
    release.updated_at = release.published_at.value_or(release.created_at);
    repository_.releases.push_back(std::move(release));
  }
}

std::string draw_conclusion(Dice& dice) {
  constexpr std::array<std::string_view, 8> rare{"cancelled", "skipped", "neutral",         "timed_out",
                                                 "stale",     "failure", "action_required", "startup_failure"};
  if (dice.percent(70)) return "success";
  return std::string(dice.percent(60) ? "failure" : dice.pick(rare));
}

void RepositoryGenerator::make_runs() {
  constexpr std::array<std::string_view, 4> events{"push", "pull_request", "schedule", "workflow_dispatch"};
  std::array<std::int64_t, k_workflows.size()> numbers{};
  const Time first = repository_.created_at + 5min;
  const auto span = (now_ - 10min - first) / static_cast<std::int64_t>(std::max<std::size_t>(1, sizes_.runs));
  for (std::size_t i = 0; i < sizes_.runs; ++i) {
    WorkflowRun run{.id = world_.next_id(4'000), .seed = dice_.next()};
    run.workflow = static_cast<std::uint8_t>(dice_.below(k_workflows.size()));
    run.run_number = ++numbers[run.workflow];
    run.event = dice_.pick(events);
    run.created_at = first + span * static_cast<std::int64_t>(i);
    run.started_at = run.created_at;
    run.head_branch = repository_.default_branch;
    run.head = line_[std::min(line_.size() - 1, i * line_.size() / sizes_.runs)];
    run.actor = world_.pick_account(dice_.next());
    run.attempt = dice_.percent(6) ? 2 : 1;
    if (run.attempt > 1) run.started_at += 20min;
    const bool is_recent = i + 2 >= sizes_.runs;
    run.status = is_recent ? (i + 1 == sizes_.runs ? "queued" : "in_progress") : "completed";
    if (!is_recent) run.conclusion = draw_conclusion(dice_);
    run.updated_at = is_recent ? run.started_at : run.started_at + std::chrono::seconds(30 + dice_.below(900));
    run.updated_at = std::min(run.updated_at, now_ - 1min);
    repository_.runs.push_back(std::move(run));
  }
}

void RepositoryGenerator::set_times() {
  Time pushed = repository_.created_at;
  for (const Branch& branch : repository_.branches)
    pushed = std::max(pushed, repository_.commits[branch.head].committed_at);
  repository_.pushed_at = std::min(now_ - 1min, pushed + 5s);
  repository_.updated_at = *repository_.pushed_at + 3s;
}

}  // namespace weir::sim

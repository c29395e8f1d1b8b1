// Pull requests, issues and what hangs on them; workflow runs and jobs.
#include <algorithm>

#include <fmt/format.h>

#include "provider-sim/base/words.hpp"
#include "provider-sim/rest/renderer.hpp"
#include "provider-sim/truth/teller.hpp"

namespace weir::sim {
namespace {

constexpr std::string_view k_html = "https://github.com/";

std::string neutral_review(ReviewState state) { return lower(state_name(state)); }

}  // namespace

NeutralState neutral_state(std::string_view status, std::string_view conclusion) {
  if (status == "waiting") return {"waiting", {}};
  if (status == "in_progress") return {"running", {}};
  if (status != "completed") return {"queued", {}};
  if (conclusion == "success") return {"done", "success"};
  if (conclusion == "failure" || conclusion == "timed_out" || conclusion == "startup_failure")
    return {"done", "failure"};
  if (conclusion == "cancelled") return {"done", "canceled"};
  if (conclusion == "skipped" || conclusion == "stale") return {"done", "skipped"};
  if (conclusion == "action_required") return {"waiting", "neutral"};
  return {"done", conclusion == "neutral" ? "neutral" : "unknown"};
}

void Teller::each_pull(const std::function<void(const Repository&, const Pull&)>& visit) const {
  each_repository([&visit](const Repository& repository) {
    for (const Pull& pull : repository.pulls) visit(repository, pull);
  });
}

void Teller::each_issue(const std::function<void(const Repository&, const Issue&)>& visit) const {
  each_repository([&visit](const Repository& repository) {
    for (const Issue& issue : repository.issues)
      if (repository.has_issues) visit(repository, issue);
  });
}

void Teller::pulls() {
  each_pull([this](const Repository& repository, const Pull& pull) {
    row(repository, [&](JsonWriter& json) {
      json.field("number", std::to_string(pull.number))
          .field("pr_key", std::to_string(pull.id))
          .field("title", pull.title());
      text(json, "body", pull.body());
      json.field("state", pull.is_open ? "open" : pull.merged_at ? "merged" : "closed").field("draft", pull.is_draft);
      account_key(json, "author_key", pull.author);
      account_key(json, "merged_by_key", pull.merged_by);
      json.key("head_repo_key");
      if (pull.head_repository == HeadRepository::gone)
        json.value(nullptr);
      else
        json.value(std::to_string(pull.head_repository == HeadRepository::same
                                      ? repository.id
                                      : fork_id(repository, fork_owner(world_, pull))));
      json.field("head_ref", pull.head_ref).field("head_sha", repository.commits[pull.head].sha.hex());
      json.field("base_ref", pull.base_ref).field("base_sha", repository.commits[pull.base].sha.hex()).key("merge_sha");
      if (pull.merged_at && pull.merge_sha)
        json.value(pull.merge_sha->hex());
      else
        json.value(nullptr);
      json.field("created_at", pull.created_at).field("updated_at", pull.updated_at).field("closed_at", pull.closed_at);
      json.field("merged_at", pull.merged_at).field("additions", pull.additions).field("deletions", pull.deletions);
      json.field("changed_files", pull.changed_files).field("commits", pull.commits).field("comments", pull.comments);
      json.field("url", fmt::format("{}{}/pull/{}", k_html, world_.full_name(repository), pull.number));
    });
  });
}

void Teller::pull_labels() {
  each_pull([this](const Repository& repository, const Pull& pull) {
    for (const auto label : pull.labels)
      row(repository, [&](JsonWriter& json) {
        json.field("number", std::to_string(pull.number)).field("label", label_at(label).name);
      });
  });
}

// GraphQL lists people only.
bool Teller::is_assignee(Index account) const {
  return options_.view == View::rest || world_.account(account).kind == AccountKind::user;
}

void Teller::pull_assignees() {
  each_pull([this](const Repository& repository, const Pull& pull) {
    for (const Index account : pull.assignees)
      if (is_assignee(account))
        row(repository, [&](JsonWriter& json) {
          json.field("number", std::to_string(pull.number)).field("contributor_key", key_of(account));
        });
  });
}

void Teller::pull_reviewers() {
  each_pull([this](const Repository& repository, const Pull& pull) {
    for (const Index account : pull.requested_reviewers)
      row(repository, [&](JsonWriter& json) {
        json.field("number", std::to_string(pull.number)).field("contributor_key", key_of(account));
      });
  });
}

void Teller::reviews() {
  each_pull([this](const Repository& repository, const Pull& pull) {
    for (const Review& review : pull.reviews)
      row(repository, [&](JsonWriter& json) {
        json.field("number", std::to_string(pull.number)).field("review_key", std::to_string(review.id));
        account_key(json, "reviewer_key", review.author);
        json.field("state", neutral_review(review.state)).field("state_raw", state_name(review.state));
        json.field("submitted_at", review.submitted_at)
            .field("commit_sha", repository.commits[review.commit].sha.hex());
        json.field("body", review.state == ReviewState::approved ? "" : make_paragraphs(review.seed, 1));
        json.field("url", fmt::format("{}{}/pull/{}#pullrequestreview-{}", k_html, world_.full_name(repository),
                                      pull.number, review.id));
      });
  });
}

void Teller::issues() {
  each_issue([this](const Repository& repository, const Issue& issue) {
    row(repository, [&](JsonWriter& json) {
      json.field("issue_key", std::to_string(issue.issue_id)).field("display_key", fmt::format("#{}", issue.number));
      json.field("title", issue.title());
      text(json, "body", issue.body());
      json.field("status", issue.is_open ? "todo" : "done")
          .field("status_raw", issue.is_open ? "open" : "closed")
          .key("resolution");
      if (issue.reason == StateReason::none)
        json.value(nullptr);
      else
        json.value(reason_name(issue.reason));
      account_key(json, "author_key", issue.author);
      json.field("created_at", issue.created_at)
          .field("updated_at", issue.updated_at)
          .field("resolved_at", issue.closed_at);
      json.field("url", fmt::format("{}{}/issues/{}", k_html, world_.full_name(repository), issue.number));
    });
  });
}

void Teller::issue_labels() {
  each_issue([this](const Repository&, const Issue& issue) {
    for (const auto label : issue.labels)
      row([&](JsonWriter& json) {
        json.field("issue_key", std::to_string(issue.issue_id)).field("label", label_at(label).name);
      });
  });
}

void Teller::issue_assignees() {
  each_issue([this](const Repository&, const Issue& issue) {
    for (const Index account : issue.assignees)
      if (is_assignee(account))
        row([&](JsonWriter& json) {
          json.field("issue_key", std::to_string(issue.issue_id)).field("contributor_key", key_of(account));
        });
  });
}

// Those that ran: their runs tell of them.
void Teller::workflows() {
  each_repository([this](const Repository& repository) {
    for (std::size_t i = 0; i < k_workflows.size(); ++i) {
      if (std::ranges::find(repository.runs, i, &WorkflowRun::workflow) == repository.runs.end()) continue;
      row(repository, [&](JsonWriter& json) {
        json.field("def_key", std::to_string(workflow_id(repository, i))).field("name", k_workflows[i].name);
        json.field("path", k_workflows[i].path);
      });
    }
  });
}

// The latest attempt of each run: that is what a list shows.
void Teller::runs() {
  each_repository([this](const Repository& repository) {
    for (const WorkflowRun& run : repository.runs)
      row(repository, [&](JsonWriter& json) {
        const auto state = neutral_state(run.status, run.conclusion);
        const bool is_done = run.status == "completed";
        json.field("run_key", fmt::format("{}:{}", run.id, run.attempt));
        json.field("def_key", std::to_string(workflow_id(repository, run.workflow))).field("number", run.run_number);
        json.field("attempt", run.attempt).field("name", k_workflows[run.workflow].name).field("status", state.status);
        json.field("status_raw", run.status).key("result");
        if (state.result.empty())
          json.value(nullptr);
        else
          json.value(state.result);
        json.key("result_raw");
        if (run.conclusion.empty())
          json.value(nullptr);
        else
          json.value(run.conclusion);
        json.field("trigger", run.event);
        account_key(json, "actor_key", run.actor);
        json.field("ref", run.head_branch).field("head_sha", repository.commits[run.head].sha.hex());
        json.field("created_at", run.created_at).field("started_at", run.started_at);
        json.field("finished_at", is_done ? std::optional(run.updated_at) : std::nullopt)
            .field("updated_at", run.updated_at);
        json.field("url", fmt::format("{}{}/actions/runs/{}", k_html, world_.full_name(repository), run.id));
      });
  });
}

void Teller::jobs() {
  each_repository([this](const Repository& repository) {
    for (const WorkflowRun& run : repository.runs)
      for (std::size_t i = 0; i < job_count(run); ++i)
        row([&](JsonWriter& json) {
          const JobFacts job = job_facts(run, run.attempt, i);
          const auto state = neutral_state(job.status, job.conclusion);
          json.field("run_key", fmt::format("{}:{}", run.id, run.attempt)).field("job_key", std::to_string(job.id));
          json.field("name", job.name).field("status", state.status).field("status_raw", job.status).key("result");
          if (state.result.empty())
            json.value(nullptr);
          else
            json.value(state.result);
          json.key("result_raw");
          if (job.conclusion.empty())
            json.value(nullptr);
          else
            json.value(job.conclusion);
          json.key("runner");
          if (job.runner.empty())
            json.value(nullptr);
          else
            json.value(job.runner);
          json.field("created_at", job.created_at)
              .field("started_at", job.started_at)
              .field("finished_at", job.completed_at);
        });
  });
}

}  // namespace weir::sim

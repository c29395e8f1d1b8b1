// Workflow runs and their jobs.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "provider-sim/base/dice.hpp"
#include "provider-sim/base/words.hpp"
#include "provider-sim/rest/node_id.hpp"
#include "provider-sim/rest/renderer.hpp"

namespace weir::sim {

using namespace std::chrono_literals;

std::size_t job_count(const WorkflowRun& run) { return 1 + static_cast<std::size_t>(run.seed % 3); }

JobFacts job_facts(const WorkflowRun& run, std::int32_t attempt, std::size_t position) {
  constexpr std::array<std::string_view, 3> names{"build", "test (ubuntu-latest)", "deploy"};
  Dice dice(mix(run.seed, static_cast<std::uint64_t>(attempt), position, 73));
  const bool is_last_attempt = attempt == run.attempt;
  JobFacts job{.id = run.id * 4 + attempt * 1'000'000'000'000 + static_cast<std::int64_t>(position),
               .name = std::string(names[position])};
  job.status = is_last_attempt ? run.status : "completed";
  job.created_at = is_last_attempt ? run.started_at : run.created_at;
  job.started_at = job.created_at + std::chrono::seconds(dice.below(10));
  if (job.status == "completed") {
    job.conclusion = is_last_attempt ? run.conclusion : "failure";
    if (position > 0 && job.conclusion == "failure" && dice.percent(50)) job.conclusion = "skipped";
    const Time end = is_last_attempt ? run.updated_at : run.created_at + 15min;
    job.completed_at = std::max(job.started_at, end - std::chrono::seconds(dice.below(10)));
  }
  if (job.status != "queued") job.runner = fmt::format("GitHub Actions {}", 1 + dice.below(40));
  return job;
}

void Renderer::run(JsonWriter& json, const Repository& repository, const WorkflowRun& run) {
  const std::string base = repository_url(repository);
  const std::string self = fmt::format("{}/actions/runs/{}", base, run.id);
  const Workflow& workflow = k_workflows[run.workflow];
  const Commit& head = repository.commits[run.head];
  const auto suite = run.id + 3'000'000'000;
  json.begin_object()
      .field("id", run.id)
      .field("name", workflow.name)
      .field("node_id", make_node_id("WFR", repository.id, run.id));
  json.field("head_branch", run.head_branch).field("head_sha", head.sha.hex()).field("path", workflow.path);
  const std::string message = make_commit_message(head.seed);
  json.field("display_title", message.substr(0, message.find('\n'))).field("run_number", run.run_number);
  json.field("event", run.event).field("status", run.status).key("conclusion");
  if (run.conclusion.empty())
    json.value(nullptr);
  else
    json.value(run.conclusion);
  json.field("workflow_id", workflow_id(repository, run.workflow)).field("check_suite_id", suite);
  json.field("check_suite_node_id", make_node_id("CS", repository.id, suite)).field("url", self);
  json.field("html_url", fmt::format("{}/{}/actions/runs/{}", origins_.html, world_.full_name(repository), run.id));
  json.key("pull_requests").begin_array().end_array().field("created_at", run.created_at);
  json.field("updated_at", run.updated_at).key("actor");
  account(json, run.actor);
  json.field("run_attempt", run.attempt).key("referenced_workflows").begin_array().end_array();
  json.field("run_started_at", run.started_at).key("triggering_actor");
  account(json, run.actor);
  json.url_field("jobs_url", self, "/jobs").url_field("logs_url", self, "/logs");
  json.field("check_suite_url", fmt::format("{}/check-suites/{}", base, suite))
      .url_field("artifacts_url", self, "/artifacts");
  json.url_field("cancel_url", self, "/cancel").url_field("rerun_url", self, "/rerun").key("previous_attempt_url");
  if (run.attempt > 1)
    json.value(fmt::format("{}/attempts/{}", self, run.attempt - 1));
  else
    json.value(nullptr);
  json.field("workflow_url", fmt::format("{}/actions/workflows/{}", base, workflow_id(repository, run.workflow)));
  const GitPerson& author = world_.person(head.author);
  const GitPerson& committer = world_.person(head.committer);
  json.key("head_commit")
      .begin_object()
      .field("id", head.sha.hex())
      .field("tree_id", Sha::derive(mix(head.seed, 71)).hex());
  json.field("message", message).field("timestamp", head.committed_at).key("author").begin_object();
  json.field("name", author.name).field("email", author.email).end_object().key("committer").begin_object();
  json.field("name", committer.name).field("email", committer.email).end_object().end_object().key("repository");
  minimal_repository(json, repository);
  json.key("head_repository");
  minimal_repository(json, repository);
  json.end_object();
}

void Renderer::job(JsonWriter& json, const Repository& repository, const WorkflowRun& run, std::int32_t attempt,
                   std::size_t position) {
  const JobFacts job = job_facts(run, attempt, position);
  const std::string base = repository_url(repository);
  json.begin_object()
      .field("id", job.id)
      .field("run_id", run.id)
      .field("workflow_name", k_workflows[run.workflow].name);
  json.field("head_branch", run.head_branch).field("run_url", fmt::format("{}/actions/runs/{}", base, run.id));
  json.field("run_attempt", attempt).field("node_id", make_node_id("CR", repository.id, job.id));
  json.field("head_sha", repository.commits[run.head].sha.hex());
  json.field("url", fmt::format("{}/actions/jobs/{}", base, job.id));
  json.field("html_url",
             fmt::format("{}/{}/actions/runs/{}/job/{}", origins_.html, world_.full_name(repository), run.id, job.id));
  json.field("status", job.status).key("conclusion");
  if (job.conclusion.empty())
    json.value(nullptr);
  else
    json.value(job.conclusion);
  json.field("created_at", job.created_at).field("started_at", job.started_at).field("completed_at", job.completed_at);
  json.field("name", job.name).key("steps").begin_array();
  if (job.completed_at) {
    // Steps carry offsets and fractions, unlike the rest.
    json.begin_object().field("name", "Set up job").field("status", "completed").field("conclusion", "success");
    json.field("number", 1).field("started_at", format_time(job.started_at + 8h).substr(0, 19) + ".000+08:00");
    json.field("completed_at", format_time(job.started_at + 8h + 1s).substr(0, 19) + ".000+08:00").end_object();
  }
  json.end_array().field("check_run_url", fmt::format("{}/check-runs/{}", base, job.id)).key("labels").begin_array();
  json.value("ubuntu-latest").end_array();
  const bool has_runner = !job.runner.empty();
  json.field("runner_id", has_runner ? std::optional<int>(17) : std::nullopt).key("runner_name");
  if (has_runner)
    json.value(job.runner);
  else
    json.value(nullptr);
  json.field("runner_group_id", has_runner ? std::optional<int>(2) : std::nullopt);
  json.field("runner_group_name", has_runner ? std::optional<std::string>("GitHub Actions") : std::nullopt)
      .end_object();
}

}  // namespace weir::sim

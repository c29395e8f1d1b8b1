// Routes about workflow runs and jobs.
#include <algorithm>

#include <fmt/format.h>

#include "base/time.hpp"
#include "provider-sim/rest/api.hpp"

namespace weir::sim {
namespace {

struct CreatedFilter {
  Time from = Time::min();
  Time to = Time::max();
};

// A day means all of it.
bool read_instant(std::string_view text, Time& low, Time& high) {
  if (text.size() == 10) {
    const auto day = parse_rfc3339(std::string(text) + "T00:00:00Z");
    if (!day) return false;
    low = std::chrono::floor<std::chrono::seconds>(*day);
    high = low + std::chrono::days(1) - std::chrono::seconds(1);
    return true;
  }
  const auto instant = parse_rfc3339(text);
  if (!instant) return false;
  low = high = std::chrono::floor<std::chrono::seconds>(*instant);
  return true;
}

// A..B (both ends included, "*" open), >A, >=A, <A, <=A, or an instant or day alone.
std::optional<CreatedFilter> parse_created(std::string_view text) {
  CreatedFilter filter;
  Time low;
  Time high;
  const auto dots = text.find("..");
  if (dots != std::string_view::npos) {
    const auto from = text.substr(0, dots);
    const auto to = text.substr(dots + 2);
    if (from != "*") {
      if (!read_instant(from, low, high)) return std::nullopt;
      filter.from = low;
    }
    if (to != "*") {
      if (!read_instant(to, low, high)) return std::nullopt;
      filter.to = high;
    }
    return filter;
  }
  const bool is_above = text.starts_with('>');
  const bool is_below = text.starts_with('<');
  const bool is_inclusive = text.size() > 1 && text[1] == '=';
  const auto rest = text.substr(is_above || is_below ? (is_inclusive ? 2 : 1) : 0);
  if (!read_instant(rest, low, high)) return std::nullopt;
  if (!is_below) filter.from = is_above && !is_inclusive ? high + std::chrono::seconds(1) : low;
  if (!is_above) filter.to = is_below && !is_inclusive ? low - std::chrono::seconds(1) : high;
  return filter;
}

bool matches(const std::string* wanted, std::string_view value) { return !wanted || *wanted == value; }

}  // namespace

Answer RestApi::list_runs(const Call& call) {
  const Repository& repository = *call.repository;
  const Query& query = call.request.query;
  CreatedFilter created;
  if (const std::string* text = query.find("created")) {
    const auto parsed = parse_created(*text);
    if (!parsed)
      return error_answer(422, fmt::format("Validation Failed: created \"{}\" is not a date or range", *text));
    created = *parsed;
  }
  const std::string* status = query.find("status");
  const std::string* actor = query.find("actor");
  const std::string* branch = query.find("branch");
  const std::string* event = query.find("event");
  const std::string* head_sha = query.find("head_sha");
  const bool is_filtered = query.find("created") || status || actor || branch || event || head_sha;
  std::vector<const WorkflowRun*> runs;
  for (auto run = repository.runs.rbegin(); run != repository.runs.rend(); ++run) {
    if (run->created_at < created.from || run->created_at > created.to) continue;
    if (!matches(branch, run->head_branch) || !matches(event, run->event)) continue;
    if (status && *status != run->status && *status != run->conclusion) continue;
    if (actor && *actor != world_.account(run->actor).login) continue;
    if (head_sha && *head_sha != repository.commits[run->head].sha.hex()) continue;
    runs.push_back(&*run);
  }
  const auto size = std::clamp<std::int64_t>(parse_integer(query.get("per_page", "30")).value_or(30), 1, 100);
  const auto page = std::max<std::int64_t>(1, parse_integer(query.get("page", "1")).value_or(1));
  if (!is_filtered && static_cast<std::size_t>(page * size) > options_.run_unfiltered_max)
    return error_answer(422, "In order to keep the API fast for everyone, pagination is limited for this resource.");
  Listing listing{.count = runs.size(), .wrapper = "workflow_runs", .total_count = runs.size(), .path = call.path};
  if (is_filtered) listing.count = std::min(listing.count, options_.run_results_max);
  listing.render = [this, &repository, runs = std::move(runs)](JsonWriter& json, std::size_t i) {
    renderer_.run(json, repository, *runs[i]);
  };
  return {.listing = std::move(listing)};
}

Answer RestApi::get_run(const Call& call) {
  const auto found =
      std::ranges::find(call.repository->runs, parse_integer(call.args[0]).value_or(0), &WorkflowRun::id);
  if (found == call.repository->runs.end()) return not_found();
  Answer answer;
  JsonWriter json(answer.body);
  renderer_.run(json, *call.repository, *found);
  return answer;
}

Answer RestApi::list_jobs(const Call& call) {
  const auto found =
      std::ranges::find(call.repository->runs, parse_integer(call.args[0]).value_or(0), &WorkflowRun::id);
  if (found == call.repository->runs.end()) return not_found();
  const WorkflowRun& run = *found;
  std::int32_t first = call.request.query.get("filter", "latest") == "all" ? 1 : run.attempt;
  std::int32_t last = run.attempt;
  if (call.args.size() > 1) first = last = static_cast<std::int32_t>(parse_integer(call.args[1]).value_or(0));
  if (first < 1 || last > run.attempt) return not_found();
  const auto per_attempt = job_count(run);
  Listing listing{
      .count = per_attempt * static_cast<std::size_t>(last - first + 1), .wrapper = "jobs", .path = call.path};
  listing.total_count = listing.count;
  listing.render = [this, repository = call.repository, &run, first, per_attempt](JsonWriter& json, std::size_t i) {
    renderer_.job(json, *repository, run, first + static_cast<std::int32_t>(i / per_attempt), i % per_attempt);
  };
  return {.listing = std::move(listing)};
}

Answer RestApi::list_workflows(const Call& call) {
  const bool has_workflows = call.repository->has_workflows();
  Listing listing{.count = has_workflows ? k_workflows.size() : 0, .wrapper = "workflows", .path = call.path};
  listing.total_count = listing.count;
  listing.render = [repository = call.repository](JsonWriter& json, std::size_t i) {
    json.begin_object().field("id", workflow_id(*repository, i)).field("name", k_workflows[i].name);
    json.field("path", k_workflows[i].path).field("state", "active").field("created_at", repository->created_at);
    json.field("updated_at", repository->created_at).end_object();
  };
  return {.listing = std::move(listing)};
}

}  // namespace weir::sim

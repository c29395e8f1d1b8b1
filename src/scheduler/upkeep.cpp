#include "scheduler/upkeep.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/outlive.hpp"
#include "base/task_group.hpp"
#include "scheduler/sql.hpp"

namespace weir::scheduler {
namespace {

using nlohmann::json;

json optional_time(const std::optional<Instant>& at) { return at ? json(format_rfc3339(*at)) : json(); }

}  // namespace

void to_json(json& out, const JobState& state) {
  out = {{"name", state.name},
         {"started_at", format_rfc3339(state.started_at)},
         {"next_at", format_rfc3339(state.next_at)},
         {"ended_at", optional_time(state.ended_at)},
         {"is_running", state.is_running},
         {"node", state.node ? json(*state.node) : json()},
         {"result", state.result},
         {"error", state.error ? json(*state.error) : json()},
         {"runs", state.runs},
         {"failures", state.failures}};
}

Task<std::vector<JobState>> list_jobs(pg::Database& database) {
  const auto rows = co_await database.query(pg::Scope::control(), sql::list_jobs);
  std::vector<JobState> states;
  for (const auto row : rows)
    states.push_back({.name = row.get<std::string>("name"),
                      .started_at = row.get<Instant>("started_at"),
                      .next_at = row.get<Instant>("next_at"),
                      .ended_at = row.get<std::optional<Instant>>("ended_at"),
                      .is_running = row.get<bool>("is_running"),
                      .node = row.get<std::optional<std::string>>("node"),
                      .result = row.get<std::optional<json>>("result").value_or(nullptr),
                      .error = row.get<std::optional<std::string>>("error"),
                      .runs = row.get<std::int64_t>("runs"),
                      .failures = row.get<std::int64_t>("failures")});
  co_return states;
}

Task<> Upkeep::run() {
  for (;;) {
    try {
      co_await round();
    } catch (...) {
      outlive("upkeep", LogLevel::warning);
    }
    // Nodes should not all look at the same instant.
    const auto half = settings_.look / 2;
    co_await sleep_for(half +
                       std::chrono::milliseconds(random_.below(static_cast<std::uint64_t>(settings_.look.count()))));
  }
}

Task<int> Upkeep::round() {
  int done = 0;
  for (std::size_t i = 0; i < jobs_.size(); ++i) {
    const auto attempted = co_await attempt(jobs_[i], false);
    if (!attempted) continue;
    ++done;
    if (!*attempted) log_warning("upkeep: {} failed: {}", jobs_[i].name, attempted->error().message);
  }
  co_return done;
}

Task<Result<json>> Upkeep::run_now(std::string name) {
  const auto found = std::ranges::find(jobs_, name, &Job::name);
  if (found == jobs_.end()) co_return fail(ErrorCode::not_found, fmt::format("there is no job '{}'", name));
  auto attempted = co_await attempt(*found, true);
  if (!attempted) co_return fail(ErrorCode::conflict, fmt::format("{} is just being done by another node", name));
  co_return std::move(*attempted);
}

Task<std::optional<Result<json>>> Upkeep::attempt(Job job, bool is_forced) {
  const auto rows =
      co_await database_.query(pg::Scope::control(), sql::begin_job,
                               pg::Params(job.name, job.period.count(), settings_.lease.count(), is_forced, node_));
  if (rows.empty()) co_return std::nullopt;
  const auto started_at = rows.one().get<Instant>("started_at");
  const auto result = co_await work(job, started_at);
  if (!result && result.error().code == ErrorCode::cancelled) throw Failure(result.error());
  const auto kept = result ? std::optional(*result) : std::nullopt;
  const auto error = result ? std::nullopt : std::optional(result.error().message);
  co_await database_.query(pg::Scope::control(), sql::end_job, pg::Params(job.name, started_at, kept, error));
  co_return result;
}

Task<Result<json>> Upkeep::work(Job job, Instant started_at) {
  TaskGroup keeping(co_await asio::this_coro::executor);
  keeping.spawn("upkeep lease", keep_lease(job.name, started_at));
  Result<json> result;
  try {
    result = co_await job.work();
  } catch (...) {
    result = std::unexpected(current_error());
  }
  // Also when this coroutine is being cancelled: the lease is left alone before its group dies.
  co_await asio::this_coro::throw_if_cancelled(false);
  co_await keeping.stop(Deadline::in(1s));
  co_await keeping.wait();
  co_await asio::this_coro::throw_if_cancelled(true);
  co_return result;
}

Task<> Upkeep::keep_lease(std::string name, Instant started_at) {
  const auto pause = std::chrono::milliseconds(settings_.lease) / 3;
  for (;;) {
    co_await sleep_for(pause);
    try {
      co_await database_.query(pg::Scope::control(), sql::keep_job,
                               pg::Params(name, started_at, settings_.lease.count()), Deadline::in(pause));
    } catch (...) {
      outlive(fmt::format("upkeep: the lease of {} was not renewed", name));
    }
  }
}

}  // namespace weir::scheduler

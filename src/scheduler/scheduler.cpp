#include "scheduler/scheduler.hpp"

#include <algorithm>

#include "base/outlive.hpp"
#include "scheduler/pipeline_rows.hpp"
#include "scheduler/sql.hpp"

namespace weir::scheduler {
namespace {

using Texts = std::vector<std::string>;

// What the database is asked to do, a column each.
struct Fires {
  Texts ids, versions, seen, fires, nexts, missed, skipped;

  pg::Command command() const {
    pg::Params params;
    for (const auto* column : {&ids, &versions, &seen, &fires, &nexts, &missed, &skipped}) params.add_array(*column);
    return {sql::enqueue_due, std::move(params)};
  }
};

struct Broken {
  Texts ids, versions, seen, errors;

  pg::Command command() const {
    pg::Params params;
    for (const auto* column : {&ids, &versions, &seen, &errors}) params.add_array(*column);
    return {sql::postpone_pipelines, std::move(params)};
  }
};

void add_counts(TickResult& result, const pg::Row& row) {
  result.enqueued += row.get<int>("enqueued");
  result.overlapping += row.get<int>("overlapping");
  result.skipped += row.get<int>("skipped");
  result.resting += row.get<int>("resting");
  result.changed += row.get<int>("changed");
}

}  // namespace

Scheduler::Batch Scheduler::read_batch(const pg::Rows& rows) const {
  Batch batch;
  for (const auto row : rows) {
    batch.due.push_back({row.get<PipelineId>("id"), row.get<TenantId>("tenant_id"), row.get<std::int64_t>("version"),
                         row.get<Instant>("next_fire_at"), read_schedule(row)});
    batch.now = row.get<Instant>("now");
  }
  return batch;
}

std::vector<pg::Command> Scheduler::commands_for(const Batch& batch, TickResult& result) const {
  Fires fires;
  Broken broken;
  for (const auto& due : batch.due) {
    const auto decision = decide_due(due.schedule, due.tenant, due.seen, batch.now);
    if (!decision) {
      log_warning("pipeline {}: no next fire: {}", to_string(due.id), decision.error().message);
      broken.ids.push_back(to_string(due.id));
      broken.versions.push_back(std::to_string(due.version));
      broken.seen.push_back(format_rfc3339(due.seen));
      broken.errors.push_back(decision.error().message);
      continue;
    }
    fires.ids.push_back(to_string(due.id));
    fires.versions.push_back(std::to_string(due.version));
    fires.seen.push_back(format_rfc3339(due.seen));
    fires.fires.push_back(format_rfc3339(decision->fire));
    fires.nexts.push_back(decision->next ? format_rfc3339(*decision->next) : "infinity");
    fires.missed.push_back(std::to_string(decision->missed));
    fires.skipped.emplace_back(decision->is_skipped ? "t" : "f");
  }
  result.due += static_cast<int>(batch.due.size());
  result.broken += static_cast<int>(broken.ids.size());
  std::vector<pg::Command> commands;
  if (!fires.ids.empty()) commands.push_back(fires.command());
  if (!broken.ids.empty()) commands.push_back(broken.command());
  return commands;
}

Task<TickResult> Scheduler::tick() {
  TickResult result;
  Batch batch;
  for (;;) {
    auto commands = commands_for(batch, result);
    const bool has_fires = !commands.empty() && commands.front().statement.name == sql::enqueue_due.name;
    const bool is_last = !batch.due.empty() && static_cast<int>(batch.due.size()) < settings_.batch_rows;
    commands.push_back({sql::try_planner_lock, {}});
    const auto last = batch.due.empty() ? std::nullopt : std::optional(batch.due.back());
    commands.push_back(
        {sql::list_due_pipelines, pg::Params(last ? std::optional(last->seen) : std::nullopt,
                                             last ? std::optional(last->id) : std::nullopt, settings_.batch_rows)});
    const auto answers = co_await database_.batch(pg::Scope::control(), std::move(commands));
    if (has_fires) add_counts(result, answers.front().one());
    if (is_last) break;
    if (!answers[answers.size() - 2].one().get<bool>("is_ours")) {
      result.is_other_at_work = true;
      break;
    }
    batch = read_batch(answers.back());
    if (batch.due.empty()) break;
  }
  if (result.enqueued > 0) bell_.ring();
  co_return result;
}

Task<std::chrono::milliseconds> Scheduler::pause_until_due() {
  const auto rows = co_await database_.query(pg::Scope::control(), sql::next_due);
  const auto due = rows.one().get<std::optional<std::int64_t>>("in_ms");
  const auto pause = due ? std::chrono::milliseconds(*due) : settings_.pause_max;
  co_return std::min(pause, settings_.pause_max);
}

Task<> Scheduler::run() {
  for (;;) {
    auto pause = settings_.pause_max;
    try {
      co_await tick();
      pause = co_await pause_until_due();
    } catch (...) {
      outlive("scheduler", LogLevel::warning);
    }
    // Nodes should not all look at the same instant.
    co_await sleep_for(
        pause + std::chrono::milliseconds(random_.below(static_cast<std::uint64_t>(settings_.jitter.count()) + 1)));
  }
}

}  // namespace weir::scheduler

#include "scheduler/scheduler.hpp"

#include <algorithm>

#include <boost/asio/experimental/awaitable_operators.hpp>

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

// The answers to commands_for().
void add_counts(TickResult& result, const std::vector<pg::Rows>& answers, bool has_fires) {
  if (!has_fires) return;
  const auto row = answers.front().one();
  result.enqueued += row.get<int>("enqueued");
  result.overlapping += row.get<int>("overlapping");
  result.skipped += row.get<int>("skipped");
  result.resting += row.get<int>("resting");
  result.changed += row.get<int>("changed");
}

bool has_fires(const std::vector<pg::Command>& commands) {
  return !commands.empty() && commands.front().statement.name == sql::enqueue_due.name;
}

}  // namespace

Scheduler::Look Scheduler::read_look(const pg::Rows& rows) const {
  Look look;
  for (const auto row : rows) {
    look.due.push_back({row.get<PipelineId>("id"), row.get<TenantId>("tenant_id"), row.get<std::int64_t>("version"),
                        row.get<Instant>("next_fire_at"), read_schedule(row)});
    look.now = row.get<Instant>("now");
  }
  return look;
}

std::vector<pg::Command> Scheduler::commands_for(std::span<const Due> pipelines, Instant now,
                                                 TickResult& result) const {
  Fires fires;
  Broken broken;
  for (const auto& due : pipelines) {
    const auto decision = decide_due(due.schedule, due.tenant, due.seen, now);
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
  result.due += static_cast<int>(pipelines.size());
  result.broken += static_cast<int>(broken.ids.size());
  std::vector<pg::Command> commands;
  if (!fires.ids.empty()) commands.push_back(fires.command());
  if (!broken.ids.empty()) commands.push_back(broken.command());
  return commands;
}

Task<Scheduler::Look> Scheduler::settle_and_look(Look last, TickResult& result) {
  using namespace asio::experimental::awaitable_operators;
  const auto half = static_cast<std::size_t>(settings_.batch_rows);
  const std::span<const Due> due(last.due);
  auto commands = commands_for(due.first(std::min(half, due.size())), last.now, result);
  const bool fires = has_fires(commands);
  const auto end = due.empty() ? std::nullopt : std::optional(due.back());
  commands.push_back({sql::try_planner_lock, {}});
  commands.push_back(
      {sql::list_due_pipelines, pg::Params(end ? std::optional(end->seen) : std::nullopt,
                                           end ? std::optional(end->id) : std::nullopt, 2 * settings_.batch_rows)});
  auto looking = database_.batch(pg::Scope::control(), std::move(commands));
  std::vector<pg::Rows> answers;
  if (due.size() > half) {
    auto others = commands_for(due.subspan(half), last.now, result);
    const bool others_fire = has_fires(others);
    auto settling = database_.batch(pg::Scope::control(), std::move(others));
    auto both = co_await (std::move(looking) && std::move(settling));
    answers = std::move(std::get<0>(both));
    add_counts(result, std::get<1>(both), others_fire);
  } else {
    answers = co_await std::move(looking);
  }
  add_counts(result, answers, fires);
  result.is_other_at_work = !answers[answers.size() - 2].one().get<bool>("is_ours");
  co_return result.is_other_at_work ? Look{} : read_look(answers.back());
}

Task<TickResult> Scheduler::tick() {
  TickResult result;
  Look look;
  do {
    look = co_await settle_and_look(std::move(look), result);
  } while (!look.due.empty());
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

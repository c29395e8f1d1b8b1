#include "orchestrator/partition_collector.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "orchestrator/sql.hpp"

namespace weir::orchestrator {
namespace {

std::string name_of(const plugin::Partition& partition) {
  return partition.title.empty() ? partition.key : partition.title;
}

constexpr std::size_t k_cursors_at_once_max = 100;  // of 128 kB at the most: state and resume position
constexpr auto k_ahead_for = 500ms;                 // a pass ends at the time its cursor was read

// These end the run, whatever partition they came up in.
bool ends_run(ErrorCode code) {
  switch (code) {
    case ErrorCode::lease_lost:
    case ErrorCode::conflict:
    case ErrorCode::database_unreachable:
    case ErrorCode::database_error:
    case ErrorCode::transaction_conflict:
    case ErrorCode::disk_full:
    case ErrorCode::timed_out:
    case ErrorCode::needs_credentials:
    case ErrorCode::declaration_invalid:
    case ErrorCode::invalid_input:
    case ErrorCode::configuration: return true;
    default: return false;
  }
}

Task<std::int64_t> next_generation(RunState& run) {
  const auto rows = co_await run.services.database.query(pg::Scope::tenant(run.task.tenant), sql::next_generation);
  co_return rows.one().get<std::int64_t>("generation");
}

}  // namespace

PartitionCollector::PartitionCollector(RunState& run, plugin::ScriptRun& script,
                                       std::vector<plugin::Partition> partitions)
    : run_(run), script_(script), partitions_(std::move(partitions)) {
  run_.tally.partitions = static_cast<int>(partitions_.size());
  run_.progress.partitions = partitions_.size();
  run_.progress.partitions_done = 0;  // of another window, or before a pause
}

Task<> PartitionCollector::work() {
  while (next_ < partitions_.size() && !run_.is_ending()) {
    const auto place = next_++;
    const auto& partition = partitions_[place];
    run_.show(name_of(partition));
    auto cursor = co_await read_cursor(place);
    co_await collect(partition, std::move(cursor));
    ++run_.progress.partitions_done;
    run_.show(name_of(partition));
  }
}

Task<PartitionCursor> PartitionCollector::read_cursor(std::size_t place) {
  auto found = cursors_ahead_.extract(place);
  if (found && !ahead_until_.is_over()) co_return std::move(found.mapped());
  cursors_at_once_ = ahead_until_.is_over() ? 1 : std::min(cursors_at_once_ * 4, k_cursors_at_once_max);
  std::vector<std::string> keys;
  for (auto i = place; i < std::min(place + cursors_at_once_, partitions_.size()); ++i)
    keys.push_back(partitions_[i].key);
  auto cursors = co_await read_partition_cursors(run_.services.database, run_.task.tenant, run_.task.id, keys);
  cursors_ahead_.clear();
  for (std::size_t i = 1; i < cursors.size(); ++i) cursors_ahead_.emplace(place + i, std::move(cursors[i]));
  ahead_until_ = Deadline::in(k_ahead_for);
  co_return std::move(cursors.front());
}

Task<> PartitionCollector::collect(const plugin::Partition& partition, PartitionCursor cursor) {
  auto plan = run_.task.backfill ? plan_backfill(cursor, partition.evidence, *run_.task.backfill)
                                 : plan_partition(run_.declaration, cursor, partition.evidence);
  if (plan.action == PartitionAction::wait_for_probe) {
    ++run_.tally.waiting_for_probe;
    co_return;
  }
  note_plan(plan);
  const auto action = plan.action;
  PartitionPass pass(run_.committer, run_.orders, run_.declaration, partition, std::move(cursor), plan,
                     run_.claim.fence.value());
  if (action == PartitionAction::collect) co_return co_await collect_pass(pass);
  pass.complete_by_evidence();
  ++run_.tally.succeeded;
  co_await run_.committer.commit_if_due();
}

std::vector<std::string> PartitionCollector::listed_resources(const plugin::Partition& partition) const {
  std::vector<std::string> names;
  for (const auto& name : run_.declaration.resources) {
    const auto* resource = run_.services.resources.find(name);
    const auto has = [&](const auto& column) { return resource->find(column.first).has_value(); };
    if (resource != nullptr && std::ranges::all_of(partition.columns, has)) names.push_back(name);
  }
  return names;
}

void PartitionCollector::note_plan(const PartitionPlan& plan) {
  if (!plan.is_declaration_changed || std::exchange(has_noted_change_, true)) return;
  run_.writer.log(LogLevel::warning,
                  fmt::format("the declaration of {0} has changed since its cursors were made: rows collected before "
                              "stay as they are; to collect them again: weir cursor reset {1} {2} {0}",
                              run_.task.id.script, run_.task.tenant_key, run_.task.id.data_source));
}

Task<> PartitionCollector::collect_pass(PartitionPass& pass) {
  const auto& settings = run_.services.settings;
  Retry retry({.attempts_max = run_.declaration.attempts_max,
               .first_delay = settings.retry_first_delay,
               .delay_max = settings.retry_delay_max},
              random_);
  for (;;) {
    const auto result = co_await attempt(pass);
    if (result) {
      const bool is_complete = co_await complete(pass);
      if (is_complete) co_return;
      continue;
    }
    const auto& error = result.error();
    if (error.code == ErrorCode::provider_failed && !run_.is_ending()) {
      run_.writer.log(LogLevel::info, fmt::format("{}: {}", name_of(pass.partition()), error.message));
      const auto given_up = co_await retry.pause({error.code}, Deadline::never());
      if (!given_up) continue;
    }
    pass.leave_incomplete();
    if (error.code == ErrorCode::cancelled && run_.is_ending()) co_return;
    if (error.code == ErrorCode::limited) co_return run_.park(error, pass.wake_at());
    if (error.code == ErrorCode::unreachable) co_return mark_unreachable(pass, error);
    if (ends_run(error.code)) co_return run_.take_error(error);
    co_return give_up(pass, error);
  }
}

Task<Result<>> PartitionCollector::attempt(PartitionPass& pass) {
  pass.begin_attempt();
  Error error;
  try {
    auto result = co_await script_.run_pass(pass);
    if (result) co_return result;
    error = result.error();
  } catch (...) {
    error = current_error();
  }
  // A commit that failed came through the script's own code: what that made of it does not matter.
  co_return std::unexpected(run_.committer.failure().value_or(error));
}

Task<bool> PartitionCollector::complete(PartitionPass& pass) {
  if (run_.declaration.cursor == plugin::CursorKind::full && pass.is_listing_whole()) {
    const auto& columns = pass.partition().columns;
    const auto outcome = co_await run_.committer.finish_generation(
        pass.partition().key, pass.generation(), listed_resources(pass.partition()), {columns.begin(), columns.end()});
    if (outcome == load::GenerationOutcome::listing_lost) {
      const auto generation = co_await next_generation(run_);
      pass.restart_generation(generation);
      co_return false;
    }
    if (outcome == load::GenerationOutcome::unconfirmed) {
      ++run_.tally.gaps;
      pass.distrust_answer();
    }
  }
  run_.committer.require_open();
  pass.complete();
  ++run_.tally.succeeded;
  if (run_.task.backfill) run_.collected.push_back(pass.partition().key);
  run_.tally.gaps += pass.gaps();
  co_await run_.committer.commit_if_due();
  co_return true;
}

void PartitionCollector::mark_unreachable(PartitionPass& pass, const Error& error) {
  const auto& key = pass.partition().key;
  const auto again = run_.services.settings.probe_unreachable_after;
  ++run_.tally.unreachable;
  if (!run_.tally.first_failure) run_.tally.first_failure = error;
  run_.writer.set_unreachable(key, error.message, again);
  load::Gap gap{.partition = key, .kind = "unreachable"};
  gap.from = pass.start();
  gap.to = pass.end();
  gap.reason = error.message;
  gap.remedy = fmt::format("its rows are kept, and it is tried again in {}; check what the credentials may see",
                           format_duration(again));
  run_.writer.open_gap(std::move(gap));
  run_.writer.log(LogLevel::warning, fmt::format("{} is unreachable: {}", name_of(pass.partition()), error.message));
}

void PartitionCollector::give_up(PartitionPass& pass, const Error& error) {
  ++run_.tally.failed;
  if (!run_.tally.first_failure) run_.tally.first_failure = error;
  run_.writer.log(LogLevel::error, fmt::format("{} failed: {}", name_of(pass.partition()), error.message),
                  error.detail.empty() ? nlohmann::json() : nlohmann::json{{"detail", error.detail}});
  if (pass.plan().keeps_cursor) return;  // the window is asked for again, by whoever wanted it
  load::Gap gap{.partition = pass.partition().key, .kind = "failed"};
  gap.from = pass.start();
  gap.to = pass.end();
  gap.reason = error.message;
  gap.remedy = "the next run goes on from the last page that was collected";
  run_.writer.open_gap(std::move(gap));
}

}  // namespace weir::orchestrator

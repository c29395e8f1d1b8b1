#include "load/run_state.hpp"

#include <fmt/format.h>

namespace weir::load {
namespace {

// What waits is merged in short steps, so a lost conflict is tried again soon: a sixteenth of a second at first.
RetrySettings retry_settings(const LoadSettings& settings) {
  return {.attempts_max = settings.retries_max + 1, .first_delay = 1s, .delay_max = 10s};
}

// Not cut off by a cancel: the database would commit all the same, and the run would no longer know how many
// checkpoints it has. Whoever cancels a run goes on asking (ScriptRun::supervise).
Task<Result<std::vector<pg::Rows>>> attempt(pg::Database& database, TenantId tenant,
                                            std::vector<pg::Command> commands) {
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  Result<std::vector<pg::Rows>> answers;
  try {
    answers = co_await database.batch(pg::Scope::tenant(tenant), std::move(commands));
  } catch (const Failure& failure) {
    answers = std::unexpected(failure.error());
  }
  co_await asio::this_coro::reset_cancellation_state(asio::enable_terminal_cancellation());
  co_return answers;
}

nlohmann::json mended_details(const Resource& resource, const RowNotes& notes) {
  nlohmann::json columns = nlohmann::json::object();
  for (std::size_t i = 0; i < notes.mended.size(); ++i)
    if (notes.mended[i] > 0) columns[resource.columns[i].name] = notes.mended[i];
  return {{"columns", columns}, {"records", notes.mended_records}};
}

// Whose pass is over and was not begun again meanwhile.
std::set<std::string> completed_partitions(const Pending& what, const Pending& next) {
  std::set<std::string> partitions;
  for (const auto& [partition, cursor] : what.cursors)
    if (cursor.is_pass_complete && !next.generations.contains(partition) && !next.cursors.contains(partition))
      partitions.insert(partition);
  return partitions;
}

// A hopeful merge is refused for rows, too, that a careful one leaves alone. Whether one was hopeful.
bool make_careful(std::vector<StagedRows>& staged) {
  bool was_hopeful = false;
  for (auto& rows : staged)
    if (std::exchange(rows.kind, MergeKind::careful) == MergeKind::hopeful) was_hopeful = true;
  return was_hopeful;
}

}  // namespace

void RunWriter::State::require_right() const {
  if (lost) throw Failure(*lost);
}

Task<std::vector<pg::Rows>> RunWriter::State::transact(std::function<std::vector<pg::Command>()> build) {
  Retry retry(retry_settings(settings), random);
  for (;;) {
    auto answers = co_await attempt(database, right.tenant, build());
    if (answers) {
      ++committed;
      co_return std::move(*answers);
    }
    const auto error = answers.error();
    if (error.code == ErrorCode::lease_lost) lost = error;
    if (error.code != ErrorCode::transaction_conflict) throw Failure(error);
    const auto given_up = co_await retry.pause({error.code}, Deadline::never());
    if (given_up) throw Failure(error);
  }
}

RunProgress RunWriter::State::progress(bool must_save_run) const {
  auto so_far = total;
  so_far.requests = counts.requests;
  so_far.not_modified = counts.not_modified;
  so_far.bytes = counts.bytes;
  so_far.points = counts.points;
  so_far.waited_ms = counts.waited_ms;
  return {.right = right,
          .batches = batches,
          .log = log,
          .counts = so_far,
          .ledger_resource = settings.ledger_resource,
          .committed = committed,
          .is_run_saved = is_run_saved,
          .must_save_run = must_save_run,
          .partitions_in_ledger = partitions_in_ledger,
          .partitions_with_rejected = partitions_with_rejected,
          .pass_starts = pass_starts,
          .versions = versions};
}

const MergeStatement& RunWriter::State::statement_of(const Resource& resource) {
  auto& statement = statements[resource.name];
  if (!statement) statement = std::make_unique<MergeStatement>(resource);
  return *statement;
}

const ChildSetStatement* RunWriter::State::sets_of(const RowStore& rows) {
  if (rows.sets().empty()) return nullptr;
  const auto columns = rows.sets().front().parent.size();
  auto& statement = set_statements[{rows.resource().name, columns}];
  if (!statement) statement = std::make_unique<ChildSetStatement>(rows.resource(), columns);
  return statement.get();
}

std::vector<StagedRows> RunWriter::State::stage(const Pending& what) {
  std::vector<StagedRows> staged;
  for (const auto& rows : what.rows)
    staged.push_back({.store = &rows,
                      .statement = &statement_of(rows.resource()),
                      .rows = without_replaced(rows, order_by_key(rows)),
                      .refused = {},
                      .sets = sets_of(rows),
                      .kind = next_merges[rows.resource().name]});
  return staged;
}

Task<Checkpoint::Outcome> RunWriter::State::commit(const Pending& what, std::vector<StagedRows> staged) {
  constexpr int k_searches_max = 3;
  for (int searches = 0;; ++searches) {
    std::optional<Error> refusal;
    const auto so_far = progress();
    Checkpoint checkpoint(so_far, what, staged);
    try {
      const auto answers = co_await transact([&] { return checkpoint.commands(); });
      co_return checkpoint.read(answers);
    } catch (const Failure& failure) {
      if (!is_refusal(failure.error().code) || searches == k_searches_max) throw;
      refusal = failure.error();
    }
    const bool was_hopeful = make_careful(staged);
    const auto refused = co_await separate_refused_rows(database, right, staged);
    if (refused.empty() && !was_hopeful) throw Failure(*refusal);
    note_refused(refused);
  }
}

Task<> RunWriter::State::commit_in_flight(std::map<std::string, std::int64_t>& moved) {
  if (!in_flight) co_return;
  if (in_flight->is_empty()) {
    in_flight.reset();
    co_return;
  }
  auto staged = stage(*in_flight);
  const auto outcome = co_await commit(*in_flight, std::move(staged));
  settle(outcome);
  for (const auto& [partition, version] : outcome.versions) moved[partition] = versions[partition] = version;
  const auto completed = completed_partitions(*in_flight, pending);
  batches.forget(completed);
  for (const auto& partition : completed) versions.erase(partition);
  batches.give_back(std::move(in_flight->rows));
  in_flight.reset();
}

void RunWriter::State::settle(const Checkpoint::Outcome& outcome) {
  total = outcome.counts;
  is_run_saved = is_run_saved || outcome.is_run_saved;
  partitions_in_ledger = outcome.partitions_in_ledger;
  partitions_with_rejected = outcome.partitions_with_rejected;
  for (const auto& [resource, kind] : outcome.next_merges) next_merges[resource] = kind;
  log.mark_written(outcome.log_lines);
}

Pending RunWriter::State::take_pending() {
  auto taken = std::exchange(pending, {});
  taken.rows = batches.take();
  note_rows(taken.rows);
  return taken;
}

void RunWriter::State::note_rows(const std::vector<RowStore>& rows) {
  for (const auto& store : rows) {
    const auto& resource = store.resource();
    for (const auto& [record_id, reason] : store.notes().rejected)
      log.add(LogLevel::warning, fmt::format("a record of {} was rejected: {}", resource.name, reason), nullptr,
              record_id);
    if (store.mended_count() > 0)
      log.add(LogLevel::info,
              fmt::format("{} values of {} were mended: what PostgreSQL does not store became U+FFFD or null",
                          store.mended_count(), resource.name),
              mended_details(resource, store.notes()), {});
  }
}

void RunWriter::State::note_refused(const std::vector<RefusedRow>& refused) {
  for (const auto& [staged, row, reason] : refused)
    log.add(LogLevel::warning,
            fmt::format("a record of {} was refused by the database: {}", staged->store->resource().name, reason),
            nullptr, staged->store->record_id(row));
}

}  // namespace weir::load

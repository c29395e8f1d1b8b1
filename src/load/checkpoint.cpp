#include "load/checkpoint.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "load/json_param.hpp"
#include "load/sql.hpp"
#include "load/text.hpp"

namespace weir::load {
namespace {

pg::Params of_run(const RunRight& right) { return pg::Params(right.tenant, right.data_source, right.script); }

pg::Command move_cursor(const RunRight& right, const CursorUpdate& cursor, std::int64_t expected_version) {
  auto params = of_run(right);
  params.add(cursor.partition).add(mended_text(cursor.title)).add(expected_version).add(cursor.cursor_at);
  add_json(params, cursor.state);
  params.add(cursor.pass_start).add(cursor.pass_end);
  add_json(params, cursor.resume);
  params.add(cursor.generation).add(cursor.declaration_hash).add(cursor.is_pass_complete).add(right.run);
  return {sql::move_cursor, std::move(params)};
}

pg::Command set_unreachable(const RunRight& right, const std::string& partition, const Unreachable& state) {
  auto params = of_run(right);
  params.add(partition);
  params.add(state.reason ? std::optional(mended_text(*state.reason)) : std::nullopt);
  params.add(static_cast<std::int64_t>(state.probe_after.count()));
  return {sql::set_unreachable, std::move(params)};
}

pg::Command save_validator(const RunRight& right, const std::string& partition, const Validator& validator) {
  auto params = of_run(right);
  params.add(partition).add(validator.request).add(validator.etag).add(validator.last_modified);
  params.add(validator.shown_from).add(validator.declaration_hash);
  return {sql::save_validator, std::move(params)};
}

// Keys of the rows that each listing has seen: refused rows too, since the provider does have them.
std::map<RowStore::Origin, RowOrder> seen_rows(const RowStore& store, const OpenBatches& batches) {
  std::map<RowStore::Origin, RowOrder> seen;
  for (std::uint32_t row = 0; row < store.rows(); ++row)
    if (batches.origin(store.origin(row)).generation) seen[store.origin(row)].push_back(row);
  return seen;
}

}  // namespace

pg::Command assert_checkpoint(const RunRight& right, std::int64_t committed) {
  return {sql::assert_checkpoint, of_run(right).add(right.fence).add(right.run).add(committed)};
}

pg::Command open_gap(const RunRight& right, const Gap& gap) {
  auto params = of_run(right);
  params.add(gap.partition).add(gap.kind).add(gap.from).add(gap.to).add(gap.records);
  params.add(mended_text(gap.reason)).add(mended_text(gap.remedy)).add(right.run);
  return {sql::open_gap, std::move(params)};
}

pg::Command close_gaps(const RunRight& right, const std::string& partition, const std::string& kind) {
  return {sql::close_gaps, of_run(right).add(partition).add(kind)};
}

pg::Command save_run(const RunRight& right, const RunCounts& counts, const RunLog& log, bool did_something) {
  auto params = of_run(right);
  params.add(right.run).add(right.user_id).add(did_something);
  params.add(counts.imported).add(counts.unchanged).add(counts.deleted).add(counts.failed).add(counts.mended);
  params.add(counts.requests).add(counts.not_modified).add(counts.bytes).add(counts.waited_ms).add(counts.checkpoints);
  params.add(log.lines()).add(log.dropped()).add(counts.points);
  return {sql::save_run, std::move(params)};
}

Checkpoint::Checkpoint(const RunProgress& progress, const Pending& pending, const std::vector<StagedRows>& staged)
    : progress_(progress), pending_(pending), staged_(staged), counts_(progress.counts) {
  count_partitions();
  partitions_with_rejected_ = progress.partitions_with_rejected;
  for (const auto& [partition, counts] : partitions_)
    if (counts.rejected_records > 0) partitions_with_rejected_.insert(partition);
  if (!staged_.empty() || !pending_.cursors.empty()) ++counts_.checkpoints;
  for (const auto& rows : staged_) {
    counts_.unchanged += static_cast<std::int64_t>(rows.rows.size());
    counts_.failed += static_cast<std::int64_t>(rows.refused.size()) + rows.store->rejected_count();
    counts_.mended += rows.store->mended_count();
  }
}

bool Checkpoint::counts_for_ledger(const RowStore& store) const {
  return progress_.ledger_resource.empty() || progress_.ledger_resource == store.resource().name;
}

void Checkpoint::count_partitions() {
  for (const auto& staged : staged_) {
    const bool counts = counts_for_ledger(*staged.store);
    const auto partition_of = [&](RowStore::Origin origin) -> PartitionCounts& {
      return partitions_[progress_.batches.origin(origin).partition];
    };
    std::map<RowStore::Origin, std::int64_t> rows;
    for (std::size_t row = 0; row < staged.store->rows(); ++row) ++rows[staged.store->origin(row)];
    for (const auto& [origin, count] : rows) {
      auto& partition = partition_of(origin);
      if (counts) partition.fetched += count;
      if (counts) partition.committed += count;
    }
    const auto reject = [&](RowStore::Origin origin, std::int64_t count, const std::string& reason) {
      auto& partition = partition_of(origin);
      partition.rejected_records += count;
      partition.reason = reason;
      if (counts) partition.rejected += count;
    };
    for (const auto& [origin, count] : staged.store->rejected_by_origin()) {
      reject(origin, count, "their keys cannot be stored");
      if (counts) partition_of(origin).fetched += count;
    }
    for (const auto row : staged.refused) {
      reject(staged.store->origin(row), 1, staged.refusal);
      if (counts) --partition_of(staged.store->origin(row)).committed;
    }
  }
}

// Stage first, lock last: the fence is shown after the rows, so that the run's row is locked for the short rest only.
std::vector<pg::Command> Checkpoint::commands() {
  std::vector<pg::Command> commands;
  add_rows(commands);
  add_seen(commands);
  commands.push_back(assert_checkpoint(progress_.right, progress_.committed));
  cursors_at_ = commands.size();
  add_cursors(commands);
  add_validators(commands);
  add_gaps(commands);
  add_ledger(commands);
  save_at_ = commands.size();
  add_history(commands);
  return commands;
}

// What is gone from a set goes before the rest is merged: that much less is there to be compared with.
void Checkpoint::add_rows(std::vector<pg::Command>& commands) {
  merges_at_.clear();
  sets_at_.clear();
  for (const auto& staged : staged_) {
    if (staged.sets != nullptr) {
      sets_at_.push_back(commands.size());
      commands.push_back(shrink_sets(staged));
    }
    merges_at_.push_back(commands.size());
    commands.push_back(staged.statement->merge(progress_.right, *staged.store, staged.rows, staged.kind));
  }
}

// A refused row is still one that the parent has.
pg::Command Checkpoint::shrink_sets(const StagedRows& staged) const {
  auto rows = staged.rows;
  rows.insert(rows.end(), staged.refused.begin(), staged.refused.end());
  return staged.sets->shrink(progress_.right, *staged.store, rows);
}

void Checkpoint::add_seen(std::vector<pg::Command>& commands) const {
  for (const auto& [partition, generation] : pending_.generations)
    commands.push_back({sql::begin_generation, of_run(progress_.right).add(partition).add(generation)});
  for (const auto& staged : staged_) {
    for (const auto& [origin, rows] : seen_rows(*staged.store, progress_.batches)) {
      const auto& [partition, generation] = progress_.batches.origin(origin);
      auto params = of_run(progress_.right);
      params.add(partition).add(*generation).add(staged.store->resource().name);
      params.add_binary(pg::k_oid_text_array, key_literals(*staged.store, rows));
      commands.push_back({sql::mark_seen, std::move(params)});
    }
  }
}

void Checkpoint::add_cursors(std::vector<pg::Command>& commands) const {
  for (const auto& [partition, cursor] : pending_.cursors) {
    const auto moved = progress_.versions.find(partition);
    const auto expected = moved == progress_.versions.end() ? cursor.expected_version : moved->second;
    commands.push_back(move_cursor(progress_.right, cursor, expected));
  }
  for (const auto& [partition, state] : pending_.unreachable)
    commands.push_back(set_unreachable(progress_.right, partition, state));
}

void Checkpoint::add_validators(std::vector<pg::Command>& commands) const {
  for (const auto& [partition, validator] : pending_.validators) {
    commands.push_back({sql::drop_validators, of_run(progress_.right).add(partition)});
    if (validator) commands.push_back(save_validator(progress_.right, partition, *validator));
  }
}

void Checkpoint::add_gaps(std::vector<pg::Command>& commands) const {
  for (const auto& [partition, kind] : pending_.closed_gaps)
    if (kind != "rejected" || !partitions_with_rejected_.contains(partition))
      commands.push_back(close_gaps(progress_.right, partition, kind));
  for (const auto& gap : pending_.gaps) commands.push_back(open_gap(progress_.right, gap));
  for (const auto& [partition, counts] : partitions_) {
    if (counts.rejected_records == 0) continue;
    Gap gap{.partition = partition, .kind = "rejected"};
    if (const auto pass = progress_.pass_starts.find(partition); pass != progress_.pass_starts.end())
      gap.from = pass->second;
    gap.records = counts.rejected_records;
    gap.reason = fmt::format("{} records were rejected: {}", counts.rejected_records, counts.reason);
    gap.remedy = fmt::format("their ids are in the log of run {}; they are asked for again after a day",
                             to_string(progress_.right.run));
    commands.push_back(open_gap(progress_.right, gap));
  }
}

// Only what says something: rows, something skipped or expected, or a word on what was said in this run before.
bool Checkpoint::is_in_ledger(const std::string& partition, const PartitionCounts& counts,
                              const LedgerEntry& entry) const {
  return counts.fetched + counts.rejected + entry.fetched + entry.skipped + entry.expected.value_or(0) > 0 ||
         !entry.note.empty() || (entry.is_complete && progress_.partitions_in_ledger.contains(partition));
}

void Checkpoint::add_ledger(std::vector<pg::Command>& commands) const {
  auto partitions = partitions_;
  for (const auto& [partition, entry] : pending_.ledger) partitions.try_emplace(partition);
  for (const auto& [partition, counts] : partitions) {
    const auto found = pending_.ledger.find(partition);
    const auto entry = found == pending_.ledger.end() ? LedgerEntry{} : found->second;
    if (!is_in_ledger(partition, counts, entry)) continue;
    auto params = of_run(progress_.right);
    params.add(partition).add(progress_.right.run).add(entry.window_start).add(entry.window_end).add(entry.expected);
    params.add(counts.fetched + entry.fetched).add(counts.committed).add(counts.rejected).add(entry.skipped);
    params.add(entry.is_complete).add(mended_text(entry.note));
    commands.push_back({sql::add_ledger, std::move(params)});
  }
}

void Checkpoint::add_history(std::vector<pg::Command>& commands) {
  const bool did_something = progress_.is_run_saved || progress_.must_save_run || progress_.log.is_notable() ||
                             counts_.failed > progress_.counts.failed || !pending_.gaps.empty();
  commands.push_back(save_run(progress_.right, counts_, progress_.log, did_something));
  log_lines_ = progress_.log.pending();
  if (auto lines = progress_.log.command(progress_.right.tenant, progress_.right.run))
    commands.push_back(std::move(*lines));
}

Checkpoint::Outcome Checkpoint::read(const std::vector<pg::Rows>& answers) const {
  Outcome outcome{.versions = {},
                  .counts = counts_,
                  .partitions_in_ledger = progress_.partitions_in_ledger,
                  .partitions_with_rejected = partitions_with_rejected_,
                  .next_merges = {}};
  for (std::size_t i = 0; i < staged_.size(); ++i) {
    const auto imported = answers[merges_at_[i]].one().get<std::int64_t>("imported");
    outcome.counts.imported += imported;
    outcome.counts.unchanged -= imported;
    if (staged_[i].rows.empty()) continue;
    const bool all_new = std::cmp_equal(imported, staged_[i].rows.size());
    outcome.next_merges[staged_[i].store->resource().name] = all_new ? MergeKind::hopeful : MergeKind::careful;
  }
  for (const auto i : sets_at_) outcome.counts.deleted += answers[i].one().get<std::int64_t>("deleted");
  const auto cursors = pending_.cursors.size() + pending_.unreachable.size();
  for (std::size_t i = cursors_at_; i < cursors_at_ + cursors; ++i) {
    const auto row = answers[i].one();
    outcome.versions[row.get<std::string>("partition")] = row.get<std::int64_t>("version");
  }
  outcome.is_run_saved = answers[save_at_].affected() > 0;
  if (outcome.is_run_saved) outcome.log_lines = log_lines_;
  for (const auto& [partition, counts] : partitions_) outcome.partitions_in_ledger.insert(partition);
  for (const auto& [partition, entry] : pending_.ledger) outcome.partitions_in_ledger.insert(partition);
  return outcome;
}

}  // namespace weir::load

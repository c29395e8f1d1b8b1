#include "load/run_writer.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "load/json_param.hpp"
#include "load/run_state.hpp"
#include "load/sql.hpp"
#include "load/text.hpp"

namespace weir::load {
namespace {

constexpr std::size_t k_cursor_bytes_max = 64U << 10U;
constexpr std::size_t k_validator_bytes_max = 1000;
constexpr std::string_view k_completed = "COMPLETED";

// One committing call at a time.
class Busy {
 public:
  explicit Busy(bool& flag) : flag_(flag) {
    if (flag_) throw Failure({ErrorCode::internal, "a checkpoint of this run is already under way"});
    flag_ = true;
  }
  ~Busy() { flag_ = false; }
  Busy(const Busy&) = delete;
  Busy& operator=(const Busy&) = delete;

 private:
  bool& flag_;
};

void require_partition_key(const std::string& partition) {
  if (partition.size() > k_key_part_bytes_max || !is_storable_text(partition))
    throw Failure({ErrorCode::invalid_data,
                   fmt::format("'{}…' cannot be the key of a partition: at most {} bytes of UTF-8 without NUL",
                               mended_text(cut_text(partition, 60)), k_key_part_bytes_max)});
}

void require_cursor_size(const RunRight& right, const std::string& partition, std::string_view what,
                         const nlohmann::json& value) {
  if (value.is_null()) return;
  const auto bytes = jsonb_bytes(value);
  if (bytes > k_cursor_bytes_max)
    throw Failure({ErrorCode::invalid_data,
                   fmt::format("the {} of partition '{}' of {} has {} bytes, over the limit of {}; keep less in it, or "
                               "use more partitions",
                               what, partition, right.script, bytes, k_cursor_bytes_max)});
}

void add_to(LedgerEntry& sum, LedgerEntry entry) {
  const auto earlier = [](auto a, auto b) { return a && b ? std::optional(std::min(*a, *b)) : (a ? a : b); };
  const auto later = [](auto a, auto b) { return a && b ? std::optional(std::max(*a, *b)) : (a ? a : b); };
  sum.partition = std::move(entry.partition);
  sum.window_start = earlier(sum.window_start, entry.window_start);
  sum.window_end = later(sum.window_end, entry.window_end);
  if (entry.expected) sum.expected = entry.expected;
  sum.fetched += entry.fetched;
  sum.skipped += entry.skipped;
  sum.is_complete = entry.is_complete;
  if (!entry.note.empty()) sum.note = std::move(entry.note);
}

// What a provider sends as a validator is stored as it is, or not at all.
bool is_kept(const Validator& validator) {
  const auto fits = [](const std::string& text) {
    return text.size() <= k_validator_bytes_max && is_storable_text(text);
  };
  return fits(validator.etag) && fits(validator.last_modified) &&
         !(validator.etag.empty() && validator.last_modified.empty());
}

// What an end of the run still says, of a checkpoint that will not be: no rows, no cursors, and no gap that they close.
Pending without_rows(Pending first, Pending second) {
  for (auto& [partition, entry] : second.ledger) add_to(first.ledger[partition], std::move(entry));
  first.unreachable.merge(second.unreachable);
  std::ranges::move(second.gaps, std::back_inserter(first.gaps));
  first.closed_gaps.clear();
  first.rows.clear();
  first.cursors.clear();
  first.validators.clear();
  first.generations.clear();
  return first;
}

}  // namespace

void add_counts(RunCounts& sum, const RunCounts& more) {
  sum.imported += more.imported;
  sum.unchanged += more.unchanged;
  sum.deleted += more.deleted;
  sum.failed += more.failed;
  sum.mended += more.mended;
  sum.requests += more.requests;
  sum.not_modified += more.not_modified;
  sum.bytes += more.bytes;
  sum.points += more.points;
  sum.waited_ms += more.waited_ms;
  sum.checkpoints += more.checkpoints;
}

void subtract_counts(RunCounts& sum, const RunCounts& part) {
  sum.imported -= part.imported;
  sum.unchanged -= part.unchanged;
  sum.deleted -= part.deleted;
  sum.failed -= part.failed;
  sum.mended -= part.mended;
  sum.requests -= part.requests;
  sum.not_modified -= part.not_modified;
  sum.bytes -= part.bytes;
  sum.points -= part.points;
  sum.waited_ms -= part.waited_ms;
  sum.checkpoints -= part.checkpoints;
}

RunWriter::RunWriter(pg::Database& database, const ResourceCatalog& catalog, RunRight right, LoadSettings settings)
    : state_(std::make_unique<State>(database, catalog, std::move(right), std::move(settings))) {}

RunWriter::~RunWriter() = default;

Batch& RunWriter::rows(std::string_view resource, std::string_view partition) {
  return state_->batches.open(resource, partition);
}

void RunWriter::begin_pass(std::string partition, std::optional<Instant> start) {
  state_->versions.erase(partition);
  state_->pass_starts[std::move(partition)] = start;
}

void RunWriter::mark_generation(std::string partition, std::optional<std::int64_t> generation) {
  require_partition_key(partition);
  state_->batches.mark_generation(partition, generation);
  if (generation) state_->pending.generations[std::move(partition)] = *generation;
}

void RunWriter::drop_generation(const std::string& partition) {
  state_->batches.mark_generation(partition, std::nullopt);
  state_->pending.generations.erase(partition);
}

void RunWriter::set_cursor(CursorUpdate update) {
  require_partition_key(update.partition);
  require_cursor_size(state_->right, update.partition, "state", update.state);
  require_cursor_size(state_->right, update.partition, "resume position", update.resume);
  auto partition = update.partition;
  state_->pending.cursors.insert_or_assign(std::move(partition), std::move(update));
}

void RunWriter::set_validator(std::string partition, std::optional<Validator> validator) {
  require_partition_key(partition);
  if (validator && !is_kept(*validator)) validator.reset();
  state_->pending.validators.insert_or_assign(std::move(partition), std::move(validator));
}

void RunWriter::set_ledger(LedgerEntry entry) {
  require_partition_key(entry.partition);
  auto& total = state_->pending.ledger[entry.partition];
  add_to(total, std::move(entry));
}

void RunWriter::open_gap(Gap gap) {
  require_partition_key(gap.partition);
  state_->pending.gaps.push_back(std::move(gap));
}

void RunWriter::close_gaps(std::string partition, std::string kind) {
  std::erase_if(state_->pending.gaps, [&](const Gap& gap) { return gap.partition == partition && gap.kind == kind; });
  state_->pending.closed_gaps.emplace(std::move(partition), std::move(kind));
}

void RunWriter::set_unreachable(std::string partition, std::optional<std::string> reason,
                                std::chrono::seconds probe_after) {
  require_partition_key(partition);
  state_->pending.unreachable.insert_or_assign(std::move(partition), Unreachable{std::move(reason), probe_after});
}

void RunWriter::log(LogLevel level, std::string message, nlohmann::json details, std::string record_id) {
  state_->log.add(level, message, details, record_id);
}

RunCounts& RunWriter::counts() { return state_->counts; }
const RunCounts& RunWriter::total() const { return state_->total; }
const RunRight& RunWriter::right() const { return state_->right; }

bool RunWriter::is_full() const {
  return state_->batches.rows() >= state_->settings.batch_rows_max ||
         state_->batches.bytes() >= state_->settings.batch_bytes_max;
}

bool RunWriter::is_due() const {
  const bool waits = !state_->batches.is_untouched() || !state_->pending.is_empty() || state_->in_flight;
  const auto since = std::chrono::steady_clock::now() - state_->last_checkpoint;
  return is_full() || (waits && since >= state_->settings.checkpoint_interval);
}

Task<std::map<std::string, std::int64_t>> RunWriter::checkpoint() {
  auto& state = *state_;
  state.require_right();
  const Busy busy(state.is_busy);
  std::map<std::string, std::int64_t> versions;
  co_await state.commit_in_flight(versions);  // of a checkpoint that failed or was cancelled
  state.in_flight = state.take_pending();
  co_await state.commit_in_flight(versions);
  state.last_checkpoint = std::chrono::steady_clock::now();
  co_return versions;
}

Task<GenerationOutcome> RunWriter::finish_generation(std::string partition, std::int64_t generation,
                                                     std::vector<std::string> resources,
                                                     std::map<std::string, std::string> partition_columns) {
  state_->require_right();
  const Busy busy(state_->is_busy);
  const auto outcome = co_await state_->finish_generation(std::move(partition), generation, std::move(resources),
                                                          std::move(partition_columns));
  co_return outcome;
}

Task<> RunWriter::finish(std::string status, std::optional<Error> error, std::optional<Instant> wake_at) {
  auto& state = *state_;
  state.require_right();
  const Busy busy(state.is_busy);
  state.pending = without_rows(state.in_flight ? std::move(*state.in_flight) : Pending{}, std::move(state.pending));
  state.in_flight.reset();
  const auto progress = state.progress(status != k_completed || error);
  const auto message = error ? std::optional(mended_text(error->message)) : std::nullopt;
  const bool is_error = status == "FAILED" || status.starts_with(k_completed);
  const std::vector<StagedRows> no_rows;
  Checkpoint checkpoint(progress, state.pending, no_rows);
  const auto answers = co_await state.transact([&] {
    const auto& right = state.right;
    auto commands = checkpoint.commands();
    pg::Params history(right.tenant, right.run, status);
    history.add(is_error ? message : std::nullopt).add(is_error ? std::nullopt : message);
    commands.push_back({sql::finish_history, std::move(history)});
    const auto& counts = progress.counts;
    commands.push_back({sql::add_usage, pg::Params(right.tenant, right.data_source, right.script,
                                                   counts.imported + counts.unchanged + counts.failed, counts.requests,
                                                   counts.not_modified, counts.bytes, counts.points)});
    commands.push_back({sql::finish_run, pg::Params(right.tenant, right.data_source, right.script, right.fence, status,
                                                    message, wake_at)});
    return commands;
  });
  state.settle(checkpoint.read(answers));
  state.lost = Error{ErrorCode::lease_lost, fmt::format("the run of {} has ended", state.right.script)};
}

}  // namespace weir::load

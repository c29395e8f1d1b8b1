// The end of a full refresh: what a complete listing did not show is marked as deleted.
#include <fmt/format.h>

#include "load/generation_sql.hpp"
#include "load/run_state.hpp"
#include "load/sql.hpp"

namespace weir::load {
namespace {

constexpr std::int64_t k_batch_rows = 5'000;
constexpr std::int64_t k_missing_rows_always_allowed = 20;
constexpr std::string_view k_gap = "unconfirmed_deletion";

struct Missing {
  std::int64_t total = 0;
  std::int64_t missing = 0;
  bool is_too_much() const { return missing > k_missing_rows_always_allowed && missing * 10 > total; }
};

pg::Command of_listing(pg::Statement statement, const RunRight& right, const Listing& listing) {
  return {statement, pg::Params(right.tenant, right.data_source, right.script, listing.partition, listing.generation)};
}

pg::Command end_listing(const RunRight& right, const Listing& listing, std::string_view outcome) {
  auto command = of_listing(sql::finish_generation, right, listing);
  command.params.add(outcome);
  return command;
}

// The ends of one listing, each in fenced transactions of its own.
class GenerationEnd {
 public:
  GenerationEnd(RunWriter::State& state, const Listing& listing) : state_(state), listing_(listing) {}

  // nullopt: the listing is whole and open.
  Task<std::optional<GenerationOutcome>> judge_listing() {
    const auto rows = co_await state_.database.query(pg::Scope::tenant(state_.right.tenant), sql::read_generation,
                                                     of_listing({}, state_.right, listing_).params);
    if (!rows.empty()) {
      const auto row = rows.one();
      const auto outcome = row.get<std::optional<std::string>>("outcome");
      if (outcome) co_return *outcome == "done" ? GenerationOutcome::done : GenerationOutcome::unconfirmed;
      if (row.get<std::int64_t>("seen") == row.get<std::int64_t>("kept")) co_return std::nullopt;
    }
    state_.log.add(LogLevel::warning,
                   fmt::format("what the listing of '{}' has seen was lost in a crash of the database; nothing was "
                               "deleted, and the listing starts again",
                               listing_.partition),
                   nullptr, {});
    co_await run({of_listing(sql::forget_generation, state_.right, listing_)});
    co_return GenerationOutcome::listing_lost;
  }

  Task<Missing> count(const GenerationStatements& statements) {
    auto command = statements.count(state_.right);
    const auto rows = co_await state_.database.query(pg::Scope::tenant(state_.right.tenant), command.statement,
                                                     std::move(command.params));
    const auto row = rows.one();
    co_return Missing{row.get<std::int64_t>("total"), row.get<std::int64_t>("missing")};
  }

  Task<> refuse(const Resource& resource, Missing missing) {
    Gap gap{.partition = listing_.partition, .kind = std::string(k_gap)};
    gap.records = missing.missing;
    gap.reason = fmt::format(
        "{} of {} rows of {} are missing from a complete listing; that is more than 10 %, so "
        "nothing was deleted",
        missing.missing, missing.total, resource.name);
    gap.remedy = "check what the credentials may see; rows that are really gone stay until each was confirmed";
    state_.log.add(LogLevel::warning, gap.reason, {{"partition", listing_.partition}}, {});
    co_await run({load::open_gap(state_.right, gap), end_listing(state_.right, listing_, "unconfirmed")});
  }

  Task<> tombstone(const GenerationStatements& statements) {
    for (;;) {
      const auto answers = co_await run({statements.tombstone(state_.right, k_batch_rows)});
      const auto deleted = answers.front().one().get<std::int64_t>("deleted");
      state_.total.deleted += deleted;
      if (deleted < k_batch_rows) co_return;
    }
  }

  Task<> finish() {
    co_await run({load::close_gaps(state_.right, listing_.partition, std::string(k_gap)),
                  end_listing(state_.right, listing_, "done")});
  }

 private:
  // Runs the statements with the fence, the run's history and its log.
  Task<std::vector<pg::Rows>> run(std::vector<pg::Command> statements) {
    const auto log_lines = state_.log.pending();
    const auto first = statements.size();
    auto answers = co_await state_.transact([&] {
      auto commands = statements;
      const auto progress = state_.progress();
      commands.push_back(assert_checkpoint(state_.right, progress.committed));
      commands.push_back(
          save_run(state_.right, progress.counts, state_.log, state_.is_run_saved || state_.log.is_notable()));
      if (auto lines = state_.log.command(state_.right.tenant, state_.right.run)) commands.push_back(std::move(*lines));
      return commands;
    });
    if (answers[first + 1].affected() > 0) {
      state_.is_run_saved = true;
      state_.log.mark_written(log_lines);
    }
    co_return answers;
  }

  RunWriter::State& state_;
  const Listing& listing_;
};

}  // namespace

Task<GenerationOutcome> RunWriter::State::finish_generation(std::string partition, std::int64_t generation,
                                                            std::vector<std::string> resources,
                                                            std::map<std::string, std::string> partition_columns) {
  const Listing listing{std::move(partition), generation, std::move(partition_columns)};
  if (!listing.partition.empty() && listing.columns.empty())
    throw Failure({ErrorCode::declaration_invalid, fmt::format("nothing says which rows belong to partition '{}' of {}",
                                                               listing.partition, right.script)});
  if (in_flight || pending.generations.contains(listing.partition) || batches.has_rows_of(listing.partition))
    throw Failure({ErrorCode::internal, "a listing was finished before its rows were committed"});

  GenerationEnd end(*this, listing);
  const auto judged = co_await end.judge_listing();
  if (judged) co_return *judged;

  std::vector<std::unique_ptr<GenerationStatements>> of_resources;
  for (const auto& name : resources) {
    const auto* resource = catalog.find(name);
    if (resource == nullptr)
      throw Failure({ErrorCode::declaration_invalid, fmt::format("the resource '{}' is not declared", name)});
    auto& added = of_resources.emplace_back(std::make_unique<GenerationStatements>(*resource, listing));
    const auto missing = co_await end.count(*added);
    if (!missing.is_too_much()) continue;
    co_await end.refuse(*resource, missing);
    co_return GenerationOutcome::unconfirmed;
  }
  for (const auto& of_resource : of_resources) co_await end.tombstone(*of_resource);
  co_await end.finish();
  co_return GenerationOutcome::done;
}

}  // namespace weir::load

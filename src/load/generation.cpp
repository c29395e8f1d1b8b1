// The end of a full refresh: what a complete listing did not show is marked as deleted.
#include <algorithm>
#include <iterator>

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

using ResourceStatements = std::vector<std::unique_ptr<GenerationStatements>>;

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

  struct Judgement {
    std::optional<GenerationOutcome> outcome;  // nullopt: the listing is whole and open
    std::vector<Missing> missing;              // by resource
  };

  Task<Judgement> judge(const ResourceStatements& resources) {
    auto read = of_listing(sql::read_generation, state_.right, listing_);
    std::vector<pg::Command> commands;
    commands.push_back(std::move(read));
    for (const auto& statements : resources) commands.push_back(statements->count(state_.right));
    const auto answers = co_await state_.database.batch(pg::Scope::tenant(state_.right.tenant), std::move(commands));
    Judgement judgement{.outcome = outcome_of(answers.front()), .missing = {}};
    if (judgement.outcome == GenerationOutcome::listing_lost) co_await forget();
    for (std::size_t i = 1; i < answers.size(); ++i) {
      const auto row = answers[i].one();
      judgement.missing.push_back({row.get<std::int64_t>("total"), row.get<std::int64_t>("missing")});
    }
    co_return judgement;
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

  // Down to one batch, which is left to the end.
  Task<> tombstone(const GenerationStatements& statements, std::int64_t missing) {
    for (; missing > k_batch_rows; missing -= k_batch_rows) co_await run_tombstones({&statements}, {});
  }

  Task<> finish(std::vector<const GenerationStatements*> with_missing) {
    co_await run_tombstones(std::move(with_missing),
                            {load::close_gaps(state_.right, listing_.partition, std::string(k_gap)),
                             end_listing(state_.right, listing_, "done")});
  }

 private:
  static std::optional<GenerationOutcome> outcome_of(const pg::Rows& listing) {
    if (listing.empty()) return GenerationOutcome::listing_lost;
    const auto row = listing.one();
    const auto outcome = row.get<std::optional<std::string>>("outcome");
    if (outcome) return *outcome == "done" ? GenerationOutcome::done : GenerationOutcome::unconfirmed;
    const bool is_whole = row.get<std::int64_t>("seen") == row.get<std::int64_t>("kept");
    return is_whole ? std::nullopt : std::optional(GenerationOutcome::listing_lost);
  }

  Task<> forget() {
    state_.log.add(LogLevel::warning,
                   fmt::format("what the listing of '{}' has seen was lost in a crash of the database; nothing was "
                               "deleted, and the listing starts again",
                               listing_.partition),
                   nullptr, {});
    co_await run({of_listing(sql::forget_generation, state_.right, listing_)});
  }

  Task<> run_tombstones(std::vector<const GenerationStatements*> resources, std::vector<pg::Command> then) {
    std::vector<pg::Command> commands;
    for (const auto* statements : resources) commands.push_back(statements->tombstone(state_.right, k_batch_rows));
    std::ranges::move(then, std::back_inserter(commands));
    const auto answers = co_await run(std::move(commands));
    for (std::size_t i = 0; i < resources.size(); ++i)
      state_.total.deleted += answers[i].one().get<std::int64_t>("deleted");
  }

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

  std::ranges::sort(resources);  // the order all writers lock in
  ResourceStatements of_resources;
  for (const auto& name : resources) {
    const auto* resource = catalog.find(name);
    if (resource == nullptr)
      throw Failure({ErrorCode::declaration_invalid, fmt::format("the resource '{}' is not declared", name)});
    of_resources.push_back(std::make_unique<GenerationStatements>(*resource, listing));
  }

  GenerationEnd end(*this, listing);
  const auto [outcome, missing] = co_await end.judge(of_resources);
  if (outcome) co_return *outcome;
  const auto too_much = std::ranges::find_if(missing, &Missing::is_too_much);
  if (too_much != missing.end()) {
    const auto& resource = *catalog.find(resources[static_cast<std::size_t>(too_much - missing.begin())]);
    co_await end.refuse(resource, *too_much);
    co_return GenerationOutcome::unconfirmed;
  }
  std::vector<const GenerationStatements*> with_missing;
  for (std::size_t i = 0; i < missing.size(); ++i) {
    if (missing[i].missing == 0) continue;
    with_missing.push_back(of_resources[i].get());
    co_await end.tombstone(*of_resources[i], missing[i].missing);
  }
  co_await end.finish(std::move(with_missing));
  co_return GenerationOutcome::done;
}

}  // namespace weir::load

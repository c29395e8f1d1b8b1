// Whatever the window, the page and the moment of a crash: no gap, for every kind of cursor. Each seed makes a world in
// which records come, move, go and return while they are read, and a script that reads it; thousands of seeds.
#include <gtest/gtest.h>

#include "base/random.hpp"
#include "tests/support/run.hpp"
#include "tests/support/synthetic/memory_store.hpp"

namespace weir::synthetic {
namespace {

using plugin::CursorKind;
using plugin::PageAddress;
using plugin::PageOrder;

struct Scenario {
  WorldSpec world;
  ApiSpec api;
  plugin::ScriptDeclaration script;
  plugin::WalkSettings walk;
  Duration step_max{};   // between two requests
  Duration pause_max{};  // between two runs
  double crashes = 0;
  double commits = 0.5;
  bool uses_evidence = false;
  std::string text;
};

template <class T>
T pick(Random& random, std::initializer_list<T> values) {
  return *(values.begin() + random.below(values.size()));
}

void choose_paging(Random& random, Scenario& scenario) {
  auto& api = scenario.api;
  api.address = pick(random, {PageAddress::token, PageAddress::offset, PageAddress::number});
  const bool counts_pages = api.address == PageAddress::number;
  api.page_size_max =
      counts_pages ? 20 + static_cast<std::int64_t>(random.below(10)) : 2 + static_cast<std::int64_t>(random.below(20));
  api.says_total = random.below(2) == 0;
  auto& listing = scenario.walk.listing;
  listing.address = api.address;
  listing.order = api.order;
  listing.page_size_max = api.page_size_max;
  // A server that lowers what was asked for, and says so.
  if (random.below(4) == 0) listing.page_size_max = api.page_size_max * 2;
}

void choose_world(Random& random, Scenario& scenario) {
  auto& world = scenario.world;
  world.begin = Instant(std::chrono::days(20'000));
  world.end = world.begin + pick<Duration>(random, {2h, 48h, std::chrono::days(30), std::chrono::days(300)});
  world.partitions = 1 + static_cast<int>(random.below(3));
  world.late_partitions = static_cast<int>(random.below(2));
  world.records = 10 + static_cast<int>(random.below(90));
  world.changes = static_cast<int>(random.below(200));
  world.bursts = pick(random, {0.0, 0.05, 0.3});
  world.deletions = pick(random, {0.0, 0.1, 0.4});
  world.precision = pick<Duration>(random, {1us, 1s, 1min});
  world.skew = pick<Duration>(random, {0s, 10min, -10min});
  scenario.script.settle = pick<std::chrono::seconds>(random, {0s, 0s, 5min});
  scenario.script.lookback = pick<std::chrono::seconds>(random, {0s, 0s, 20min});
  world.lateness_max = scenario.script.settle + scenario.script.lookback;
  scenario.step_max = (world.end - world.begin) / pick(random, {50, 500, 5000});
  scenario.pause_max = (world.end - world.begin) / pick(random, {1, 10, 100});
}

Scenario make_scenario(CursorKind kind, std::uint64_t seed) {
  Random random(seed * 7919 + static_cast<std::uint64_t>(kind));
  Scenario scenario;
  scenario.world.seed = seed;
  scenario.api.kind = kind;
  scenario.api.order =
      kind == CursorKind::window
          ? pick(random, {PageOrder::ascending, PageOrder::descending, PageOrder::immutable, PageOrder::unspecified})
          : pick(random, {PageOrder::ascending, PageOrder::immutable});
  choose_paging(random, scenario);
  choose_world(random, scenario);
  if ((kind == CursorKind::window || kind == CursorKind::ascending) && random.below(3) == 0)
    scenario.api.results_max = 30 + static_cast<std::int64_t>(random.below(30));
  auto& script = scenario.script;
  script.provider = "synthetic";
  script.name = std::string(to_string(kind));
  script.cursor = kind;
  script.import_window_duration = pick<std::chrono::seconds>(random, {1s, 10min, 24h, std::chrono::days(400)});
  script.import_window_days = pick<std::optional<int>>(random, {std::nullopt, 90, 1});
  scenario.walk.kind = kind;
  scenario.walk.window_duration = script.import_window_duration;
  scenario.walk.granularity = scenario.world.precision;
  if (scenario.api.says_total) scenario.walk.results_max = scenario.api.results_max;
  scenario.crashes = pick(random, {0.0, 0.05, 0.3});
  scenario.commits = pick(random, {0.1, 0.5, 1.0});
  scenario.uses_evidence = random.below(2) == 0;
  scenario.text = fmt::format(
      "kind {} seed {} address {} order {} page {} cap {} precision {}us lateness {}us settle {}s lookback {}s",
      to_string(kind), seed, static_cast<int>(scenario.api.address), static_cast<int>(scenario.api.order),
      scenario.api.page_size_max, scenario.api.results_max.value_or(0), scenario.world.precision.count(),
      scenario.world.lateness_max.count(), script.settle.count(), script.lookback.count());
  return scenario;
}

// Time passes with every request; some fail.
class TestRemote final : public Remote {
 public:
  TestRemote(WorldView& view, Random& random, Duration step_max, double failures, Fate& fate)
      : view_(view), random_(random), step_max_(step_max), failures_(failures), fate_(fate) {}
  Task<Result<const WorldView*>> request(int, plugin::PassContext*) override {
    view_.advance_to(view_.now() + Duration(random_.below(static_cast<std::uint64_t>(step_max_.count()) + 1)));
    fate_.maybe_crash();
    if (random_.unit() < failures_) co_return fail(ErrorCode::provider_failed, "transient");
    ++requests_;
    co_return &view_;
  }
  void become_reliable() { failures_ = 0; }
  std::int64_t requests() const { return requests_; }

 private:
  WorldView& view_;
  Random& random_;
  Duration step_max_;
  double failures_;
  Fate& fate_;
  std::int64_t requests_ = 0;
};

class MemorySink final : public Sink {
 public:
  void write(plugin::PassContext& pass, const Record& record) override { static_cast<MemoryPass&>(pass).keep(record); }
};

class Experiment {
 public:
  explicit Experiment(Scenario scenario)
      : scenario_(std::move(scenario)),
        world_(scenario_.world),
        view_(world_),
        random_(scenario_.world.seed),
        fate_(scenario_.world.seed + 17, scenario_.crashes, scenario_.commits),
        remote_(view_, random_, scenario_.step_max, scenario_.crashes / 2, fate_) {}

  Task<> play() {
    while (view_.now() < world_.quiet_from()) {
      co_await run_once();
      pause();
    }
    fate_.stop_crashing();
    remote_.become_reliable();
    const auto settled = scenario_.script.settle + scenario_.script.lookback + scenario_.world.precision;
    view_.advance_to(world_.quiet_from() + settled + std::chrono::abs(scenario_.world.skew));
    for (int i = 0; i < 2; ++i) {
      co_await run_once();
      view_.advance_to(view_.now() + 1s);
    }
    for (std::size_t i = 0; i < world_.partitions().size(); ++i) check_final(static_cast<int>(i));
  }

  std::vector<std::string> complaints;
  std::int64_t requests() const { return remote_.requests(); }
  const std::map<int, StoredPartition>& stored() const { return stored_; }

 private:
  std::unique_ptr<plugin::ScriptRun> make_run() {
    if (scenario_.api.kind == CursorKind::heads) return std::make_unique<HeadsRun>(remote_, sink_, 5);
    return std::make_unique<PagedRun>(remote_, sink_, scenario_.api, scenario_.walk);
  }

  void pause() {
    view_.advance_to(view_.now() +
                     Duration(random_.below(static_cast<std::uint64_t>(scenario_.pause_max.count()) + 1)));
  }

  Task<> run_once() {
    const auto run = make_run();
    try {
      const auto partitions = co_await run->partitions();
      if (!partitions) co_return;
      const auto listed = snapshot_all();
      for (const auto& partition : *partitions) co_await run_partition(*run, partition, listed);
    } catch (const Failure&) {
      // Crashed: what was not committed is lost, the next run goes on.
    }
  }

  Task<> run_partition(plugin::ScriptRun& run, plugin::Partition partition, std::vector<std::vector<Record>> listed) {
    const int index = partition_index(partition);
    auto& stored = stored_[index];
    if (scenario_.uses_evidence && random_.below(3) == 0) pause();  // the evidence ages
    const auto evidence = scenario_.uses_evidence ? partition.evidence : std::nullopt;
    const auto plan = plan_pass(scenario_.script, stored.progress, evidence, view_.now());
    if (plan.is_skipped) {
      stored.progress.cursor_at = plan.cursor_at;
      check_collected(index, listed[static_cast<std::size_t>(index)], plan.cursor_at, "skipped");
      co_return;
    }
    if (!stored.progress.pass_end || !begun_.contains(index)) begun_[index] = view_.records(index);
    MemoryPass pass(scenario_.script, partition, stored, plan, fate_);
    const auto done = co_await run.run_pass(pass);
    if (!done) co_return;
    pass.complete();
    check_collected(index, begun_[index], pass.end(), "passed");
    begun_.erase(index);
  }

  std::vector<std::vector<Record>> snapshot_all() const {
    std::vector<std::vector<Record>> all;
    for (std::size_t i = 0; i < world_.partitions().size(); ++i) all.push_back(view_.records(static_cast<int>(i)));
    return all;
  }

  // What was visible when the pass began, is dated within its range and is still the same, has been collected.
  void check_collected(int partition, const std::vector<Record>& before, Instant until, std::string_view when) {
    for (const auto& record : before) {
      const auto& now = view_.records(partition)[static_cast<std::size_t>(record.index)];
      if (now.revision != record.revision || record.updated_at > until) continue;
      expect_collected(partition, record, when);
    }
  }

  void expect_collected(int partition, const Record& record, std::string_view when) {
    const auto& stored = stored_[partition];
    if (record.revision == 0 || record.is_deleted || !is_covered(stored, record) || is_in_gap(stored, record)) return;
    const auto row = stored.rows.find(record.key);
    if (row == stored.rows.end())
      complain(record, when, "is missing");
    else if (row->second.is_deleted)
      complain(record, when, "was deleted");
    else if (row->second.revision != record.revision)
      complain(record, when, fmt::format("has revision {}", row->second.revision));
  }

  static bool is_covered(const StoredPartition& stored, const Record& record) {
    return stored.covered_from && (!*stored.covered_from || record.updated_at > **stored.covered_from);
  }

  static bool is_in_gap(const StoredPartition& stored, const Record& record) {
    return std::ranges::any_of(stored.gaps, [&](const plugin::CappedRange& gap) {
      return record.updated_at >= gap.from.value_or(Instant::min()) && record.updated_at <= gap.to;
    });
  }

  void check_final(int partition) {
    auto& stored = stored_[partition];
    for (const auto& record : view_.records(partition)) {
      if (!stored.covered_from) complain(record, "at the end", "its partition was never read");
      expect_collected(partition, record, "at the end");
      const auto row = stored.rows.find(record.key);
      const bool is_shown = row != stored.rows.end() && !row->second.is_deleted;
      if (scenario_.api.kind == CursorKind::full && is_shown && (record.revision == 0 || record.is_deleted))
        complain(record, "at the end", "should be deleted");
    }
    for (const auto& gap : stored.gaps)
      if (gap.from && gap.to - *gap.from > scenario_.walk.granularity)
        complaints.push_back(fmt::format("a gap of {} us was not cut", (gap.to - *gap.from).count()));
  }

  void complain(const Record& record, std::string_view when, std::string_view what) {
    complaints.push_back(fmt::format("{}: {} of {} (revision {}) {}", when, record.key,
                                     format_rfc3339(record.updated_at), record.revision, what));
  }

  Scenario scenario_;
  World world_;
  WorldView view_;
  Random random_;
  Fate fate_;
  TestRemote remote_;
  MemorySink sink_;
  std::map<int, StoredPartition> stored_;
  std::map<int, std::vector<Record>> begun_;
};

class NoGap : public testing::TestWithParam<CursorKind> {};

// WEIR_TEST_SEEDS: how many; WEIR_TEST_SEED: only this one.
std::uint64_t from_environment(const char* name, std::uint64_t absent) {
  const char* text = std::getenv(name);
  return text == nullptr ? absent : std::stoull(text);
}

TEST_P(NoGap, WhateverHappensWhileItIsRead) {
  const auto only = from_environment("WEIR_TEST_SEED", 0);
  const auto first = only != 0 ? only : 1;
  const auto last = only != 0 ? only : from_environment("WEIR_TEST_SEEDS", 400);
  for (auto seed = first; seed <= last; ++seed) {
    const auto scenario = make_scenario(GetParam(), seed);
    Experiment experiment(scenario);
    test::run([&](test::Context) -> Task<> { return experiment.play(); });
    if (std::getenv("WEIR_TEST_VERBOSE") != nullptr)
      fmt::print(stderr, "{}: {} requests\n", scenario.text, experiment.requests());
    ASSERT_TRUE(experiment.complaints.empty()) << scenario.text << "\n  " << experiment.complaints.front() << "\n  and "
                                               << experiment.complaints.size() - 1 << " more";
  }
}

// A source that is left alone for 200 days, whatever a first import would reach back.
TEST_P(NoGap, ALongPauseIsCaughtUp) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    auto scenario = make_scenario(GetParam(), seed);
    scenario.world.end = scenario.world.begin + std::chrono::days(450);
    scenario.pause_max = std::chrono::days(200);
    scenario.step_max = std::chrono::minutes(10);
    scenario.script.import_window_days = 1;
    Experiment experiment(scenario);
    test::run([&](test::Context) -> Task<> { return experiment.play(); });
    ASSERT_TRUE(experiment.complaints.empty()) << scenario.text << "\n  " << experiment.complaints.front();
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, NoGap,
                         testing::Values(CursorKind::window, CursorKind::ascending, CursorKind::descending,
                                         CursorKind::full, CursorKind::heads),
                         [](const auto& test) { return std::string(to_string(test.param)); });

}  // namespace
}  // namespace weir::synthetic

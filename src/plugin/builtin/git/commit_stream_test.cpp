#include "plugin/builtin/git/commit_stream.hpp"

#include <gtest/gtest.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "plugin/builtin/git/references.hpp"
#include "plugin/builtin/git/testing.hpp"

namespace weir::plugin::git {
namespace {

using testing::TestRepository;

struct Outcome {
  std::vector<Commit> commits;
  std::vector<std::size_t> batches;
  std::vector<ObjectId> frontier;
  std::optional<Error> error;
};

Task<> collect(StreamOptions options, Outcome& outcome, std::size_t batches_max) {
  CommitStream stream(co_await asio::this_coro::executor, std::move(options));
  while (outcome.batches.size() < batches_max) {
    auto batch = co_await stream.next();
    if (!batch) outcome.error = batch.error();
    if (!batch || batch->commits.empty()) co_return;
    outcome.batches.push_back(batch->commits.size());
    outcome.frontier = batch->frontier;
    for (auto& commit : batch->commits) outcome.commits.push_back(std::move(commit));
  }
}

Outcome stream(StreamOptions options, std::size_t batches_max = 1'000'000) {
  Outcome outcome;
  asio::io_context context;
  asio::co_spawn(context, collect(std::move(options), outcome, batches_max), [](std::exception_ptr failure) {
    if (failure) std::rethrow_exception(failure);
  });
  context.run();
  return outcome;
}

std::vector<ObjectId> heads_of(const TestRepository& repository) {
  auto store = ObjectStore::open(repository.objects()).value();
  return walk_heads(read_references(repository.path()).value(), store).value();
}

StreamOptions options_for(const TestRepository& repository) {
  StreamOptions options;
  options.objects = repository.objects();
  options.walk.heads = heads_of(repository);
  options.batch_commits_max = 16;
  return options;
}

std::vector<ObjectId> ids_of(const Outcome& outcome) {
  std::vector<ObjectId> ids;
  for (const auto& commit : outcome.commits) ids.push_back(commit.id);
  return ids;
}

TEST(CommitStream, KeepsTheOrderOfTheWalkWhateverTheThreads) {
  const auto& repository = testing::shared_history(1);
  auto store = ObjectStore::open(repository.objects()).value();
  CommitWalk walk(store, {.heads = heads_of(repository), .collected = {}, .frontier = {}}, Stop());
  const auto expected = walk.next(1'000'000, 1U << 30U).value();
  for (const unsigned threads : {1U, 4U}) {
    auto options = options_for(repository);
    options.threads = threads;
    const auto outcome = stream(std::move(options));
    EXPECT_FALSE(outcome.error.has_value());
    EXPECT_EQ(ids_of(outcome), expected);
  }
}

TEST(CommitStream, ReadsWhatGitSaysOfEachCommit) {
  const auto& repository = testing::shared_history(2);
  const auto outcome = stream(options_for(repository));
  ASSERT_EQ(outcome.commits.size(), 500U);
  for (std::size_t i = 0; i < outcome.commits.size(); i += 25) {
    const auto& [id, content, stats] = outcome.commits[i];
    auto said = repository.git(
        "log -1 --no-show-signature --encoding=UTF-8 --date=raw --format='%T|%P|%an|%ae|%ad|%cn|%ce|%cd|%B' " +
        id.to_string());
    said.erase(said.find_last_not_of('\n') + 1);
    std::string parents;
    for (const auto& parent : content.parents) parents += (parents.empty() ? "" : " ") + parent.to_string();
    const auto date = [](const Signature& signature) {
      const auto zone = *signature.tz_min;
      return fmt::format("{} {}{:02}{:02}", signature.at->time_since_epoch() / std::chrono::seconds(1),
                         zone < 0 ? '-' : '+', std::abs(zone) / 60, std::abs(zone) % 60);
    };
    EXPECT_EQ(fmt::format("{}|{}|{}|{}|{}|{}|{}|{}|{}", content.tree.to_string(), parents, content.author.name,
                          content.author.email, date(content.author), content.committer.name, content.committer.email,
                          date(content.committer), content.message),
              said);
    EXPECT_TRUE(stats.additions.has_value());
  }
}

TEST(CommitStream, GoesOnBehindTheFrontierOfAnyBatch) {
  const auto& repository = testing::shared_history(3);
  const auto whole = ids_of(stream(options_for(repository)));
  auto joined = stream(options_for(repository), 9);
  auto rest = options_for(repository);
  rest.walk.frontier = joined.frontier;
  const auto after = stream(std::move(rest));
  auto ids = ids_of(joined);
  for (const auto& id : ids_of(after)) ids.push_back(id);
  EXPECT_EQ(ids, whole);
}

TEST(CommitStream, LeavesStatsOutWhenNotAskedFor) {
  auto options = options_for(testing::shared_history(1));
  options.read.stats = Stats::left_out;
  const auto outcome = stream(std::move(options));
  EXPECT_EQ(outcome.commits.size(), 500U);
  EXPECT_FALSE(outcome.commits.front().stats.files_changed.has_value());
}

TEST(CommitStream, HandsOverWhatCameBeforeAnError) {
  const TestRepository repository;
  const auto first = repository.commit({}, "1", 1);
  const auto broken =
      repository.commit_tree(ObjectId::parse(std::string(40, 'a')).value(), {first}, 2, "its tree is missing");
  auto options = options_for(repository);
  options.walk.heads = {broken};
  options.batch_commits_max = 1;
  auto outcome = stream(options);
  EXPECT_EQ(ids_of(outcome), std::vector{first});
  ASSERT_TRUE(outcome.error.has_value());
  EXPECT_EQ(outcome.error->code, ErrorCode::not_found);

  options.read.completeness = Completeness::may_lack_objects;
  outcome = stream(options);
  EXPECT_EQ(ids_of(outcome), (std::vector{first, broken}));
  EXPECT_FALSE(outcome.commits.back().stats.files_changed.has_value());
}

TEST(CommitStream, EndsItsThreadsWhenItsOwnerLosesInterest) {
  auto options = options_for(testing::shared_history(1));
  options.batch_commits_max = 1;
  options.threads = 3;
  EXPECT_EQ(stream(std::move(options), 2).commits.size(), 2U);
}

TEST(CommitStream, OfNothingIsEmpty) {
  const TestRepository repository;
  const auto outcome = stream(options_for(repository));
  EXPECT_TRUE(outcome.commits.empty());
  EXPECT_FALSE(outcome.error.has_value());
}

TEST(CommitStream, CarriesCrazyDatesAndHugeMessages) {
  const TestRepository repository;
  const auto old = repository.commit({}, "1", -5'000'000'000);
  const auto far = repository.commit({old}, "2", 999'999'999'999, std::string(10 << 20, 'm'));
  auto options = options_for(repository);
  options.walk.heads = {far};
  const auto outcome = stream(std::move(options));
  ASSERT_EQ(outcome.commits.size(), 2U);
  EXPECT_EQ(outcome.commits[0].content.author.at, Instant(std::chrono::seconds(-5'000'000'000)));
  EXPECT_EQ(outcome.commits[1].content.author.at, Instant(std::chrono::seconds(999'999'999'999)));
  EXPECT_EQ(outcome.commits[1].content.message.size(), 10U << 20U);
}

}  // namespace
}  // namespace weir::plugin::git

#include "plugin/builtin/git/clone_cache.hpp"

#include <thread>

#include <gtest/gtest.h>

#include "plugin/builtin/git/cache_space.hpp"
#include "plugin/builtin/git/commit_reader.hpp"
#include "plugin/builtin/git/references.hpp"
#include "plugin/builtin/git/testing.hpp"

namespace weir::plugin::git {
namespace {

namespace fs = std::filesystem;
using testing::TestRepository;

class CloneCacheTest : public ::testing::Test {
 protected:
  CloneCacheTest() {
    repository_.set_ref("refs/heads/main", repository_.commit({}, "1", 1));
    publish("one.git");
  }

  void publish(const std::string& name) const {
    const auto target = (root() / served_ / name).string();
    testing::run(fmt::format("(test -d {0} || git init -q --bare -b main {0}) && git -C '{1}' push -q --mirror {0}",
                             target, repository_.path().string()));
  }
  void grow() {
    const auto head = repository_.id("refs/heads/main");
    ++commits_;
    repository_.set_ref("refs/heads/main", repository_.commit({head}, fmt::format("{}", commits_), commits_));
    publish("one.git");
  }
  RemoteAccess access(const std::string& name) const {
    RemoteAccess remote;
    remote.url = parse_repository_urls(server().url("plain/" + served_ + "/" + name)).value().at(0);
    remote.egress = http::EgressPolicy::parse("127.0.0.1").value();
    return remote;
  }
  Result<Clone> try_open(const std::string& name, Instant not_before = Instant::max(), const Stop& stop = Stop()) {
    traffic_ = {};
    CloneCache cache(directory_.path() / "tenant", limits_);
    return cache.open("git", access(name), not_before, system_clock(), stop, traffic_);
  }
  Clone open(const std::string& name, Instant not_before = Instant::max()) {
    auto clone = try_open(name, not_before);
    if (!clone) throw std::runtime_error(clone.error().message + " " + clone.error().detail);
    return std::move(*clone);
  }
  fs::path place(const std::string& name) const {
    for (const auto& entry : fs::directory_iterator(directory_.path() / "tenant/git"))
      if (entry.path().filename().string().starts_with(name)) return entry.path();
    return {};
  }
  fs::path mirror(const std::string& name) const { return place(name) / read_fetch_record(place(name))->mirror; }
  bool is_kept(const std::string& name) const { return read_fetch_record(place(name)).has_value(); }
  std::string head(const Clone& clone) const {
    return read_references(clone.git_directory)->branches.at(0).head.to_string();
  }

  // One server for all tests; each has a directory of its own there.
  static testing::HttpServer& server() {
    static testing::HttpServer server(root());
    return server;
  }
  static std::filesystem::path root() {
    static const testing::TemporaryDirectory directory;
    return directory.path();
  }
  const std::string served_ = ::testing::UnitTest::GetInstance()->current_test_info()->name();
  testing::TemporaryDirectory directory_;
  TestRepository repository_;
  std::int64_t commits_ = 1;
  CacheLimits limits_;
  Traffic traffic_;
};

TEST_F(CloneCacheTest, FetchesOnlyWhenTheCloneIsTooOld) {
  const auto began = open("one.git").fetched_at;
  EXPECT_GT(traffic_.requests, 0);
  grow();
  const auto same = open("one.git", began);
  EXPECT_EQ(traffic_.requests, 0);
  EXPECT_NE(head(same), repository_.id("main").to_string());
  EXPECT_EQ(same.fetched_at, began);
  const auto newer = open("one.git", began + std::chrono::microseconds(1));
  EXPECT_EQ(head(newer), repository_.id("main").to_string());
  EXPECT_GT(newer.fetched_at, began);
}

TEST_F(CloneCacheTest, IsFetchedOnceByManyAtOnce) {
  const auto now = system_clock().now();
  std::atomic<int> fetches = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      Traffic traffic;
      CloneCache cache(directory_.path() / "tenant", limits_);
      const auto clone = cache.open("git", access("one.git"), now, system_clock(), Stop(), traffic);
      EXPECT_TRUE(clone.has_value());
      if (traffic.requests > 0) ++fetches;
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(fetches, 1);
}

TEST_F(CloneCacheTest, KeepsSourcesApart) {
  open("one.git");
  Traffic traffic;
  CloneCache cache(directory_.path() / "tenant", limits_);
  ASSERT_TRUE(cache.open("other", access("one.git"), Instant::min(), system_clock(), Stop(), traffic).has_value());
  EXPECT_GT(traffic.requests, 0);
}

TEST_F(CloneCacheTest, WaitsForAnotherAndStopsWhenAsked) {
  open("one.git");
  const auto lock = FileLock::try_now(place("one") / "fetch.lock", LockKind::exclusive).value();
  ASSERT_TRUE(lock.has_value());
  const std::atomic<bool> flag = true;
  const auto clone = try_open("one.git", Instant::max(), Stop(flag));
  ASSERT_FALSE(clone.has_value());
  EXPECT_EQ(clone.error().code, ErrorCode::cancelled);
}

TEST_F(CloneCacheTest, CleansUpAfterAKilledProcess) {
  open("one.git");
  const std::vector leftovers{mirror("one") / "objects/pack/tmp_pack_Ab12", mirror("one") / "packed-refs.new",
                              place("one") / "mirror-of-another-life.git/HEAD"};
  fs::create_directory(leftovers[2].parent_path());
  for (const auto& leftover : leftovers) std::ofstream(leftover) << "half";
  EXPECT_EQ(head(open("one.git")), repository_.id("main").to_string());
  for (const auto& leftover : leftovers) EXPECT_FALSE(fs::exists(leftover)) << leftover;
}

TEST_F(CloneCacheTest, RepairsDamageThatAFetchFinds) {
  open("one.git");
  std::ofstream(mirror("one") / "packed-refs") << "garbage\n";
  EXPECT_EQ(head(open("one.git")), repository_.id("main").to_string());
  std::ofstream(mirror("one") / "config") << "[garbage";
  EXPECT_EQ(head(open("one.git")), repository_.id("main").to_string());
}

TEST_F(CloneCacheTest, IsMadeAnewWhenAReaderDiscardsIt) {
  const auto clone = open("one.git");
  for (const auto& entry : fs::directory_iterator(clone.objects() / "pack")) {
    fs::permissions(entry.path(), fs::perms::owner_all);
    if (entry.path().extension() == ".pack") fs::resize_file(entry.path(), 20);
  }
  CommitReader reader(ObjectStore::open(clone.objects()).value(), {});
  EXPECT_FALSE(reader.read(repository_.id("main"), Stop()).has_value());
  CloneCache cache(directory_.path() / "tenant", limits_);
  ASSERT_TRUE(cache.discard(clone, Stop()).has_value());
  const auto second = open("one.git", Instant::min());
  CommitReader again(ObjectStore::open(second.objects()).value(), {});
  EXPECT_TRUE(again.read(repository_.id("main"), Stop()).has_value());
  ASSERT_TRUE(cache.discard(clone, Stop()).has_value());  // it is gone already: the new one stays
  open("one.git", Instant::min());
  EXPECT_EQ(traffic_.requests, 0);
}

TEST_F(CloneCacheTest, RefusesARepositoryOverTheLimitAndKeepsNothingOfIt) {
  limits_.clone_bytes_max = 100;
  const auto clone = try_open("one.git");
  ASSERT_FALSE(clone.has_value());
  EXPECT_EQ(clone.error().code, ErrorCode::unreachable);
  EXPECT_LT(bytes_of(place("one")), 100U);
}

TEST_F(CloneCacheTest, MakesRoomByRemovingWhatWasUsedLeastRecently) {
  publish("two.git");
  publish("three.git");
  open("one.git");
  const auto two = std::optional<Clone>(open("two.git"));
  const auto bytes = read_fetch_record(place("two"))->bytes;
  // The first is older, but in use.
  const auto one = std::optional<Clone>(open("one.git", Instant::min()));
  fs::last_write_time(place("one") / "fetched", fs::file_time_type::clock::now() - std::chrono::hours(2));
  fs::last_write_time(place("two") / "fetched", fs::file_time_type::clock::now() - std::chrono::hours(1));
  limits_.tenant_bytes_max = 2 * bytes + bytes / 2;
  open("three.git");
  EXPECT_TRUE(is_kept("one"));
  EXPECT_TRUE(is_kept("two"));
}

TEST_F(CloneCacheTest, RemovesTheOldestCloneThatNobodyUses) {
  publish("two.git");
  publish("three.git");
  open("one.git");
  open("two.git");
  const auto bytes = read_fetch_record(place("two"))->bytes;
  fs::last_write_time(place("two") / "fetched", fs::file_time_type::clock::now() - std::chrono::hours(1));
  limits_.total_bytes_max = 2 * bytes + bytes / 2;
  open("three.git");
  EXPECT_TRUE(is_kept("one"));
  EXPECT_FALSE(is_kept("two"));
  EXPECT_TRUE(is_kept("three"));
  EXPECT_EQ(head(open("two.git", Instant::min())), repository_.id("main").to_string());
}

TEST_F(CloneCacheTest, JoinsItsPacks) {
  limits_.packs_max = 3;
  open("one.git");
  const auto packs = [&] {
    int count = 0;
    for (const auto& entry : fs::directory_iterator(mirror("one") / "objects/pack"))
      count += entry.path().extension() == ".pack";
    return count;
  };
  for (int i = 0; i < 5; ++i) {
    grow();
    open("one.git");
    EXPECT_LE(packs(), 3);
  }
  testing::run(fmt::format("git -C '{}' fsck --strict", mirror("one").string()));
  EXPECT_EQ(testing::run(fmt::format("git -C '{}' rev-list --count main", mirror("one").string())), "6\n");
}

TEST_F(CloneCacheTest, SaysWhenItsDirectoryCannotBeUsed) {
  std::ofstream(directory_.path() / "tenant") << "a file";
  const auto clone = try_open("one.git");
  ASSERT_FALSE(clone.has_value());
  EXPECT_EQ(clone.error().code, ErrorCode::configuration);
}

}  // namespace
}  // namespace weir::plugin::git

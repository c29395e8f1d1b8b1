#include "plugin/builtin/git/pack/pack_receiver.hpp"

#include <atomic>

#include <gtest/gtest.h>

#include "base/random.hpp"
#include "plugin/builtin/git/pack/object_content.hpp"
#include "plugin/builtin/git/testing.hpp"

namespace weir::plugin::git {
namespace {

namespace fs = std::filesystem;
using testing::TestRepository;

constexpr std::uint64_t k_unlimited = 1ULL << 40U;

class PackReceiverTest : public ::testing::Test {
 protected:
  PackReceiverTest() { testing::run(fmt::format("git init -q --bare '{}'", clone().string())); }

  fs::path clone() const { return directory_.path() / "clone.git"; }
  fs::path packs() const { return clone() / "objects/pack"; }

  static std::string pack_of(const TestRepository& repository, const std::string& options) {
    return repository.git("pack-objects --all --stdout -q " + options + " < /dev/null");
  }
  Result<> receive(std::string_view pack, std::size_t piece_bytes, std::uint64_t bytes_max = k_unlimited,
                   const Stop& stop = Stop()) const {
    auto receiver = PackReceiver::begin(packs(), bytes_max, stop);
    if (!receiver) return std::unexpected(receiver.error());
    for (; !pack.empty(); pack.remove_prefix(std::min(piece_bytes, pack.size())))
      if (auto added = (*receiver)->append(pack.substr(0, piece_bytes)); !added) return added;
    return (*receiver)->finish();
  }
  ErrorCode refusal_of(std::string_view pack, std::uint64_t bytes_max = k_unlimited) const {
    const auto received = receive(pack, 1000, bytes_max);
    EXPECT_FALSE(received.has_value());
    EXPECT_TRUE(fs::is_empty(packs())) << "nothing is left of it";
    return received ? ErrorCode::internal : received.error().code;
  }
  // What git itself finds in the clone, every byte checked.
  std::string objects_by_git() const {
    testing::run(fmt::format("git -C '{}' verify-pack {}/*.idx", clone().string(), packs().string()));
    return testing::run(fmt::format("git -C '{}' cat-file --batch-all-objects --batch-check", clone().string()));
  }
  static std::string objects_of(const TestRepository& repository) {
    return repository.git("cat-file --batch-all-objects --batch-check");
  }

 private:
  testing::TemporaryDirectory directory_;
};

// Many versions of one file, so that there are long chains of deltas.
struct RepositoryWithChains : TestRepository {
  RepositoryWithChains() {
    std::string content;
    std::vector<ObjectId> parents;
    for (int i = 0; i < 120; ++i) {
      for (int line = 0; line < 40; ++line) content += fmt::format("{} {}\n", i, line * 7919 % 1000);
      parents = {commit(parents, content, 1'700'000'000 + i)};
    }
    set_ref("refs/heads/main", parents.front());
  }
};

TEST_F(PackReceiverTest, IndexesAsGitDoes) {
  const auto& repository = testing::shared_history(1);
  ASSERT_TRUE(receive(pack_of(repository, "--delta-base-offset"), 65536).has_value());
  testing::run(
      fmt::format("cd '{0}' && mv pack-*.idx ours && git index-pack pack-*.pack > /dev/null && cmp ours pack-*.idx",
                  packs().string()));
}

TEST_F(PackReceiverTest, TakesPiecesOfAnySize) {
  const RepositoryWithChains repository;
  const auto pack = pack_of(repository, "--delta-base-offset --depth=100");
  for (const std::size_t piece : {1UZ, 7UZ, 4096UZ, pack.size()}) {
    ASSERT_TRUE(receive(pack, piece).has_value()) << piece;
    EXPECT_EQ(objects_by_git(), objects_of(repository));
    for (const auto& file : fs::directory_iterator(packs())) fs::remove(file.path());
  }
}

TEST_F(PackReceiverTest, FindsBasesThatAreNamedById) {
  const RepositoryWithChains repository;
  ASSERT_TRUE(receive(pack_of(repository, "--no-delta-base-offset --depth=100"), 65536).has_value());
  EXPECT_EQ(objects_by_git(), objects_of(repository));
}

TEST_F(PackReceiverTest, KeepsLargeObjectsInFiles) {
  TestRepository repository;
  auto random = Random(1);
  std::string large;
  while (large.size() < 3 * k_small_object_bytes) large += fmt::format("{:x}\n", random.below(1ULL << 60U));
  const auto first = repository.commit({}, large, 1);
  const auto second = repository.commit({first}, large + "more\n", 2);
  repository.set_ref("refs/heads/main", second);
  const auto pack = pack_of(repository, "--delta-base-offset");
  ASSERT_LT(pack.size(), large.size()) << "the second is a delta";
  ASSERT_TRUE(receive(pack, 65536).has_value());
  EXPECT_EQ(objects_by_git(), objects_of(repository));
}

TEST_F(PackReceiverTest, OfNothingIsNothing) {
  const TestRepository repository;
  ASSERT_TRUE(receive(pack_of(repository, ""), 100).has_value());
  EXPECT_TRUE(fs::is_empty(packs()));
}

TEST_F(PackReceiverTest, RefusesDamage) {
  const RepositoryWithChains repository;
  const auto pack = pack_of(repository, "--delta-base-offset");
  EXPECT_EQ(refusal_of("no pack at all, but some text"), ErrorCode::provider_failed);
  EXPECT_EQ(refusal_of(std::string_view(pack).substr(0, pack.size() / 2)), ErrorCode::provider_failed);
  EXPECT_EQ(refusal_of(std::string_view(pack).substr(0, pack.size() - 1)), ErrorCode::provider_failed);
  EXPECT_EQ(refusal_of(pack + "x"), ErrorCode::provider_failed);
  auto random = Random(7);
  for (int i = 0; i < 300; ++i) {
    auto damaged = pack;
    damaged[random.below(pack.size())] ^= static_cast<char>(1U << random.below(8));
    const auto code = refusal_of(damaged);
    EXPECT_TRUE(code == ErrorCode::provider_failed || code == ErrorCode::unreachable) << i;
  }
}

TEST_F(PackReceiverTest, RefusesDeltasAgainstWhatIsElsewhere) {
  const RepositoryWithChains repository;
  const auto thin = repository.git("pack-objects --revs --thin --stdout -q", "printf 'main\\n^main~3\\n' |");
  EXPECT_EQ(refusal_of(thin), ErrorCode::provider_failed);
}

// libgit2 looks a base up by its id, finds the delta that makes the same object, and never ends.
TEST_F(PackReceiverTest, RefusesAnObjectThatIsThereTwice) {
  TestRepository repository;
  const auto blob = repository.write_object(GIT_OBJECT_BLOB, "once");
  const auto pack = repository.git("pack-objects --stdout -q", fmt::format("echo {} |", blob.to_string()));
  const auto object = pack.substr(12, pack.size() - 12 - 20);
  auto twice = pack.substr(0, 11) + '\2' + object + object;
  Sha1 hash;
  hash.update(twice);
  const auto checksum = hash.finish();
  twice.append(checksum.bytes.begin(), checksum.bytes.end());
  EXPECT_EQ(refusal_of(twice), ErrorCode::provider_failed);
}

TEST_F(PackReceiverTest, StopsAtItsLimitAndWhenAskedTo) {
  const RepositoryWithChains repository;
  const auto pack = pack_of(repository, "--delta-base-offset");
  EXPECT_EQ(refusal_of(pack, pack.size() - 1), ErrorCode::unreachable);
  std::atomic<bool> flag = true;
  const auto received = receive(pack, 1000, k_unlimited, Stop(flag));
  ASSERT_FALSE(received.has_value());
  EXPECT_EQ(received.error().code, ErrorCode::cancelled);
}

}  // namespace
}  // namespace weir::plugin::git

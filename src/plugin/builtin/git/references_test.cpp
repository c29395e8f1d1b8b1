#include "plugin/builtin/git/references.hpp"

#include <fstream>

#include <gtest/gtest.h>

#include "plugin/builtin/git/testing.hpp"

namespace weir::plugin::git {
namespace {

using testing::TestRepository;

Instant at(std::int64_t seconds) { return Instant(std::chrono::seconds(seconds)); }

References read(const TestRepository& repository) { return read_references(repository.path()).value(); }

TEST(References, OfAnEmptyRepositoryAreNone) {
  const TestRepository repository;
  const auto references = read(repository);
  EXPECT_TRUE(references.branches.empty());
  EXPECT_TRUE(references.tags.empty());
  EXPECT_EQ(references.default_branch, "main");
  auto store = ObjectStore::open(repository.objects()).value();
  EXPECT_TRUE(walk_heads(references, store)->empty());
}

TEST(References, ListBranchesAndTagsPackedOrLoose) {
  const TestRepository repository;
  const auto first = repository.commit({}, "1", 1);
  const auto second = repository.commit({first}, "2", 2);
  repository.set_ref("refs/heads/topic/a", first);
  repository.set_ref("refs/tags/v1", first);
  repository.git("pack-refs --all");
  repository.set_ref("refs/heads/main", second);
  repository.set_ref("refs/heads/\u00fcml\u00e4ut", second);
  repository.set_ref("refs/remotes/origin/main", second);
  repository.set_ref("refs/notes/commits", second);
  const auto references = read(repository);
  ASSERT_EQ(references.branches.size(), 3U);
  EXPECT_EQ(references.branches[0].name, "main");
  EXPECT_EQ(references.branches[1].name, "topic/a");
  EXPECT_EQ(references.branches[1].head, first);
  ASSERT_EQ(references.tags.size(), 1U);
  EXPECT_FALSE(references.detached_head.has_value());
  auto store = ObjectStore::open(repository.objects()).value();
  EXPECT_EQ(walk_heads(references, store).value(), (std::vector{second, first}));
}

TEST(References, ANameThatLibgit2RefusesIsReportedAndTheOthersAreRead) {
  const TestRepository repository;
  const auto commit = repository.commit({}, "1", 1);
  repository.set_ref("refs/heads/main", commit);
  const auto long_name = "refs/heads/" + std::string(2'000, 'x');
  std::ofstream(repository.path() / "packed-refs") << commit.to_string() << " " << long_name << "\n";
  const auto references = read(repository);
  ASSERT_EQ(references.branches.size(), 1U);
  EXPECT_EQ(references.branches[0].name, "main");
  EXPECT_EQ(references.unreadable, std::vector{long_name});
}

TEST(References, BeginWithTheDefaultBranchAndKeepADetachedHead) {
  const TestRepository repository;
  const auto a = repository.commit({}, "1", 1);
  const auto b = repository.commit({}, "2", 2);
  const auto c = repository.commit({}, "3", 3);
  repository.set_ref("refs/heads/a", a);
  repository.set_ref("refs/heads/zz", b);
  repository.git("symbolic-ref HEAD refs/heads/zz");
  auto store = ObjectStore::open(repository.objects()).value();
  EXPECT_EQ(walk_heads(read(repository), store).value(), (std::vector{b, a}));
  repository.git("update-ref --no-deref HEAD " + c.to_string());
  const auto references = read(repository);
  EXPECT_FALSE(references.default_branch.has_value());
  EXPECT_EQ(walk_heads(references, store).value(), (std::vector{a, b, c}));
}

TEST(References, OfNoRepositoryAreAnError) {
  const testing::TemporaryDirectory directory;
  const auto references = read_references(directory.path());
  ASSERT_FALSE(references.has_value());
  EXPECT_EQ(references.error().code, ErrorCode::not_found);
  const TestRepository inside;
  std::filesystem::create_directory(inside.path() / "sub");
  EXPECT_FALSE(read_references(inside.path() / "sub").has_value());
}

TEST(References, OfASha256RepositoryAreRefused) {
  const testing::TemporaryDirectory directory;
  testing::run(fmt::format("git init -q --bare --object-format=sha256 '{}/r' 2>&1", directory.path().string()));
  const auto references = read_references(directory.path() / "r");
  ASSERT_FALSE(references.has_value());
  EXPECT_EQ(references.error().code, ErrorCode::provider_failed);
}

TEST(Releases, AreReadFromEveryKindOfTag) {
  const TestRepository repository;
  const auto commit = repository.commit({}, "1", 1000);
  const auto blob = repository.write_object(GIT_OBJECT_BLOB, "x");
  const auto annotated = repository.write_object(
      GIT_OBJECT_TAG,
      fmt::format("object {}\ntype commit\ntag v1\ntagger Tom <tom@example.org> 5000 +0100\n\nOne\n\nMore\n",
                  commit.to_string()));
  const auto nested = repository.write_object(
      GIT_OBJECT_TAG, fmt::format("object {}\ntype tag\ntag v1n\n\nNested\n", annotated.to_string()));
  auto store = ObjectStore::open(repository.objects()).value();

  const auto one = read_release({"v1", annotated}, store).value();
  EXPECT_EQ(one.commit, commit);
  EXPECT_EQ(one.tagger->email, "tom@example.org");
  EXPECT_EQ(one.message, "One\n\nMore");
  EXPECT_EQ(one.published_at, at(5000));

  const auto light = read_release({"light", commit}, store).value();
  EXPECT_FALSE(light.message.has_value());
  EXPECT_EQ(light.published_at, at(1000));

  const auto twice = read_release({"v1n", nested}, store).value();
  EXPECT_EQ(twice.commit, commit);
  EXPECT_EQ(twice.message, "Nested");
  EXPECT_EQ(twice.published_at, at(1000));

  const auto of_blob = read_release({"data", blob}, store).value();
  EXPECT_FALSE(of_blob.commit.has_value());
  EXPECT_FALSE(of_blob.published_at.has_value());

  repository.set_ref("refs/tags/data", blob);
  repository.set_ref("refs/tags/v1n", nested);
  EXPECT_EQ(walk_heads(read(repository), store).value(), std::vector{commit});
}

}  // namespace
}  // namespace weir::plugin::git

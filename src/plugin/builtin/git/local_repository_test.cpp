#include "plugin/builtin/git/local_repository.hpp"

#include <gtest/gtest.h>

#include "plugin/builtin/git/references.hpp"
#include "plugin/builtin/git/testing.hpp"

namespace weir::plugin::git {
namespace {

namespace fs = std::filesystem;

class LocalPathsTest : public ::testing::Test {
 protected:
  LocalPathsTest() {
    testing::run(
        fmt::format("cd '{}' && mkdir open closed && git init -q -b main open/plain && git init -q --bare -b main "
                    "closed/secret.git && cd open/plain && echo 1 > f && git add f && git commit -qm one",
                    root().string()));
  }
  fs::path root() const { return directory_.path(); }
  ErrorCode refused(const fs::path& path) const {
    const auto repository = paths_.open(path);
    EXPECT_FALSE(repository.has_value()) << path;
    return repository ? ErrorCode::internal : repository.error().code;
  }
  testing::TemporaryDirectory directory_;
  LocalPaths paths_ = LocalPaths::parse(fmt::format("/nowhere::{}/open/", root().string())).value();
};

TEST_F(LocalPathsTest, OpensEveryKindOfRepository) {
  testing::run(
      fmt::format("cd '{}/open' && git clone -q --bare plain bare.git && git -C plain worktree add -q ../tree "
                  "&& git clone -q -s plain shared && ln -s plain linked && git clone -q --depth 1 "
                  "file://$PWD/plain shallow 2>&1",
                  root().string()));
  for (const char* name : {"plain", "plain/.git", "bare.git", "tree", "shared", "linked", "linked/../plain"}) {
    const auto repository = paths_.open(root() / "open" / name);
    ASSERT_TRUE(repository.has_value()) << repository.error().message;
    EXPECT_EQ(repository->completeness, Completeness::whole);
    auto store = ObjectStore::open(repository->objects).value();
    EXPECT_EQ(walk_heads(read_references(repository->git_directory).value(), store)->size(), 1U) << name;
  }
  EXPECT_EQ(paths_.open(root() / "open/shallow")->completeness, Completeness::may_lack_objects);
}

TEST_F(LocalPathsTest, RefusesWhatLiesOutside) {
  fs::create_symlink(root() / "closed/secret.git", root() / "open/link");
  fs::create_directory(root() / "open2");
  EXPECT_EQ(refused(root() / "closed/secret.git"), ErrorCode::invalid_input);
  EXPECT_EQ(refused(root() / "open/../closed/secret.git"), ErrorCode::invalid_input);
  EXPECT_EQ(refused(root() / "open/link"), ErrorCode::invalid_input);
  EXPECT_EQ(refused(root() / "open2"), ErrorCode::invalid_input);
  EXPECT_EQ(refused("/etc"), ErrorCode::invalid_input);
  EXPECT_EQ(refused("/"), ErrorCode::invalid_input);
  // Nothing tells whether it exists.
  EXPECT_EQ(refused(root() / "closed/nothing"), ErrorCode::invalid_input);
  EXPECT_FALSE(LocalPaths().open(root() / "open/plain").has_value());
}

TEST_F(LocalPathsTest, RefusesRepositoriesThatPointOutside) {
  const auto evil = [&](const char* name) {
    fs::create_directory(root() / "open" / name);
    return root() / "open" / name;
  };
  const auto secret = (root() / "closed/secret.git").string();
  std::ofstream(evil("by-file") / ".git") << "gitdir: " << secret << "\n";
  fs::create_symlink(secret, evil("by-link") / ".git");
  testing::run(
      fmt::format("cd '{0}/open' && for n in alternates objects pack common; do git clone -q --bare plain $n; done && "
                  "echo '{1}/objects' > alternates/objects/info/alternates && rm -r objects/objects && "
                  "ln -s '{1}/objects' objects/objects && touch '{0}/closed/x.pack' && "
                  "mkdir -p pack/objects/pack && ln -s '{0}/closed/x.pack' pack/objects/pack/x.pack && "
                  "echo '{1}' > common/commondir",
                  root().string(), secret));
  for (const char* name : {"by-file", "by-link", "alternates", "objects", "pack", "common"})
    EXPECT_EQ(refused(root() / "open" / name), ErrorCode::invalid_input) << name;
}

TEST_F(LocalPathsTest, SaysWhenThereIsNoRepository) {
  fs::create_directory(root() / "open/empty");
  std::ofstream(root() / "open/file") << "x";
  EXPECT_EQ(refused(root() / "open/nothing"), ErrorCode::not_found);
  EXPECT_EQ(refused(root() / "open/empty"), ErrorCode::not_found);
  EXPECT_EQ(refused(root() / "open/file"), ErrorCode::not_found);
  EXPECT_EQ(refused(root() / "open"), ErrorCode::not_found);
}

TEST(LocalPaths, AreAbsolute) {
  EXPECT_TRUE(LocalPaths::parse("").has_value());
  const auto paths = LocalPaths::parse("/srv:relative/dir");
  ASSERT_FALSE(paths.has_value());
  EXPECT_EQ(paths.error().code, ErrorCode::configuration);
}

}  // namespace
}  // namespace weir::plugin::git

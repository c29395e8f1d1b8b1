#include "plugin/builtin/git/diff_stats.hpp"

#include <map>

#include <gtest/gtest.h>

#include "plugin/builtin/git/commit_reader.hpp"
#include "plugin/builtin/git/testing.hpp"

namespace weir::plugin::git {
namespace {

using testing::TestRepository;
using testing::TreeEntry;

std::string text(const DiffStats& stats) {
  const auto number = [](std::optional<std::int64_t> value) { return value ? fmt::format("{}", *value) : "?"; };
  return fmt::format("+{} -{} in {}", number(stats.additions), number(stats.deletions), number(stats.files_changed));
}

std::string count(const TestRepository& repository, const std::optional<ObjectId>& before, const ObjectId& after,
                  const DiffLimits& limits = {}) {
  auto store = ObjectStore::open(repository.objects()).value();
  TreeCache trees(store);
  const auto stats = count_changes(store, trees, before, after, limits, Stop());
  return stats ? text(*stats) : stats.error().message;
}

// What git says of every commit, by its id.
std::map<std::string, std::string> ask_git(const TestRepository& repository) {
  std::map<std::string, std::string> answers;
  std::string id;
  std::array<std::int64_t, 3> sums{};
  const auto keep = [&] {
    if (!id.empty()) answers[id] = text({sums[0], sums[1], sums[2]});
  };
  const auto output = repository.git(
      "-c core.bigFileThreshold=1048576 log --all --format=commit:%H --numstat -M100% --diff-merges=first-parent");
  for (const auto& line : testing::lines_of(output)) {
    if (line.starts_with("commit:")) {
      keep();
      id = line.substr(7);
      sums = {};
    } else if (!line.empty()) {
      const auto tab = line.find('\t');
      if (line[0] != '-') {
        sums[0] += std::stoll(line);
        sums[1] += std::stoll(line.substr(tab + 1));
      }
      ++sums[2];
    }
  }
  keep();
  return answers;
}

class RandomHistoryStats : public ::testing::TestWithParam<int> {};

TEST_P(RandomHistoryStats, AreWhatGitSays) {
  const auto& repository = testing::shared_history(GetParam());
  CommitReader reader(ObjectStore::open(repository.objects()).value(), {});
  const auto answers = ask_git(repository);
  EXPECT_EQ(answers.size(), 500U);
  for (const auto& [id, expected] : answers) {
    const auto commit = reader.read(ObjectId::parse(id).value(), Stop());
    ASSERT_TRUE(commit.has_value()) << commit.error().message;
    EXPECT_EQ(text(commit->stats), expected) << id;
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomHistoryStats, ::testing::Range(1, 4));

class DiffStatsTest : public ::testing::Test {
 protected:
  TreeEntry file(const std::string& name, const std::string& content, const std::string& mode = "100644") const {
    return {mode, repository_.write_object(GIT_OBJECT_BLOB, content), name};
  }
  ObjectId tree(const std::vector<TreeEntry>& entries) const { return repository_.write_tree(entries); }
  TestRepository repository_;
};

TEST_F(DiffStatsTest, CountsLinesWithAndWithoutTheirEnd) {
  const auto before = tree({file("empty", ""), file("f", "a\nb\nc"), file("gone", "x")});
  const auto after = tree({file("empty", "1\n2\n"), file("f", "a\nB\nc\n")});
  EXPECT_EQ(count(repository_, before, after), "+4 -3 in 3");
  EXPECT_EQ(count(repository_, std::nullopt, before), "+4 -0 in 3");
  EXPECT_EQ(count(repository_, before, before), "+0 -0 in 0");
}

TEST_F(DiffStatsTest, CountsAMovedFileOnce) {
  const auto before = tree({file("a", "1\n2\n3\n"), file("b", "1\n2\n3\n"), file("c", "x\n")});
  const auto after = tree({file("c", "x\n"), file("d", "1\n2\n3\n")});
  EXPECT_EQ(count(repository_, before, after), "+0 -3 in 2");  // one moved, one deleted
}

TEST_F(DiffStatsTest, CountsModesBinariesAndSubmodulesAsFiles) {
  const auto submodule = [](const char* digit) {
    return TreeEntry{"160000", ObjectId::parse(std::string(39, '0') + digit).value(), "s"};
  };
  const auto before = tree({file("a", "run\n"), file("b", std::string("0123456789\0abc", 14)), submodule("1")});
  const auto after = tree({file("a", "run\n", "100755"), file("b", "text\n"), submodule("2")});
  EXPECT_EQ(count(repository_, before, after), "+1 -1 in 3");
}

TEST_F(DiffStatsTest, TakesAHugeFileForBinary) {
  const auto after = tree({file("at", std::string(1 << 20, '\n')), file("over", std::string((1 << 20) + 1, '\n'))});
  EXPECT_EQ(count(repository_, std::nullopt, after), "+1048576 -0 in 2");
}

TEST_F(DiffStatsTest, SaysWhatItDoesNotKnow) {
  const auto after = tree({file("a", "1\n"), file("b", "2\n")});
  const auto limited = [&](std::uint64_t bytes, std::size_t entries) {
    return count(repository_, std::nullopt, after, {.read_bytes_max = bytes, .tree_entries_max = entries});
  };
  EXPECT_EQ(limited(3, 2), "+? -? in 2");
  EXPECT_EQ(limited(4, 1), "+? -? in ?");
  EXPECT_EQ(limited(4, 2), "+2 -0 in 2");
}

TEST_F(DiffStatsTest, IsNotDrownedByATreeOfABillionFiles) {
  auto bomb = tree({file("f", "x\n")});
  for (int level = 0; level < 10; ++level) {
    std::vector<TreeEntry> entries;
    for (int i = 0; i < 8; ++i) entries.push_back({"40000", bomb, fmt::format("d{}", i)});
    bomb = tree(entries);
  }
  EXPECT_EQ(count(repository_, std::nullopt, bomb, {.tree_entries_max = 10'000}), "+? -? in ?");
  auto deep = tree({file("f", "x\n")});
  for (int level = 0; level < 520; ++level) deep = tree({{"40000", deep, "d"}});
  EXPECT_EQ(count(repository_, std::nullopt, deep), "+? -? in ?");
}

TEST_F(DiffStatsTest, SurvivesBrokenTrees) {
  const auto junk = repository_.write_object(GIT_OBJECT_TREE, "100644 no end");
  EXPECT_EQ(count(repository_, std::nullopt, junk), "+0 -0 in 0");
  const auto missing = tree({{"100644", ObjectId::parse(std::string(40, 'a')).value(), "f"}});
  EXPECT_TRUE(count(repository_, std::nullopt, missing).contains("missing"));
}

TEST_F(DiffStatsTest, IgnoresAttributesOfTheRepository) {
  const auto before = tree({file(".gitattributes", "* -diff\n"), file("f", "a\n")});
  const auto after = tree({file(".gitattributes", "* -diff\n"), file("f", "b\n")});
  std::filesystem::create_directories(repository_.path() / "info");
  std::ofstream(repository_.path() / "info" / "attributes") << "* -diff filter=evil\n";
  EXPECT_EQ(count(repository_, before, after), "+1 -1 in 1");
}

}  // namespace
}  // namespace weir::plugin::git

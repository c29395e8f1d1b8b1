#include "load/resource.hpp"

#include <unistd.h>

#include <fstream>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace weir::load {
namespace {

namespace fs = std::filesystem;

constexpr auto k_release = R"(name: release
description: A published version
key: [repo_key, release_key]
updated_at: changed_at
columns:
  tag: {type: text, description: The tag's name}
  release_key: text
  repo_key: text
  changed_at: timestamptz
)";

class ResourceTest : public testing::Test {
 protected:
  ResourceTest() {
    root_ = fs::temp_directory_path() / fmt::format("weir-resource-{}", ::getpid());
    fs::create_directories(first());
    fs::create_directories(second());
  }
  ~ResourceTest() override { fs::remove_all(root_); }

  fs::path first() const { return root_ / "first"; }
  fs::path second() const { return root_ / "second"; }
  static void write(const fs::path& directory, const std::string& name, std::string_view text) {
    std::ofstream(directory / name) << text;
  }
  Result<ResourceCatalog> read() const { return ResourceCatalog::read({first(), second()}); }
  // The message of a refusal, without the directory.
  std::string refusal() const {
    const auto catalog = read();
    if (catalog) return "it was accepted";
    EXPECT_EQ(catalog.error().code, ErrorCode::declaration_invalid);
    const auto& message = catalog.error().message;
    return message.starts_with(root_.string()) ? message.substr(root_.string().size() + 1) : message;
  }

 private:
  fs::path root_;
};

TEST_F(ResourceTest, TheKeyComesFirstInItsOwnOrder) {
  write(first(), "release.yaml", k_release);
  const auto catalog = read();
  ASSERT_TRUE(catalog) << catalog.error().message;
  const auto* release = catalog->find("release");
  ASSERT_NE(release, nullptr);
  EXPECT_EQ(release->columns[0].name, "repo_key");
  EXPECT_EQ(release->columns[1].name, "release_key");
  EXPECT_EQ(release->key_columns, 2U);
  EXPECT_EQ(release->columns[*release->updated_at].name, "changed_at");
  EXPECT_EQ(release->columns[*release->find("tag")].description, "The tag's name");
  EXPECT_FALSE(release->find("nothing").has_value());
}

TEST_F(ResourceTest, ALaterDirectoryAddsColumnsAndResourcesButChangesNoType) {
  write(first(), "release.yaml", k_release);
  write(second(), "release.yaml", "name: release\ncolumns: {risk: bigint, tag: text}\n");
  write(second(), "deploy.yaml", "name: deploy\nkey: [id]\ncolumns: {id: text}\n");
  const auto catalog = read();
  ASSERT_TRUE(catalog) << catalog.error().message;
  EXPECT_EQ(catalog->find("release")->columns.size(), 5U);
  EXPECT_EQ(catalog->find("release")->key_columns, 2U);
  EXPECT_NE(catalog->find("deploy"), nullptr);
  write(second(), "release.yaml", "name: release\ncolumns:\n  tag: bigint\n");
  EXPECT_EQ(refusal(),
            "second/release.yaml:3:8: the column 'tag' is text elsewhere; a type never changes: use another name");
  write(second(), "release.yaml", "name: release\nkey: [tag]\n");
  EXPECT_EQ(refusal(),
            "second/release.yaml:2:6: the key of 'release' is [repo_key, release_key] elsewhere; a key never changes: "
            "remove this line");
}

TEST_F(ResourceTest, RefusalsNameFileLineAndRemedy) {
  const std::pair<std::string, std::string> cases[] = {
      {"", ":1:1: the file must be a mapping, but here is nothing; write 'key: value'"},
      {"name: y\nkey: [id]\ncolumns: {id: text}\n",
       ":1:7: the name 'y' is not the file's; rename the file or write name: x"},
      {"key: [id]\ncolumns: {id: text}\n", ":1:1: the key 'name' is missing; add it: the file's name without .yaml"},
      {"name: x\ncolumns: {id: text}\n",
       ":1:1: the key 'key' is missing; name the columns that identify a row, as in key: [repo_key, sha]"},
      {"name: x\nkey: [id]\ncolumns: {id: text, id: text}\n",
       ":3:21: the key 'id' is repeated; remove it here or in line 3"},
      {"name: x\nkey: [id]\ncolumns:\n  id: text\n  Size: bigint\n",
       ":5:3: 'Size' cannot be the name of a column; use small letters, digits and _, at most 60 of them"},
      {"name: x\nkey: [id]\ncolumns:\n  id: text\n  run_id: text\n",
       ":5:3: the column 'run_id' is filled by Weir or PostgreSQL; choose another name"},
      {"name: x\nkey: [id]\ncolumns:\n  id: varchar\n",
       ":4:7: 'type' cannot be 'varchar'; use one of: text, bigint, numeric, double, boolean, timestamptz, date, "
       "jsonb, "
       "text[]"},
      {"name: x\nkey: [id]\ncolumns:\n  id: {kind: text}\n", ":4:8: unknown key 'kind'; known here: type, description"},
      {"name: x\nkey: [id]\ncolumns:\n  id:\n",
       ":4:3: the key 'type' is missing; add it: the column's type, as in 'sha: text'"},
      {"name: x\nkey: [id]\ncolumns: {id: bigint}\n",
       ":2:6: the key's column 'id' is not text; keys are the provider's ids as text"},
      {"name: x\nkey: [no]\ncolumns: {id: text}\n", ":2:6: the key names 'no', which is no column; declare it"},
      {"name: x\nkey: [id, id]\ncolumns: {id: text}\n", ":2:11: 'id' is repeated; remove one of them"},
      {"name: x\nkey: [id]\ncolumns: {id: text}\nupdated_at: id\n",
       ":4:13: updated_at names 'id', which is no timestamptz column; declare it"},
      {"name: x\nkey: [id]\nindex: id\n",
       ":3:1: unknown key 'index'; known here: name, description, key, updated_at, "
       "columns"},
      {std::string(70'000, '#'), ": the file is larger than 64 KiB; split it"},
  };
  for (const auto& [text, expected] : cases) {
    write(first(), "x.yaml", text);
    EXPECT_EQ(refusal(), "first/x.yaml" + expected) << text;
  }
}

TEST_F(ResourceTest, AMissingDirectoryIsNamed) {
  const auto catalog = ResourceCatalog::read({first() / "none"});
  ASSERT_FALSE(catalog);
  EXPECT_EQ(catalog.error().code, ErrorCode::configuration);
  EXPECT_TRUE(catalog.error().message.contains("none")) << catalog.error().message;
}

TEST(ShippedResources, AreValidAndReferToEachOther) {
  const auto catalog = ResourceCatalog::read({fs::path(WEIR_SOURCE_DIR) / "plugins/resources"});
  ASSERT_TRUE(catalog) << catalog.error().message;
  for (const auto* name :
       {"repository", "branch", "commit", "commit_parent", "contributor", "repository_contributor", "release",
        "pull_request", "pull_request_review", "pull_request_label", "pull_request_assignee", "issue", "issue_label",
        "issue_assignee", "team", "team_member", "pipeline_def", "pipeline_run", "job"})
    EXPECT_NE(catalog->find(name), nullptr) << name;
  for (const auto& [name, resource] : catalog->all()) {
    EXPECT_FALSE(resource.description.empty()) << name;
    EXPECT_GT(resource.key_columns, 0U) << name;
  }
}

TEST_F(ResourceTest, ABrokenFileIsLeftOutAlone) {
  write(first(), "release.yaml", k_release);
  write(first(), "broken.yaml", "name: broken\nkeys: [id]\n");
  std::vector<FileProblem> problems;
  const auto catalog = ResourceCatalog::read({first(), second()}, problems);
  EXPECT_NE(catalog.find("release"), nullptr);
  EXPECT_EQ(catalog.find("broken"), nullptr);
  ASSERT_FALSE(problems.empty());
  EXPECT_EQ(problems.front().line, 2);
}

}  // namespace
}  // namespace weir::load

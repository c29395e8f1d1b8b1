#include "plugin/catalog.hpp"

#include <gtest/gtest.h>

#include "tests/support/temporary_directory.hpp"

namespace weir::plugin {
namespace {

constexpr std::string_view k_resource = "name: {}\ndescription: x\nkey: [id]\ncolumns: {{id: text}}\n";
constexpr std::string_view k_script = "resources: [commit]\nbuiltin: a_builtin\n";

Result<std::unique_ptr<ScriptRun>> refuse_start(const ScriptDeclaration&, ScriptServices) {
  return fail(ErrorCode::internal, "not in this test");
}

class Catalog : public testing::Test {
 protected:
  Catalog() {
    builtins_.add("a_builtin", {.start = refuse_start});
    root_.write("a/resources/commit.yaml", fmt::format(k_resource, "commit"));
    root_.write("a/resources/repository.yaml", fmt::format(k_resource, "repository"));
    root_.write("a/data-sources/git/provider.yaml", "title: Git\n");
    root_.write("a/data-sources/git/commit.yaml", k_script);
  }
  PluginCatalog read(std::initializer_list<const char*> directories = {"a"}) const {
    std::vector<std::filesystem::path> paths;
    for (const auto* directory : directories) paths.push_back(root_.path() / directory);
    return PluginCatalog::read(paths, builtins_);
  }
  static std::vector<std::string> lines(const PluginCatalog& catalog, const test::TemporaryDirectory& root) {
    std::vector<std::string> all;
    for (const auto& problem : catalog.problems())
      all.push_back(problem.place.to_string().substr(root.path().string().size() + 1));
    return all;
  }

  test::TemporaryDirectory root_;
  BuiltinRegistry builtins_;
};

using Lines = std::vector<std::string>;

TEST_F(Catalog, FindsProvidersScriptsAndResources) {
  const auto catalog = read();
  EXPECT_TRUE(catalog.problems().empty());
  ASSERT_NE(catalog.find("git/commit"), nullptr);
  EXPECT_EQ(catalog.find("git/commit")->declaration().name, "commit");
  EXPECT_EQ(catalog.provider("git")->title, "Git");
  EXPECT_EQ(catalog.scripts().size(), 1U);
  EXPECT_EQ(catalog.scripts_of("git").size(), 1U);
  EXPECT_EQ(catalog.resources().all().size(), 2U);
  EXPECT_EQ(catalog.find("git/nothing"), nullptr);
  EXPECT_EQ(catalog.provider("nobody"), nullptr);
}

TEST_F(Catalog, ABrokenScriptDisablesOnlyItself) {
  root_.write("a/data-sources/git/broken.yaml", "resources: [commit\n");
  const auto catalog = read();
  EXPECT_EQ(lines(catalog, root_).size(), 1U);
  EXPECT_NE(catalog.find("git/commit"), nullptr);
  EXPECT_EQ(catalog.find("git/broken"), nullptr);
  ASSERT_NE(catalog.problem_of("git/broken"), nullptr);
  EXPECT_EQ(catalog.problem_of("git/commit"), nullptr);
}

TEST_F(Catalog, ABrokenProviderDisablesItsScriptsAndNoOther) {
  root_.write("a/data-sources/other/provider.yaml", "titel: Other\n");
  root_.write("a/data-sources/other/commit.yaml", k_script);
  const auto catalog = read();
  EXPECT_EQ(lines(catalog, root_),
            (Lines{"a/data-sources/other/provider.yaml:1:1: unknown key 'titel'; did you mean 'title'?",
                   "a/data-sources/other/provider.yaml:1:1: the key 'title' is missing; add it: The provider's name as "
                   "people write it."}));
  EXPECT_EQ(catalog.find("other/commit"), nullptr);
  EXPECT_NE(catalog.problem_of("other/commit"), nullptr);
  EXPECT_NE(catalog.find("git/commit"), nullptr);
}

TEST_F(Catalog, ABrokenResourceDisablesOnlyTheScriptsThatUseIt) {
  root_.write("a/resources/repository.yaml", "name: repository\ncolums: {}\n");
  root_.write("a/data-sources/git/repository.yaml", "resources: [repository]\nbuiltin: a_builtin\n");
  const auto catalog = read();
  ASSERT_GE(catalog.problems().size(), 2U);
  EXPECT_EQ(catalog.problems().front().provider, "");
  EXPECT_EQ(catalog.problems().front().place.line, 2);
  EXPECT_EQ(catalog.find("git/repository"), nullptr);
  EXPECT_NE(catalog.find("git/commit"), nullptr);
}

TEST_F(Catalog, AFolderWithoutProviderFileIsNamed) {
  root_.write("a/data-sources/other/commit.yaml", k_script);
  EXPECT_EQ(lines(read(), root_),
            Lines{"a/data-sources/other/provider.yaml: the file cannot be read: No such file or directory; check that "
                  "it exists and its permissions"});
}

TEST_F(Catalog, ALaterDirectoryAddsButNeverReplaces) {
  root_.write("b/data-sources/git/provider.yaml", "title: Another Git\n");
  root_.write("b/data-sources/svn/provider.yaml", "title: Subversion\n");
  root_.write("b/data-sources/svn/commit.yaml", "resources: [commit, changeset]\nbuiltin: a_builtin\n");
  root_.write("b/resources/changeset.yaml", fmt::format(k_resource, "changeset"));
  const auto catalog = read({"a", "b"});
  ASSERT_EQ(catalog.problems().size(), 1U);
  EXPECT_EQ(catalog.problems()[0].place.to_string(),
            fmt::format("{0}/b/data-sources/git: the provider 'git' is already declared; rename the folder, or remove "
                        "{0}/a/data-sources/git",
                        root_.path().string()));
  EXPECT_EQ(catalog.provider("git")->title, "Git");
  EXPECT_NE(catalog.find("svn/commit"), nullptr);
  EXPECT_EQ(catalog.problem_of("git/commit"), nullptr);
}

TEST_F(Catalog, NamesAreChecked) {
  root_.write("a/data-sources/My_Tool/provider.yaml", "title: x\n");
  root_.write("a/data-sources/git/Commit.yaml", k_script);
  root_.write("a/data-sources/git/other.yml", k_script);
  root_.write("a/data-sources/git/README.md", "not a script");
  root_.write("a/data-sources/git/.hidden.yaml", "not a script");
  root_.write("a/data-sources/git/tests/x.yaml", "not a script");
  EXPECT_EQ(lines(read(), root_),
            (Lines{"a/data-sources/My_Tool: 'My_Tool' is not a provider's name; name the folder with small letters, "
                   "digits and -, at most 40 of them",
                   "a/data-sources/git/Commit.yaml: 'Commit' is not a script's name; name the file with small letters, "
                   "digits, _ and -, at most 60 of them",
                   "a/data-sources/git/other.yml: a script's file ends in .yaml; rename it"}));
}

TEST_F(Catalog, ADependencyThatNothingProvidesIsOnlyNoted) {
  root_.write("a/data-sources/git/commit.yaml",
              "resources: [commit]\ndependencies: [repository]\nbuiltin: a_builtin\n");
  const auto catalog = read();
  ASSERT_EQ(lines(catalog, root_),
            Lines{"a/data-sources/git/commit.yaml: it depends on 'repository', which no script provides; add a plugin "
                  "that provides it, or correct the name"});
  EXPECT_FALSE(catalog.problems()[0].is_disabling);
  EXPECT_NE(catalog.find("git/commit"), nullptr);
  EXPECT_EQ(catalog.problem_of("git/commit"), nullptr);
}

TEST_F(Catalog, ADirectoryWithoutPluginsIsNamed) {
  EXPECT_EQ(lines(read({"a", "nowhere"}), root_),
            Lines{"nowhere: there are no plugins here; give a directory that holds data-sources/ or resources/"});
}

TEST_F(Catalog, ManyFilesAreBounded) {
  for (int i = 0; i < 310; ++i) root_.write(fmt::format("a/data-sources/git/s{}.yaml", i), k_script);
  const auto catalog = read();
  ASSERT_EQ(catalog.problems().size(), 1U);
  EXPECT_NE(catalog.problems()[0].place.message.find("more than 300 entries"), std::string::npos);
}

TEST_F(Catalog, TheBuiltInPluginsAreFoundBesideTheBinary) {
  const auto expect_found = [&](const char* executable, const char* plugins) {
    root_.write(fmt::format("{}/resources/x.yaml", plugins), "");
    const auto found = find_plugin_directories(root_.path() / executable, {"/more"});
    ASSERT_EQ(found.size(), 2U) << executable;
    EXPECT_EQ(found[0], root_.path() / plugins);
    EXPECT_EQ(found[1], "/more");
  };
  expect_found("usr/bin/weir", "usr/share/weir/plugins");
  expect_found("unpacked/weir", "unpacked/plugins");
  expect_found("tree/build/release/apps/weir/weir", "tree/plugins");
  EXPECT_TRUE(find_plugin_directories("/nonexistent/1/2/3/4/5/weir", {}).empty());
}

}  // namespace
}  // namespace weir::plugin

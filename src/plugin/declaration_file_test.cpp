#include "plugin/declaration_file.hpp"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "tests/support/temporary_directory.hpp"

namespace weir::plugin {
namespace {

Result<std::unique_ptr<ScriptRun>> refuse_start(const ScriptDeclaration&, ScriptServices) {
  return fail(ErrorCode::internal, "not in this test");
}

class ScriptFile : public testing::Test {
 protected:
  ScriptFile() {
    for (const char* name : {"repository", "commit"})
      directory_.write(
          fmt::format("{}.yaml", name),
          fmt::format("name: {}\ndescription: x\nkey: [id]\ncolumns: {{id: text, at: timestamptz}}\n", name));
    resources_ = *load::ResourceCatalog::read({directory_.path()});
    builtins_.add("git_commit", {.start = refuse_start});
  }

  std::expected<ScriptDeclaration, Problems> parse(std::string_view yaml) const {
    return parse_script(yaml, "commit.yaml", {"git", "commit", resources_, builtins_});
  }
  std::vector<std::string> problems_of(std::string_view yaml) const {
    std::vector<std::string> lines;
    if (const auto script = parse(yaml); !script)
      for (const auto& problem : script.error()) lines.push_back(problem.to_string());
    return lines;
  }

  test::TemporaryDirectory directory_;
  load::ResourceCatalog resources_;
  BuiltinRegistry builtins_;
};

using Lines = std::vector<std::string>;

TEST_F(ScriptFile, SaysWhatTheScriptIs) {
  const auto script = parse(
      "description: The history\nresources: [commit]\ndependencies: [repository]\nimportWindowDuration: 30d\n"
      "importWindowDays: everything\nbuiltin: git_commit\npartitionsInParallel: 4\nattempts: 5\n"
      "cursor: {kind: window, field: updated_at, order: immutable, lookback: 5m, settle: 10s}\n");
  ASSERT_TRUE(script.has_value());
  EXPECT_EQ(script->full_name(), "git/commit");
  EXPECT_EQ(script->resources, Lines{"commit"});
  EXPECT_EQ(script->dependencies, Lines{"repository"});
  EXPECT_EQ(script->import_window_duration, std::chrono::days(30));
  EXPECT_EQ(script->import_window_days, std::nullopt);
  EXPECT_EQ(script->builtin, "git_commit");
  EXPECT_EQ(script->partitions_in_parallel, 4);
  EXPECT_EQ(script->attempts_max, 5);
  EXPECT_EQ(script->cursor, CursorKind::window);
  EXPECT_EQ(script->cursor_field, "updated_at");
  EXPECT_EQ(script->order, PageOrder::immutable);
  EXPECT_EQ(script->lookback, 5min);
  EXPECT_EQ(script->settle, 10s);
  EXPECT_EQ(script->file, "commit.yaml");
}

TEST_F(ScriptFile, HasTheDefaultsOfTheDocumentation) {
  const auto script = parse("resources: [commit]\nbuiltin: git_commit\n");
  ASSERT_TRUE(script.has_value());
  EXPECT_EQ(script->import_window_duration, 24h);
  EXPECT_EQ(script->import_window_days, 90);
  EXPECT_EQ(script->cursor, CursorKind::full);
  EXPECT_EQ(script->lookback, 0s);
  EXPECT_EQ(script->settle, 0s);
  EXPECT_EQ(script->partitions_in_parallel, 1);
  EXPECT_EQ(script->attempts_max, 3);
}

TEST_F(ScriptFile, TheOrderAloneIsAKind) {
  EXPECT_EQ(parse("resources: [commit]\nbuiltin: git_commit\ncursor: {order: ascending}\n")->cursor,
            CursorKind::ascending);
  EXPECT_EQ(parse("resources: [commit]\nbuiltin: git_commit\ncursor: {order: descending}\n")->cursor,
            CursorKind::descending);
  EXPECT_EQ(problems_of("resources: [commit]\nbuiltin: git_commit\ncursor: {order: immutable}\n"),
            Lines{"commit.yaml:3:9: the cursor has no kind; add kind: window, ascending, descending, heads or full"});
  EXPECT_EQ(problems_of("resources: [commit]\nbuiltin: git_commit\ncursor: {kind: ascending, order: descending}\n"),
            Lines{"commit.yaml:3:34: a cursor of kind ascending cannot be in descending order; remove one of the two"});
  EXPECT_EQ(
      problems_of("resources: [commit]\nbuiltin: git_commit\ncursor: {kind: full, order: descending}\n"),
      Lines{"commit.yaml:3:29: a full listing cannot be read newest first: what changes would move out of it; sort "
            "by something that never changes: order: immutable"});
}

TEST_F(ScriptFile, WithoutABuiltinItSaysWhatItAsksFor) {
  EXPECT_EQ(problems_of("resources: [commit]\nrequest: {url: /x}\nmap: {id: \"{{ record.id }}\"}\n"),
            Lines{"commit.yaml:1:1: the provider does not say where it is; add http: {url: …} to its provider.yaml"});
}

TEST_F(ScriptFile, UnknownNamesAreErrorsWithTheNearestOne) {
  EXPECT_EQ(problems_of("resources: [comit]\ndependencies: [xyz]\nbuiltin: git_comit\n"),
            (Lines{"commit.yaml:1:13: the resource 'comit' is not declared; did you mean 'commit'?",
                   "commit.yaml:2:16: the resource 'xyz' is not declared; declare it in plugins/resources/xyz.yaml",
                   "commit.yaml:3:10: there is no built-in 'git_comit' in this version; did you mean 'git_commit'?"}));
  EXPECT_EQ(problems_of("resources: [commit]\nbuiltin: git_commit\nattemps: 2\n"),
            Lines{"commit.yaml:3:1: unknown key 'attemps'; did you mean 'attempts'?"});
}

TEST_F(ScriptFile, ItCannotDependOnItself) {
  EXPECT_EQ(
      problems_of("resources: [commit]\ndependencies: [commit]\nbuiltin: git_commit\n"),
      Lines{"commit.yaml:2:16: it depends on 'commit', which it provides itself; remove it from one of the lists"});
}

TEST_F(ScriptFile, BoundsAreChecked) {
  EXPECT_EQ(problems_of("resources: [commit]\nbuiltin: git_commit\nimportWindowDays: 0\n"),
            Lines{"commit.yaml:3:19: 'importWindowDays' cannot be '0'; it must be between 1 and 36600, or everything"});
  EXPECT_EQ(problems_of("resources: []\nbuiltin: git_commit\n").size(), 1U);
  EXPECT_EQ(problems_of("resources: [commit]\nbuiltin: git_commit\nimportWindowDuration: 0s\n").size(), 1U);
  EXPECT_EQ(problems_of("").size(), 1U);
}

TEST_F(ScriptFile, TheHashIsOfTheMeaning) {
  const std::string base = "resources: [commit]\nbuiltin: git_commit\n";
  const auto hash = parse(base)->hash;
  EXPECT_EQ(hash.size(), 32U);
  EXPECT_EQ(parse("# a comment\nbuiltin:   git_commit\nresources:\n  - commit\n")->hash, hash);
  EXPECT_EQ(parse(base + "description: words\nattempts: 9\nimportWindowDuration: 7d\n")->hash, hash);
  EXPECT_EQ(parse(base + "cursor: {kind: full, lookback: 1h}\n")->hash, hash);
  EXPECT_NE(parse(base + "cursor: {kind: window}\n")->hash, hash);
  EXPECT_NE(parse(base + "importWindowDays: 30\n")->hash, hash);
  EXPECT_NE(parse("resources: [commit, repository]\nbuiltin: git_commit\n")->hash, hash);

  builtins_.add("git_commit", {.start = refuse_start, .version = 2});
  EXPECT_NE(parse(base)->hash, hash);
  builtins_.add("git_commit", {.start = refuse_start});
  directory_.write("commit.yaml",
                   "name: commit\ndescription: x\nkey: [id]\ncolumns: {id: text, at: timestamptz, more: text}\n");
  resources_ = *load::ResourceCatalog::read({directory_.path()});
  EXPECT_NE(parse(base)->hash, hash);
}

Lines provider_problems(std::string_view yaml) {
  Lines lines;
  if (const auto provider = parse_provider(yaml, "provider.yaml", "git"); !provider)
    for (const auto& problem : provider.error()) lines.push_back(problem.to_string());
  return lines;
}

TEST(ProviderFile, SaysWhatTheProviderIs) {
  const auto provider = parse_provider(
      "name: git\ntitle: Git\ndescription: Repositories\nconfig:\n"
      "  GIT_URL: {description: Where, required: true, identity: true}\n"
      "  GIT_TOKEN: {description: Key, secret: true}\n"
      "  GIT_DEPTH: {description: How deep, default: 5, pattern: '[0-9]+'}\n",
      "provider.yaml", "git");
  ASSERT_TRUE(provider.has_value());
  EXPECT_EQ(provider->title, "Git");
  ASSERT_EQ(provider->config.size(), 3U);
  EXPECT_TRUE(provider->find("GIT_URL")->is_required);
  EXPECT_TRUE(provider->find("GIT_URL")->is_identity);
  EXPECT_TRUE(provider->find("GIT_TOKEN")->is_secret);
  EXPECT_EQ(provider->find("GIT_DEPTH")->default_value, "5");
  EXPECT_EQ(provider->find("GIT_HOST"), nullptr);
}

TEST(ProviderFile, MistakesAreNamed) {
  EXPECT_EQ(provider_problems("title: Git\nconfig:\n  GIT_URL: {description: x, requird: true}\n"),
            Lines{"provider.yaml:3:29: unknown key 'requird'; did you mean 'required'?"});
  EXPECT_EQ(provider_problems("name: gti\ntitle: Git\n"),
            Lines{"provider.yaml:1:7: the name 'gti' is not the folder's, 'git'; rename one of them, or leave the name "
                  "out"});
  EXPECT_EQ(
      provider_problems("title: Git\nconfig:\n  git_url: {description: x}\n"
                        "  A: {description: x, secret: true, default: y}\n"
                        "  B: {description: x, pattern: '[a'}\n"
                        "  C: {description: x, pattern: '[a]', default: b}\n"),
      (Lines{"provider.yaml:3:3: 'git_url' is not a name of a setting; use capital letters, digits and _, as in "
             "an environment variable",
             "provider.yaml:4:46: the secret 'A' has a default; remove the default: a secret is set for each data "
             "source",
             "provider.yaml:5:32: the pattern of 'B' is not a regular expression; correct it; ECMAScript's syntax "
             "is used",
             "provider.yaml:6:48: the default of 'C' does not match its pattern; change one of them"}));
}

}  // namespace
}  // namespace weir::plugin

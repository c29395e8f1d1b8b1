#include "orchestrator/run_parameters.hpp"

#include <gtest/gtest.h>

namespace weir::orchestrator {
namespace {

using nlohmann::json;

Instant now() { return parse_rfc3339("2026-03-10T15:00:00Z").value(); }
Result<RunParameters> read(const char* text) { return read_run_parameters(json::parse(text), now()); }
std::string problem(const char* text) {
  const auto result = read(text);
  return result ? "" : std::string(result.error().name()) + ": " + result.error().message;
}

TEST(RunParameters, NoneChooseEverything) {
  const auto all = read("{}");
  EXPECT_FALSE(all->sources || all->scripts || all->with_dependencies || all->backfill);
}

TEST(RunParameters, ChooseSourcesAndScripts) {
  const auto chosen = read(R"({"sources": ["github", "ci-2"], "scripts": ["github/pull_request"], "with_deps": true})");
  EXPECT_EQ(*chosen->sources, (std::vector<std::string>{"github", "ci-2"}));
  EXPECT_EQ(*chosen->scripts, (std::vector<std::string>{"github/pull_request"}));
  EXPECT_TRUE(chosen->with_dependencies);
  EXPECT_TRUE(read(R"({"sources": []})")->sources->empty());  // all, whatever the pipeline says
}

TEST(RunParameters, NameARangeOfOneScript) {
  const auto order =
      read(R"({"source": "github", "script": "issue", "from": "2026-01-01", "to": "2026-01-31"})")->backfill.value();
  EXPECT_EQ(order.source, "github");
  EXPECT_EQ(order.script, "issue");
  EXPECT_EQ(order.range.to, parse_rfc3339("2026-02-01T00:00:00Z").value());
}

TEST(RunParameters, WhatIsWrongIsNamed) {
  EXPECT_EQ(problem("[]"), "invalid_input: the parameters of a run are an object");
  EXPECT_TRUE(problem(R"({"sorces": []})").starts_with("invalid_input: there is no parameter 'sorces': sources, "));
  EXPECT_EQ(problem(R"({"sources": "github"})"), "invalid_input: sources is a list of at most 1000 names");
  EXPECT_EQ(problem(R"({"scripts": [1]})"), "invalid_input: scripts is a list of at most 1000 names");
  EXPECT_TRUE(problem(R"({"sources": ["Git Hub"]})").starts_with("invalid_input: "));
  for (const auto* name : {"issue", "/issue", "github/", "a/b/c", "github/Issue", "github/\\u0007"})
    EXPECT_TRUE(problem(fmt::format(R"({{"scripts": ["{}"]}})", name).c_str()).contains("PROVIDER/SCRIPT")) << name;
  EXPECT_EQ(problem(R"({"with_deps": 1})"), "invalid_input: with_deps is true or false");
  EXPECT_EQ(problem(R"({"source": "github", "script": "issue", "from": "2026-01-01"})"),
            "invalid_input: a backfill needs source, script, from and to; to is missing");
  EXPECT_EQ(problem(R"({"source": "github", "script": "issue", "from": 1, "to": 2})"),
            "invalid_input: from is a text of at most 200 bytes");
  EXPECT_EQ(problem(R"({"source": "github", "script": "issue", "from": "soon", "to": "2026-01-01"})"),
            "invalid_input: from is 'soon': a day (2026-01-31) or an instant (2026-01-31T12:00:00Z) is wanted");
  EXPECT_TRUE(problem(R"({"source": "github", "scripts": ["github/issue"]})").contains("do not go with a backfill"));
}

TEST(RunParameters, NotesOfABackfillAreNone) {
  const auto kept = without_notes({{"from", "2026-01-01"}, {"done_to", "x"}, {"window", {}}, {"yield", true}});
  EXPECT_EQ(kept, json({{"from", "2026-01-01"}}));
}

TEST(RunParameters, UnknownNamesAreRefusedOneByOne) {
  const plugin::PluginCatalog empty;
  tenancy::DataSource source;
  source.name = "mirror";
  source.provider = "git";
  const auto refused = refuse_unknown({.sources = {"mirror", "gone"}, .scripts = {"git/commit"}}, {source}, empty);
  ASSERT_EQ(refused.size(), 2U);
  EXPECT_EQ(refused[0].id, (ScriptId{"gone", "*"}));
  EXPECT_EQ(refused[1].id, (ScriptId{"*", "git/commit"}));
  for (const auto& one : refused) EXPECT_TRUE(is_settled(one));
  EXPECT_TRUE(refuse_unknown({}, {source}, empty).empty());
}

}  // namespace
}  // namespace weir::orchestrator

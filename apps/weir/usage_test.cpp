#include "weir/usage.hpp"

#include <gtest/gtest.h>

#include "weir/cli.hpp"
#include "weir/completion.hpp"

namespace weir::app {
namespace {

// A small tree of its own, so that no new verb changes these tests.
struct Frame {
  Cli cli;
  CLI::App root;
  std::string tenant;
  std::vector<std::string> sources;
  std::vector<std::string> args;

  Frame() {
    add_global_options(root, cli);
    auto& group = add_group(root, "tenant", "Tenants");
    auto& add = add_command(group, "add", "Add a tenant", {"weir tenant add acme"});
    add.add_option("key", tenant, "Its key")->required();
    add_repeated(add, "--source", sources, "A source");
    add.callback([this] { cli.action = [] { return 0; }; });
    add_command(root, "runs", "Runs", {});
  }

  int run(std::vector<const char*> words) {
    words.insert(words.begin(), "weir");
    return run_cli(root, cli, static_cast<int>(words.size()), words.data());
  }

  std::string explain(std::vector<const char*> words) {
    words.insert(words.begin(), "weir");
    try {
      root.parse(static_cast<int>(words.size()), words.data());
    } catch (const CLI::ParseError& error) {
      return explain_usage(root, error).message;
    }
    return "parsed";
  }
};

TEST(Usage, GlobalOptionsAreTakenBeforeAndAfterTheVerb) {
  Frame frame;
  EXPECT_EQ(frame.run({"--home", "/h", "tenant", "add", "acme", "--json", "--log-level", "error"}), 0);
  EXPECT_EQ(frame.cli.home, "/h");
  EXPECT_TRUE(frame.cli.json);
  EXPECT_EQ(frame.cli.log_level, LogLevel::error);
}

TEST(Usage, AValueNamedLikeAVerbIsAValue) {
  Frame frame;
  EXPECT_EQ(frame.run({"tenant", "add", "runs"}), 0);
  EXPECT_EQ(frame.tenant, "runs");
}

TEST(Usage, ARepeatedOptionTakesOneValueEachAndNeverThePositional) {
  Frame frame;
  EXPECT_EQ(frame.run({"tenant", "add", "--source", "a", "--source", "b", "acme"}), 0);
  EXPECT_EQ(frame.sources, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(frame.tenant, "acme");
}

TEST(Usage, SaysWhatIsWrongAndWhereTheHelpIs) {
  EXPECT_EQ(Frame().explain({"tenat"}), "there is no command 'weir tenat'; did you mean tenant?\nSee: weir --help");
  EXPECT_EQ(Frame().explain({"tenant"}), "'weir tenant' needs a command: add\nSee: weir tenant --help");
  EXPECT_EQ(Frame().explain({"tenant", "add", "acme", "--jsno"}),
            "'weir tenant add' has no option --jsno; did you mean --json?\nSee: weir tenant add --help");
  EXPECT_EQ(Frame().explain({"tenant", "add", "acme", "more"}),
            "'weir tenant add' does not take 'more'\nSee: weir tenant add --help");
  EXPECT_EQ(Frame().explain({"tenant", "add"}), "'weir tenant add': key is required\nSee: weir tenant add --help");
  EXPECT_TRUE(Frame().explain({"runs", "--log-level", "loud"}).contains("--log-level"));
}

TEST(Usage, AWrongCommandLineExitsWithTwo) {
  EXPECT_EQ(Frame().run({"tenant", "add"}), 2);
  EXPECT_EQ(Frame().run({}), 2);
  EXPECT_EQ(Frame().run({"--help"}), 0);
}

TEST(Completion, EveryShellKnowsEveryCommandAndOption) {
  Frame frame;
  for (const auto* shell : {"bash", "zsh", "fish"}) {
    const auto script = completion_script(frame.root, shell).value();
    for (const auto* word : {"tenant", "weir tenant add", "log-format", "text json", "source"})
      EXPECT_TRUE(script.contains(word)) << shell << " lacks " << word;
  }
  EXPECT_FALSE(completion_script(frame.root, "tcsh").has_value());
}

}  // namespace
}  // namespace weir::app

// Every declarative script that is shipped has tests as text beside it, and passes them.
#include <filesystem>

#include <gtest/gtest.h>

#include "plugin/trial/script_case.hpp"
#include "tests/support/run.hpp"

namespace weir::plugin {
namespace {

namespace fs = std::filesystem;

const fs::path k_plugins = fs::path(WEIR_SOURCE_DIR) / "plugins";
const fs::path k_examples = fs::path(WEIR_SOURCE_DIR) / "docs/examples/plugins";

fs::path tests_of(const ScriptDeclaration& script) {
  return fs::path(script.file).parent_path() / "tests" / (script.name + ".yaml");
}

std::vector<std::string> differences_of(const PluginCatalog& catalog, const Script& script, const ScriptCase& one) {
  std::vector<std::string> differences;
  test::run([&](test::Context) -> Task<> { differences = co_await run_script_case(catalog, script, one); });
  return differences;
}

class ShippedScripts : public testing::Test {
 protected:
  BuiltinRegistry builtins_ = product_builtins();
  PluginCatalog catalog_ = PluginCatalog::read({k_plugins, k_examples}, builtins_);
};

TEST_F(ShippedScripts, AreSound) {
  for (const auto& problem : catalog_.problems()) EXPECT_FALSE(problem.is_disabling) << problem.place.to_string();
}

TEST_F(ShippedScripts, AllHaveTestsAndPassThem) {
  for (const auto* script : catalog_.scripts()) {
    const auto& declaration = script->declaration();
    if (!declaration.plan) continue;
    const auto file = tests_of(declaration);
    ASSERT_TRUE(fs::exists(file)) << declaration.full_name() << " has no test: write " << file;
    const auto cases = read_script_cases(file);
    ASSERT_TRUE(cases.has_value()) << cases.error().message;
    for (const auto& one : *cases) {
      for (const auto& difference : differences_of(catalog_, *script, one))
        ADD_FAILURE() << one.place << " " << one.name << ": " << difference;
    }
  }
}

TEST_F(ShippedScripts, NoTestIsWithoutItsScript) {
  for (const auto& plugins : {k_plugins, k_examples}) {
    for (const auto& provider : fs::directory_iterator(plugins / "data-sources")) {
      if (!fs::exists(provider.path() / "tests")) continue;
      for (const auto& file : fs::directory_iterator(provider.path() / "tests"))
        EXPECT_NE(catalog_.find(provider.path().filename().string() + "/" + file.path().stem().string()), nullptr)
            << file.path() << " tests no script";
    }
  }
}

}  // namespace
}  // namespace weir::plugin

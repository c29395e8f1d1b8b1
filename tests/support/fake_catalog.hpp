// Plugins whose scripts are functions in the test. One at a time: a built-in is a plain function pointer.
//
//   FakeCatalog plugins;
//   auto& repo = plugins.add("fake", "repo", "resources: [repository]");
//   repo.pass = …;
//   const auto catalog = plugins.read();
#pragma once
#include <map>
#include <memory>
#include <string>

#include <fmt/format.h>

#include "plugin/catalog.hpp"
#include "tests/support/fake_script.hpp"
#include "tests/support/temporary_directory.hpp"

namespace weir::test {

class FakeCatalog {
 public:
  FakeCatalog() {
    std::filesystem::copy(std::string(WEIR_SOURCE_DIR) + "/plugins/resources", directory_.path() / "resources",
                          std::filesystem::copy_options::recursive);
    scripts().clear();
  }
  ~FakeCatalog() { scripts().clear(); }
  FakeCatalog(const FakeCatalog&) = delete;
  FakeCatalog& operator=(const FakeCatalog&) = delete;

  void add_provider(const std::string& provider, const std::string& yaml = "") {
    directory_.write(fmt::format("data-sources/{}/provider.yaml", provider),
                     fmt::format("title: {}\n{}", provider, yaml));
  }
  FakeScript& add(const std::string& provider, const std::string& name, const std::string& yaml) {
    if (!std::filesystem::exists(directory_.path() / "data-sources" / provider)) add_provider(provider);
    directory_.write(fmt::format("data-sources/{}/{}.yaml", provider, name),
                     yaml + "\nbuiltin: fake\ncursor: {kind: ascending}\n");
    auto& script = scripts()[provider + "/" + name];
    script = std::make_unique<FakeScript>(name, provider);
    return *script;
  }
  void write(const std::string& file, const std::string& text) { directory_.write("data-sources/" + file, text); }
  plugin::PluginCatalog read() const {
    plugin::BuiltinRegistry builtins;
    builtins.add("fake", {.start = start});
    return plugin::PluginCatalog::read({directory_.path()}, builtins);
  }

 private:
  static std::map<std::string, std::unique_ptr<FakeScript>>& scripts() {
    static std::map<std::string, std::unique_ptr<FakeScript>> all;
    return all;
  }
  static Result<std::unique_ptr<plugin::ScriptRun>> start(const plugin::ScriptDeclaration& declaration,
                                                          plugin::ScriptServices services) {
    return scripts().at(declaration.full_name())->start(std::move(services));
  }

  TemporaryDirectory directory_;
};

}  // namespace weir::test

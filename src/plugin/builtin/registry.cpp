#include "plugin/builtin/registry.hpp"

namespace weir::plugin {
namespace {

class BuiltinScript final : public Script {
 public:
  BuiltinScript(ScriptDeclaration declaration, Builtin builtin)
      : declaration_(std::move(declaration)), builtin_(builtin) {}
  const ScriptDeclaration& declaration() const override { return declaration_; }
  Result<std::unique_ptr<ScriptRun>> start(ScriptServices services) const override {
    return builtin_.start(declaration_, std::move(services));
  }

 private:
  ScriptDeclaration declaration_;
  Builtin builtin_;
};

}  // namespace

const Builtin* BuiltinRegistry::find(std::string_view name) const {
  const auto found = builtins_.find(name);
  return found == builtins_.end() ? nullptr : &found->second;
}

std::vector<std::string> BuiltinRegistry::names() const {
  std::vector<std::string> names;
  for (const auto& [name, builtin] : builtins_) names.push_back(name);
  return names;
}

std::unique_ptr<Script> make_builtin_script(ScriptDeclaration declaration, Builtin builtin) {
  return std::make_unique<BuiltinScript>(std::move(declaration), builtin);
}

}  // namespace weir::plugin

// Scripts written in C++ and linked into the binary. A script file refers to one by name (`builtin: git_commit`); all
// of them are listed in builtins.cpp.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "plugin/script.hpp"

namespace weir::plugin {

// Begins one run. `declaration` outlives it.
using BuiltinStart = Result<std::unique_ptr<ScriptRun>> (*)(const ScriptDeclaration& declaration,
                                                            ScriptServices services);

struct Builtin {
  BuiltinStart start = nullptr;
  int version = 1;  // part of the declaration's hash: raise it when the same input gives other rows
};

class BuiltinRegistry {
 public:
  void add(std::string name, Builtin builtin) { builtins_.insert_or_assign(std::move(name), builtin); }
  const Builtin* find(std::string_view name) const;  // valid until the registry changes
  std::vector<std::string> names() const;

 private:
  std::map<std::string, Builtin, std::less<>> builtins_;
};

// Every built-in of the product.
BuiltinRegistry product_builtins();

// The script of a file that names a built-in.
std::unique_ptr<Script> make_builtin_script(ScriptDeclaration declaration, Builtin builtin);

}  // namespace weir::plugin

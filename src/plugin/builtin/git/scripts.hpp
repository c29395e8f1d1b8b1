// The scripts of the data source git, for the list of built-ins. Each has a partition per repository.
#pragma once
#include "plugin/builtin/registry.hpp"

namespace weir::plugin::git {

using StartResult = Result<std::unique_ptr<ScriptRun>>;

StartResult start_repository(const ScriptDeclaration& declaration, ScriptServices services);
StartResult start_branch(const ScriptDeclaration& declaration, ScriptServices services);
StartResult start_commit(const ScriptDeclaration& declaration, ScriptServices services);
StartResult start_contributor(const ScriptDeclaration& declaration, ScriptServices services);
StartResult start_release(const ScriptDeclaration& declaration, ScriptServices services);

}  // namespace weir::plugin::git

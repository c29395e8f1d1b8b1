// Reads the declarative parts of the two kinds of file. Both take trees that were checked against their tables of keys,
// and add a problem for everything else that is wrong.
#pragma once
#include <memory>

#include "plugin/declarative/template_reader.hpp"

namespace weir::plugin::declarative {

// provider.yaml's `http`.
std::shared_ptr<const ServicePlan> read_service(const YamlNode& http, PlanSource source);

struct ScriptPlanContext {
  const ScriptDeclaration& script;  // its resources are known
  const load::ResourceCatalog& resources;
  std::shared_ptr<const ServicePlan> service;  // of the provider; may be null
};

// A script file without `builtin`.
std::shared_ptr<const ScriptPlan> read_script_plan(const YamlNode& root, PlanSource source,
                                                   const ScriptPlanContext& context);

// The keys of a script file that only declarative scripts have.
std::span<const std::string_view> declarative_keys();

}  // namespace weir::plugin::declarative

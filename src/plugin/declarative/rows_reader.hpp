// The parts of a plan that say which rows are made.
#pragma once
#include "plugin/declarative/template_reader.hpp"

namespace weir::plugin::declarative {

// `map` and `rows` of a script file; `known`: what records know.
std::vector<RowsPlan> read_rows(TemplateReader& reader, const YamlNode& root, const ScriptDeclaration& script,
                                const load::ResourceCatalog& resources, Roots known);

}  // namespace weir::plugin::declarative

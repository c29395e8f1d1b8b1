#include "provider-sim/graphql/validate.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace weir::sim::graphql {
namespace {

std::string_view operation_label(const Operation& operation) {
  return operation.name.empty() ? std::string_view("anonymous query") : std::string_view(operation.name);
}

}  // namespace

Validator::Validator(const Document& document, const Operation& operation)
    : document_(document), operation_(operation) {
  path_.push_back(operation.name.empty() ? operation.kind : operation.kind + " " + operation.name);
}

nlohmann::json Validator::validate() {
  check_selections(Schema::get().at("Query"), operation_.selections);
  check_variables();
  return std::move(errors_);
}

void Validator::report(std::string message, std::string_view code, Position at, nlohmann::json extensions) {
  nlohmann::json error;
  error["path"] = path_;
  extensions["code"] = code;
  error["extensions"] = std::move(extensions);
  error["locations"] = nlohmann::json::array({{{"line", at.line}, {"column", at.column}}});
  error["message"] = std::move(message);
  errors_.push_back(std::move(error));
}

void Validator::check_selections(const TypeDef& type, const std::vector<Selection>& selections) {
  for (const Selection& selection : selections) {
    for (const Directive& directive : selection.directives)
      for (const Argument& argument : directive.arguments) check_value(argument.value, argument.at);
    if (selection.kind == Selection::Kind::field)
      check_field(type, selection);
    else
      check_fragment(type, selection);
  }
}

void Validator::check_fragment(const TypeDef& parent, const Selection& selection) {
  const bool is_spread = selection.kind == Selection::Kind::spread;
  const Fragment* fragment = nullptr;
  if (is_spread) {
    const auto found = document_.fragments.find(selection.name);
    if (found == document_.fragments.end())
      return report(fmt::format("Fragment {} was used, but not defined", selection.name), "useAndDefineFragment",
                    selection.at, {{"fragmentName", selection.name}});
    if (std::ranges::find(open_fragments_, selection.name) != open_fragments_.end())
      return report(fmt::format("Fragment {} contains an infinite loop", selection.name), "infiniteLoop", selection.at,
                    {{"fragmentName", selection.name}});
    fragment = &found->second;
  }
  const std::string& condition = fragment ? fragment->type : selection.type;
  const TypeDef* type = condition.empty() ? &parent : Schema::get().find(condition);
  if (!type)
    return report(fmt::format("No such type {}, so it can't be a fragment condition", condition), "undefinedType",
                  selection.at, {{"typeName", condition}});
  path_.push_back(is_spread ? "fragment " + selection.name : "... on " + condition);
  if (is_spread) open_fragments_.push_back(selection.name);
  check_selections(*type, fragment ? fragment->selections : selection.selections);
  if (is_spread) open_fragments_.pop_back();
  path_.pop_back();
}

void Validator::check_field(const TypeDef& type, const Selection& field) {
  if (field.name == "__typename") return;
  path_.push_back(field.key());
  const FieldDef* definition = type.find(field.name);
  if (!definition) {
    report(fmt::format("Field '{}' doesn't exist on type '{}'", field.name, type.name), "undefinedField", field.at,
           {{"typeName", type.name}, {"fieldName", field.name}});
  } else {
    check_arguments(*definition, field);
    check_selection_kind(*definition, field);
    if (definition->result) check_selections(*definition->result, field.selections);
  }
  path_.pop_back();
}

void Validator::check_selection_kind(const FieldDef& definition, const Selection& field) {
  const std::string name(definition.named());
  if (static_cast<bool>(definition.result) != field.selections.empty()) return;
  std::vector<std::string> names;
  names.reserve(field.selections.size());
  for (const Selection& selection : field.selections) names.push_back('"' + selection.name + '"');
  const auto message =
      definition.result
          ? fmt::format(
                "Field must have selections (field '{0}' returns {1} but has no selections. Did you mean '{0} {{ ... "
                "}}'?)",
                field.name, name)
          : fmt::format("Selections can't be made on scalars (field '{}' returns {} but has selections [{}])",
                        field.name, name, fmt::join(names, ", "));
  report(message, "selectionMismatch", field.at,
         {{"nodeName", fmt::format("field '{}'", field.name)}, {"typeName", name}});
}

void Validator::check_arguments(const FieldDef& definition, const Selection& field) {
  for (const Argument& argument : field.arguments) {
    check_value(argument.value, argument.at);
    const auto known = std::ranges::find(definition.arguments, argument.name, &ArgumentDef::name);
    if (known != definition.arguments.end()) continue;
    path_.push_back(argument.name);
    report(fmt::format("Field '{}' doesn't accept argument '{}'", field.name, argument.name), "argumentNotAccepted",
           argument.at, {{"name", field.name}, {"typeName", "Field"}, {"argumentName", argument.name}});
    path_.pop_back();
  }
  std::vector<std::string_view> missing;
  for (const ArgumentDef& argument : definition.arguments) {
    const bool is_required = argument.type.ends_with('!') && !argument.has_default;
    if (is_required && std::ranges::find(field.arguments, argument.name, &Argument::name) == field.arguments.end())
      missing.push_back(argument.name);
  }
  if (missing.empty()) return;
  const auto names = fmt::format("{}", fmt::join(missing, ", "));
  report(fmt::format("Field '{}' is missing required arguments: {}", field.name, names), "missingRequiredArguments",
         field.at, {{"className", "Field"}, {"name", field.name}, {"arguments", names}});
}

void Validator::check_value(const Value& value, Position at) {
  for (const Value& item : value.items) check_value(item, at);
  for (const auto& [key, item] : value.fields) check_value(item, at);
  if (value.kind != Value::Kind::variable) return;
  used_variables_.insert(value.text);
  if (std::ranges::find(operation_.variables, value.text, &Variable::name) != operation_.variables.end()) return;
  report(fmt::format("Variable ${} is used by {} but not declared", value.text, operation_label(operation_)),
         "variableNotDefined", at, {{"variableName", value.text}});
}

void Validator::check_variables() {
  for (const Variable& variable : operation_.variables) {
    if (used_variables_.contains(variable.name)) continue;
    report(fmt::format("Variable ${} is declared by {} but not used", variable.name, operation_label(operation_)),
           "variableNotUsed", variable.at, {{"variableName", variable.name}});
  }
}

}  // namespace weir::sim::graphql

#include "provider-sim/graphql/plan.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "provider-sim/graphql/validate.hpp"

namespace weir::sim::graphql {
namespace {

constexpr std::int64_t k_nodes_max = 500'000;

Value to_value(const nlohmann::json& json) {
  Value value;
  if (json.is_string()) {
    value.kind = Value::Kind::text;
    value.text = json.get<std::string>();
  } else if (json.is_boolean()) {
    value.kind = Value::Kind::boolean;
    value.boolean = json.get<bool>();
  } else if (json.is_number_integer()) {
    value.kind = Value::Kind::integer;
    value.integer = json.get<std::int64_t>();
  } else if (json.is_number()) {
    value.kind = Value::Kind::real;
    value.real = json.get<double>();
  } else if (json.is_array()) {
    value.kind = Value::Kind::list;
    for (const auto& item : json) value.items.push_back(to_value(item));
  } else if (json.is_object()) {
    value.kind = Value::Kind::object;
    for (const auto& [key, item] : json.items()) value.fields.emplace_back(key, to_value(item));
  }
  return value;
}

// Whether a variable's JSON can stand for its declared type; what it stands for is checked where it is used.
bool fits(const nlohmann::json& json, std::string_view type) {
  if (type.ends_with('!')) return !json.is_null() && fits(json, type.substr(0, type.size() - 1));
  if (json.is_null()) return true;
  if (type.starts_with('[')) {
    const auto inner = type.substr(1, type.size() - 2);
    if (!json.is_array()) return fits(json, inner);
    return std::ranges::all_of(json, [inner](const auto& item) { return fits(item, inner); });
  }
  if (type == "Int") return json.is_number_integer();
  if (type == "Float") return json.is_number();
  if (type == "Boolean") return json.is_boolean();
  if (type == "ID") return json.is_string() || json.is_number_integer();
  return json.is_string() || json.is_object();
}

class Planner {
 public:
  Planner(const Document& document, const Operation& operation) : document_(document), operation_(operation) {}

  bool take_variables(const nlohmann::json& given, nlohmann::json& errors) {
    for (const Variable& variable : operation_.variables) {
      const bool is_given = given.is_object() && given.contains(variable.name);
      const nlohmann::json value = is_given ? given[variable.name] : nlohmann::json();
      if (!is_given && variable.otherwise) {
        variables_[variable.name] = *variable.otherwise;
        continue;
      }
      if (!fits(value, variable.type)) {
        nlohmann::json error;
        error["extensions"]["value"] = value;
        error["extensions"]["problems"] = nlohmann::json::array(
            {{{"path", nlohmann::json::array()},
              {"explanation", value.is_null() ? "Expected value to not be null" : "Could not coerce value"}}});
        error["locations"] = nlohmann::json::array({{{"line", variable.at.line}, {"column", variable.at.column}}});
        error["message"] =
            fmt::format("Variable ${} of type {} was provided invalid value", variable.name, variable.type);
        errors.push_back(std::move(error));
        continue;
      }
      if (is_given) variables_[variable.name] = to_value(value);
    }
    return errors.empty();
  }

  Plan plan() {
    Plan plan;
    std::vector<const Selection*> selections;
    selections.reserve(operation_.selections.size());
    for (const Selection& selection : operation_.selections) selections.push_back(&selection);
    plan.fields = fields_of(Schema::get().at("Query"), selections, 1);
    plan.cost = std::max<std::int64_t>(1, (requests_ + 50) / 100);
    plan.nodes = nodes_;
    return plan;
  }

 private:
  struct Group {
    const Selection* first;
    std::vector<const Selection*> children;
  };

  // The fields of one concrete type in the order they are written, those with one key merged.
  PlannedFields fields_of(const TypeDef& type, const std::vector<const Selection*>& selections, std::int64_t parents) {
    std::vector<Group> groups;
    for (const Selection* selection : selections) collect(type, *selection, groups);
    PlannedFields fields;
    for (const Group& group : groups) fields.push_back(field_of(type, group, parents));
    return fields;
  }

  void collect(const TypeDef& type, const Selection& selection, std::vector<Group>& groups) {
    if (is_left_out(selection)) return;
    if (selection.kind == Selection::Kind::field) {
      auto group = std::ranges::find_if(groups, [&](const Group& g) { return g.first->key() == selection.key(); });
      if (group == groups.end()) group = groups.insert(groups.end(), {.first = &selection, .children = {}});
      for (const Selection& child : selection.selections) group->children.push_back(&child);
      return;
    }
    const bool is_spread = selection.kind == Selection::Kind::spread;
    const Fragment* fragment = is_spread ? &document_.fragments.find(selection.name)->second : nullptr;
    const std::string& condition = fragment ? fragment->type : selection.type;
    if (!condition.empty() && !is_a(type, condition)) return;
    for (const Selection& child : fragment ? fragment->selections : selection.selections) collect(type, child, groups);
  }

  static bool is_a(const TypeDef& type, std::string_view condition) {
    const TypeDef* wanted = Schema::get().find(condition);
    if (!wanted) return false;
    const auto possible = Schema::get().possible_types(*wanted);
    return std::ranges::find(possible, &type) != possible.end();
  }

  bool is_left_out(const Selection& selection) const {
    for (const Directive& directive : selection.directives) {
      if (directive.arguments.empty()) continue;
      const bool condition = resolve(directive.arguments.front().value).boolean;
      if ((directive.name == "skip" && condition) || (directive.name == "include" && !condition)) return true;
    }
    return false;
  }

  PlannedField field_of(const TypeDef& type, const Group& group, std::int64_t parents) {
    PlannedField field{.key = group.first->key(), .at = group.first->at};
    if (group.first->name == "__typename") return field;
    field.definition = type.find(group.first->name);
    for (const Argument& argument : group.first->arguments) {
      Value value = resolve(argument.value);
      if (value.kind != Value::Kind::variable) field.arguments.emplace_back(argument.name, std::move(value));
    }
    if (!field.definition->result) return field;
    auto children_parents = parents;
    if (field.definition->is_connection()) {
      requests_ += parents;
      const auto wanted = field.integer("first").value_or(field.integer("last").value_or(0));
      children_parents = parents * std::clamp<std::int64_t>(wanted, 1, 100);
      nodes_ += children_parents;
    } else if (const Value* ids = field.argument("ids")) {
      children_parents = parents * static_cast<std::int64_t>(std::max<std::size_t>(1, ids->items.size()));
    }
    const auto requests = requests_;
    const auto nodes = nodes_;
    auto requests_max = requests;
    auto nodes_max = nodes;
    for (const TypeDef* concrete : Schema::get().possible_types(*field.definition->result)) {
      requests_ = requests;
      nodes_ = nodes;
      field.children[concrete] = fields_of(*concrete, group.children, children_parents);
      requests_max = std::max(requests_max, requests_);
      nodes_max = std::max(nodes_max, nodes_);
    }
    requests_ = requests_max;
    nodes_ = nodes_max;
    return field;
  }

  // Variables replaced; one without a value stays a variable.
  Value resolve(const Value& value) const {
    if (value.kind == Value::Kind::variable) {
      const auto found = variables_.find(value.text);
      return found == variables_.end() ? value : found->second;
    }
    Value result = value;
    for (Value& item : result.items) item = resolve(item);
    for (auto& [key, item] : result.fields) item = resolve(item);
    return result;
  }

  const Document& document_;
  const Operation& operation_;
  std::map<std::string, Value> variables_;
  std::int64_t requests_ = 0;
  std::int64_t nodes_ = 0;
};

nlohmann::json plain_error(std::string_view message) { return nlohmann::json::array({{{"message", message}}}); }

const Operation* choose_operation(const Document& document, std::string_view name) {
  if (name.empty()) return document.operations.size() == 1 ? &document.operations.front() : nullptr;
  const auto found = std::ranges::find(document.operations, name, &Operation::name);
  return found == document.operations.end() ? nullptr : &*found;
}

}  // namespace

const Value* PlannedField::argument(std::string_view name) const {
  for (const auto& [given, value] : arguments)
    if (given == name) return value.kind == Value::Kind::null ? nullptr : &value;
  return nullptr;
}

std::string PlannedField::text(std::string_view name, std::string_view otherwise) const {
  const Value* value = argument(name);
  return value ? value->text : std::string(otherwise);
}

std::optional<std::int64_t> PlannedField::integer(std::string_view name) const {
  const Value* value = argument(name);
  if (!value || value->kind != Value::Kind::integer) return std::nullopt;
  return value->integer;
}

Planned make_plan(const Document& document, std::string_view operation_name, const nlohmann::json& variables) {
  const Operation* operation = choose_operation(document, operation_name);
  if (!operation)
    return {.errors = plain_error(operation_name.empty() ? "An operation name is required"
                                                         : fmt::format("No operation named \"{}\"", operation_name))};
  if (operation->kind != "query") return {.errors = plain_error("The simulator answers queries only")};
  Planned planned{.errors = Validator(document, *operation).validate()};
  Planner planner(document, *operation);
  if (!planned.errors.empty() || !planner.take_variables(variables, planned.errors)) return planned;
  planned.plan = planner.plan();
  if (planned.plan->nodes <= k_nodes_max) return planned;
  auto error =
      plain_error(fmt::format("This query requests up to {} possible nodes which exceeds the maximum limit of {}.",
                              planned.plan->nodes, k_nodes_max));
  error[0]["type"] = "MAX_NODE_LIMIT_EXCEEDED";
  return {.errors = std::move(error)};
}

}  // namespace weir::sim::graphql

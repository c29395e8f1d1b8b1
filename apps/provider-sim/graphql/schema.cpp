#include "provider-sim/graphql/schema.hpp"

#include <algorithm>
#include <stdexcept>

#include <nlohmann/json.hpp>

namespace weir::sim::graphql {

std::string_view FieldDef::named() const {
  auto text = type;
  while (text.starts_with('[')) text.remove_prefix(1);
  while (text.ends_with('!') || text.ends_with(']')) text.remove_suffix(1);
  return text;
}

const FieldDef* TypeDef::find(std::string_view field) const {
  const auto found = std::ranges::find(fields, field, &FieldDef::name);
  return found == fields.end() ? nullptr : &*found;
}

Schema::Schema() {
  for (const auto& list :
       {query_types(), account_types(), repository_types(), code_types(), ticket_types(), connection_types()})
    for (const TypeDef& type : list) types_.emplace(type.name, type);
  for (auto& [name, type] : types_)
    for (FieldDef& field : type.fields) field.result = find(field.named());
}

const Schema& Schema::get() {
  static const Schema schema;
  return schema;
}

const TypeDef* Schema::find(std::string_view name) const {
  const auto found = types_.find(name);
  return found == types_.end() ? nullptr : &found->second;
}

const TypeDef& Schema::at(std::string_view name) const {
  const TypeDef* type = find(name);
  if (!type) throw std::logic_error("no GraphQL type " + std::string(name));
  return *type;
}

std::vector<const TypeDef*> Schema::possible_types(const TypeDef& type) const {
  if (type.kind == TypeDef::Kind::object) return {&type};
  std::vector<const TypeDef*> types;
  types.reserve(type.possible.size());
  for (const auto name : type.possible) types.push_back(&at(name));
  return types;
}

nlohmann::json describe_schema() {
  nlohmann::json json = nlohmann::json::object();
  for (const auto& [name, type] : Schema::get().types()) {
    auto& fields = json[std::string(name)] = nlohmann::json::object();
    for (const FieldDef& field : type.fields) {
      auto& entry = fields[std::string(field.name)];
      entry["type"] = field.type;
      entry["arguments"] = nlohmann::json::object();
      for (const ArgumentDef& argument : field.arguments)
        entry["arguments"][std::string(argument.name)] = argument.type;
    }
  }
  return json;
}

}  // namespace weir::sim::graphql

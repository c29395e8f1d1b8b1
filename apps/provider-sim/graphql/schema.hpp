// The part of GitHub's GraphQL schema that the simulator answers: types, fields, arguments, each with the name and type
// that GitHub publishes (a test compares them), and the function that writes its value.
#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "provider-sim/world/world.hpp"

namespace weir::sim::graphql {

struct TypeDef;
struct PlannedField;
class Execution;

// A thing of the world under one of its types. What `data` and `owner` point at stands beside the type's table.
struct Object {
  const TypeDef* type = nullptr;
  const Repository* repository = nullptr;
  const void* data = nullptr;
  const void* owner = nullptr;
  Index index = k_none;

  template <class T>
  const T& as() const {
    return *static_cast<const T*>(data);
  }
};

using Resolver = void (*)(Execution& execution, const Object& self, const PlannedField& field);

struct ArgumentDef {
  std::string_view name{};
  std::string_view type{};
  bool has_default = false;
};

struct FieldDef {
  std::string_view name{};
  std::string_view type{};  // "[Repository]", "Int!"
  Resolver resolve = nullptr;
  std::vector<ArgumentDef> arguments{};

  const TypeDef* result = nullptr;  // nullptr: a scalar or an enumeration
  bool is_connection() const { return named().ends_with("Connection"); }
  std::string_view named() const;  // without list and non-null marks
};

struct TypeDef {
  enum class Kind { object, interface, union_ };
  std::string_view name{};
  Kind kind = Kind::object;
  std::vector<FieldDef> fields{};
  std::vector<std::string_view> possible{};  // of an interface or union

  const FieldDef* find(std::string_view field) const;
};

class Schema {
 public:
  static const Schema& get();
  const TypeDef* find(std::string_view name) const;
  const TypeDef& at(std::string_view name) const;
  const std::map<std::string_view, TypeDef>& types() const { return types_; }
  std::vector<const TypeDef*> possible_types(const TypeDef& type) const;

 private:
  Schema();
  std::map<std::string_view, TypeDef> types_;
};

// The type of a name that is known to be there: type_of<"Commit">().
struct TypeName {
  template <std::size_t N>
  consteval TypeName(const char (&name)[N]) {  // NOLINT: conversion is the purpose
    for (std::size_t i = 0; i + 1 < N; ++i) text[i] = name[i];
    length = N - 1;
  }
  char text[40] = {};
  std::size_t length = 0;
};
template <TypeName Name>
const TypeDef* type_of() {
  static const TypeDef* const found = &Schema::get().at({Name.text, Name.length});
  return found;
}

// The tables, by subject.
std::vector<TypeDef> query_types();
std::vector<TypeDef> account_types();
std::vector<TypeDef> repository_types();
std::vector<TypeDef> code_types();
std::vector<TypeDef> ticket_types();
std::vector<TypeDef> connection_types();

// The whole schema as {"Type": {"field": {"type": "Int!", "arguments": {"first": "Int"}}}}.
nlohmann::json describe_schema();

}  // namespace weir::sim::graphql

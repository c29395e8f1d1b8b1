// Shorthand for the tables of fields.
#pragma once
#include <fmt/format.h>

#include "provider-sim/graphql/execution.hpp"

namespace weir::sim::graphql {

using E = Execution;
using O = Object;
using F = PlannedField;

// The member of what `data` points at.
template <class T, auto Member>
void member(E& e, const O& o, const F&) {
  e.json().value(o.as<T>().*Member);
}
// The member of the repository.
template <auto Member>
void of_repository(E& e, const O& o, const F&) {
  e.json().value(o.repository->*Member);
}
// Always the same.
template <bool Value>
void always(E& e, const O&, const F&) {
  e.json().value(Value);
}
inline void nothing(E& e, const O&, const F&) { e.json().value(nullptr); }
inline void owning_repository(E& e, const O& o, const F& f) { e.object(e.repository(o.repository), f); }

inline std::vector<ArgumentDef> paged(std::initializer_list<ArgumentDef> more = {}) {
  std::vector<ArgumentDef> arguments{{"after", "String"}, {"before", "String"}, {"first", "Int"}, {"last", "Int"}};
  arguments.insert(arguments.end(), more);
  return arguments;
}

// Ids beyond 32 bits do not fit GraphQL's Int.
inline void write_database_id(E& e, std::int64_t id) {
  if (id > 2'147'483'647)
    e.json().value(nullptr);
  else
    e.json().value(id);
}

// What `orderBy: {field, direction}` asks for.
struct Order {
  std::string field;
  bool is_descending = false;
};
inline Order order_of(const F& f, std::string_view field, bool is_descending) {
  const Value* value = f.argument("orderBy");
  if (!value) return {std::string(field), is_descending};
  const Value* wanted = value->find("field");
  const Value* direction = value->find("direction");
  return {wanted ? wanted->text : std::string(field), direction && direction->text == "DESC"};
}
inline bool is_among(const F& f, std::string_view argument, std::string_view value) {
  const Value* list = f.argument(argument);
  if (!list) return true;
  if (list->kind != Value::Kind::list) return list->text == value;
  for (const Value& item : list->items)
    if (item.text == value) return true;
  return false;
}

}  // namespace weir::sim::graphql

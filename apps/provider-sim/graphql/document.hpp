// A GraphQL query as text becomes a Document: operations and fragments, with positions for messages.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.hpp"

namespace weir::sim::graphql {

struct Position {
  int line = 1;
  int column = 1;
};

struct Value {
  enum class Kind { null, boolean, integer, real, text, enumeration, list, object, variable };
  Kind kind = Kind::null;
  std::string text{};  // of a text, an enumeration's name, a variable's name
  std::int64_t integer = 0;
  double real = 0;
  bool boolean = false;
  std::vector<Value> items{};
  std::vector<std::pair<std::string, Value>> fields{};
  Position at{};

  const Value* find(std::string_view name) const;  // of an object
};

struct Argument {
  std::string name{};
  Value value{};
  Position at{};
};

struct Directive {
  std::string name{};
  std::vector<Argument> arguments{};
};

struct Selection {
  enum class Kind { field, fragment, spread };
  Kind kind = Kind::field;
  std::string name{};   // of the field, or of the fragment spread
  std::string alias{};  // empty: none
  std::string type{};   // the condition of an inline fragment; empty: none
  std::vector<Argument> arguments{};
  std::vector<Directive> directives{};
  std::vector<Selection> selections{};
  Position at{};

  const std::string& key() const { return alias.empty() ? name : alias; }
};

struct Variable {
  std::string name{};
  std::string type{};  // as written, without spaces: [ID!]!
  std::optional<Value> otherwise{};
  Position at{};
};

struct Operation {
  std::string kind = "query";
  std::string name{};
  std::vector<Variable> variables{};
  std::vector<Selection> selections{};
};

struct Fragment {
  std::string type{};
  std::vector<Selection> selections{};
  Position at{};
};

struct Document {
  std::vector<Operation> operations{};
  std::map<std::string, Fragment, std::less<>> fragments{};
};

// The error's message is GitHub's: Parse error on "}" (RCURLY) at [1, 12].
Result<Document> parse_document(std::string_view text);

}  // namespace weir::sim::graphql

// Checks a document against the schema; the messages and codes are those of GitHub's server.
#pragma once
#include <set>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "provider-sim/graphql/document.hpp"
#include "provider-sim/graphql/schema.hpp"

namespace weir::sim::graphql {

class Validator {
 public:
  Validator(const Document& document, const Operation& operation);
  // An array of errors; empty when the operation is valid.
  nlohmann::json validate();

 private:
  void check_selections(const TypeDef& type, const std::vector<Selection>& selections);
  void check_field(const TypeDef& type, const Selection& field);
  void check_selection_kind(const FieldDef& definition, const Selection& field);
  void check_arguments(const FieldDef& definition, const Selection& field);
  void check_value(const Value& value, Position at);
  void check_fragment(const TypeDef& parent, const Selection& selection);
  void check_variables();
  void report(std::string message, std::string_view code, Position at, nlohmann::json extensions);

  const Document& document_;
  const Operation& operation_;
  std::vector<std::string> path_;
  std::set<std::string> used_variables_;
  std::vector<std::string_view> open_fragments_;
  nlohmann::json errors_ = nlohmann::json::array();
};

}  // namespace weir::sim::graphql

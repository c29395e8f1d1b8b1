// A validated query, ready to run: for every place an object can stand, which fields of which concrete type to write
// under which keys, with arguments filled in. Errors are GitHub's, as JSON.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "provider-sim/graphql/document.hpp"
#include "provider-sim/graphql/schema.hpp"

namespace weir::sim::graphql {

struct PlannedField;
using PlannedFields = std::vector<PlannedField>;

struct PlannedField {
  std::string key{};
  const FieldDef* definition = nullptr;                    // nullptr: __typename
  std::vector<std::pair<std::string, Value>> arguments{};  // variables replaced; absent ones absent
  std::map<const TypeDef*, PlannedFields> children{};
  Position at{};

  const Value* argument(std::string_view name) const;  // nullptr when absent or null
  std::string text(std::string_view name, std::string_view otherwise = {}) const;
  std::optional<std::int64_t> integer(std::string_view name) const;
};

struct Plan {
  PlannedFields fields{};
  std::int64_t cost = 1;
  std::int64_t nodes = 0;  // the most the query may return
};

struct Planned {
  std::optional<Plan> plan{};
  nlohmann::json errors = nlohmann::json::array();
};

Planned make_plan(const Document& document, std::string_view operation_name, const nlohmann::json& variables);

}  // namespace weir::sim::graphql

// JSON Schema (the part of 2020-12 that the API needs): made by these functions, published in /openapi.json, and what
// requests are checked against.
//
//   schema::object({{"name", schema::text(1, 200)}, {"lifetime", schema::duration(), Need::optional}})
#pragma once
#include <cstdint>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

namespace weir::api {

enum class Need { required, optional };

struct Property {
  std::string name;
  nlohmann::json schema;
  Need need = Need::required;
};

namespace schema {

nlohmann::json text(std::size_t min = 0, std::size_t max = 4000);  // characters
nlohmann::json name();                                             // [a-z0-9-]{1,40}
nlohmann::json uuid();
nlohmann::json instant();
nlohmann::json duration();  // 15m, 1h30m
nlohmann::json integer(std::int64_t min, std::int64_t max);
nlohmann::json count();  // a number from 0 on
nlohmann::json boolean();
nlohmann::json word(std::vector<std::string> words);
nlohmann::json anything();
nlohmann::json list(nlohmann::json items, std::size_t max = 10'000);
nlohmann::json map(nlohmann::json values, std::size_t max = 200);  // an object with free names
nlohmann::json object(std::vector<Property> properties);           // no others
nlohmann::json open_object(std::vector<Property> properties);      // others may come with a later version
nlohmann::json nullable(nlohmann::json schema);
nlohmann::json ref(const std::string& component);
nlohmann::json page(const std::string& component);  // {"items": […], "next": text or null}
nlohmann::json with(nlohmann::json schema, std::string_view meaning);

}  // namespace schema

using Components = std::map<std::string, nlohmann::json>;

// What does not fit, as sentences that name the place; at most ten. A text with a NUL fits no schema.
std::vector<std::string> check_schema(const nlohmann::json& schema, const Components& components,
                                      const nlohmann::json& value, const std::string& place);

}  // namespace weir::api

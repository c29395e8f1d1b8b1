#include "api/schema.hpp"

namespace weir::api::schema {

using nlohmann::json;

json text(std::size_t min, std::size_t max) { return {{"type", "string"}, {"minLength", min}, {"maxLength", max}}; }
json name() { return {{"type", "string"}, {"pattern", "^[a-z0-9-]{1,40}$"}, {"maxLength", 40}}; }
json uuid() { return {{"type", "string"}, {"format", "uuid"}}; }
json instant() { return {{"type", "string"}, {"format", "date-time"}}; }
json duration() {
  return {
      {"type", "string"}, {"format", "weir-duration"}, {"maxLength", 30}, {"description", "90s, 15m, 24h, 30d, 1h30m"}};
}
json integer(std::int64_t min, std::int64_t max) { return {{"type", "integer"}, {"minimum", min}, {"maximum", max}}; }
json count() { return {{"type", "integer"}, {"minimum", 0}}; }
json boolean() { return {{"type", "boolean"}}; }
json word(std::vector<std::string> words) { return {{"type", "string"}, {"enum", std::move(words)}}; }
json anything() { return json::object(); }
json list(json items, std::size_t max) { return {{"type", "array"}, {"items", std::move(items)}, {"maxItems", max}}; }
json map(json values, std::size_t max) {
  return {{"type", "object"}, {"additionalProperties", std::move(values)}, {"maxProperties", max}};
}

json open_object(std::vector<Property> properties) {
  json made{{"type", "object"}, {"properties", json::object()}, {"required", json::array()}};
  for (auto& property : properties) {
    if (property.need == Need::required) made["required"].push_back(property.name);
    made["properties"][property.name] = std::move(property.schema);
  }
  return made;
}

json object(std::vector<Property> properties) {
  auto made = open_object(std::move(properties));
  made["additionalProperties"] = false;
  return made;
}

json nullable(json schema) {
  if (schema.contains("type") && !schema.contains("enum")) {
    schema["type"] = json::array({schema["type"], "null"});
    return schema;
  }
  return {{"anyOf", json::array({std::move(schema), {{"type", "null"}}})}};
}

json ref(const std::string& component) { return {{"$ref", "#/components/schemas/" + component}}; }

json page(const std::string& component) {
  return object({{"items", list(ref(component))},
                 {"next", with(nullable(text()), "Give it as `after` for the next page; null: this was the last")}});
}

json with(json schema, std::string_view meaning) {
  schema["description"] = meaning;
  return schema;
}

}  // namespace weir::api::schema

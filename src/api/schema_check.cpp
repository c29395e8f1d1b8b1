#include <algorithm>
#include <cstdint>
#include <regex>

#include <fmt/format.h>

#include "api/schema.hpp"
#include "base/time.hpp"
#include "base/uuid.hpp"

namespace weir::api {
namespace {

using nlohmann::json;

constexpr std::size_t k_problems_max = 10;
constexpr std::string_view k_component = "#/components/schemas/";

bool is_of_type(const json& value, std::string_view type) {
  if (type == "string") return value.is_string();
  if (type == "integer") return value.is_number_integer();
  if (type == "number") return value.is_number();
  if (type == "boolean") return value.is_boolean();
  if (type == "array") return value.is_array();
  if (type == "object") return value.is_object();
  return value.is_null();
}

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return (c & 0xC0) != 0x80; }));
}

class Checker {
 public:
  explicit Checker(const Components& components) : components_(components) {}

  void check(const json& schema, const json& value, const std::string& place) {
    if (problems.size() >= k_problems_max) return;
    if (const auto found = schema.find("$ref"); found != schema.end()) return check_component(*found, value, place);
    if (const auto found = schema.find("anyOf"); found != schema.end()) return check_any(*found, value, place);
    if (!check_type(schema, value, place)) return;
    if (const auto found = schema.find("enum"); found != schema.end()) check_word(*found, value, place);
    if (value.is_string()) check_text(schema, value.get_ref<const std::string&>(), place);
    if (value.is_number_integer()) check_number(schema, value, place);
    if (value.is_array()) check_list(schema, value, place);
    if (value.is_object()) check_object(schema, value, place);
  }

  std::vector<std::string> problems;

 private:
  void add(const std::string& place, std::string_view what) { problems.push_back(fmt::format("{} {}", place, what)); }

  void check_component(const json& reference, const json& value, const std::string& place) {
    const auto name = reference.get<std::string>().substr(k_component.size());
    const auto found = components_.find(name);
    if (found == components_.end()) return add(place, fmt::format("has the unknown schema {}", name));
    check(found->second, value, place);
  }

  void check_any(const json& choices, const json& value, const std::string& place) {
    for (const auto& choice : choices) {
      Checker one(components_);
      one.check(choice, value, place);
      if (one.problems.empty()) return;
    }
    add(place, "fits none of the forms it may have");
  }

  bool check_type(const json& schema, const json& value, const std::string& place) {
    const auto found = schema.find("type");
    if (found == schema.end()) return true;
    const auto types = found->is_array() ? *found : json::array({*found});
    const auto fits = [&](const json& type) { return is_of_type(value, type.get_ref<const std::string&>()); };
    if (std::ranges::any_of(types, fits)) return true;
    add(place, fmt::format("must be of the type {}",
                           found->is_array() ? (*found)[0].get<std::string>() : found->get<std::string>()));
    return false;
  }

  void check_word(const json& words, const json& value, const std::string& place) {
    if (std::ranges::find(words, value) == words.end()) add(place, fmt::format("must be one of {}", words.dump()));
  }

  void check_text(const json& schema, const std::string& text, const std::string& place) {
    if (text.contains('\0')) return add(place, "must not contain the character NUL");
    const auto length = characters(text);
    if (length < schema.value("minLength", std::size_t{0}))
      return add(place, fmt::format("must have at least {} characters", schema["minLength"].get<std::size_t>()));
    if (schema.contains("maxLength") && length > schema["maxLength"].get<std::size_t>())
      return add(place, fmt::format("must have at most {} characters", schema["maxLength"].get<std::size_t>()));
    if (const auto found = schema.find("pattern"); found != schema.end())
      if (!std::regex_match(text, std::regex(found->get<std::string>())))
        return add(place, fmt::format("must match {}", found->get<std::string>()));
    check_format(schema.value("format", std::string()), text, place);
  }

  void check_format(const std::string& format, const std::string& text, const std::string& place) {
    if (format == "uuid" && !Uuid::parse(text)) add(place, "must be a UUID");
    if (format == "date-time" && !parse_rfc3339(text))
      add(place, "must be an instant such as 2026-01-31T12:00:00Z, in the years 1 to 9999");
    if (format == "weir-duration" && !parse_duration(text)) add(place, "must be a duration such as 15m or 1h30m");
  }

  void check_number(const json& schema, const json& value, const std::string& place) {
    const bool is_huge = value.is_number_unsigned() && value.get<std::uint64_t>() > INT64_MAX;
    const auto number = is_huge ? INT64_MAX : value.get<std::int64_t>();
    if (schema.contains("minimum") && number < schema["minimum"].get<std::int64_t>())
      add(place, fmt::format("must be at least {}", schema["minimum"].get<std::int64_t>()));
    if (is_huge || (schema.contains("maximum") && number > schema["maximum"].get<std::int64_t>()))
      add(place, fmt::format("must be at most {}", schema.value("maximum", INT64_MAX)));
  }

  void check_list(const json& schema, const json& value, const std::string& place) {
    if (schema.contains("maxItems") && value.size() > schema["maxItems"].get<std::size_t>())
      return add(place, fmt::format("must have at most {} items", schema["maxItems"].get<std::size_t>()));
    const auto items = schema.value("items", json::object());
    for (std::size_t i = 0; i < value.size(); ++i) check(items, value[i], fmt::format("{}[{}]", place, i));
  }

  void check_object(const json& schema, const json& value, const std::string& place) {
    if (schema.contains("maxProperties") && value.size() > schema["maxProperties"].get<std::size_t>())
      return add(place, fmt::format("must have at most {} members", schema["maxProperties"].get<std::size_t>()));
    for (const auto& name : schema.value("required", json::array()))
      if (!value.contains(name)) add(place, fmt::format("lacks {}", name.get<std::string>()));
    const auto known = schema.value("properties", json::object());
    const auto others = schema.value("additionalProperties", json(true));
    for (const auto& [name, member] : value.items()) {
      const auto inner = fmt::format("{}.{}", place, name);
      if (name.contains('\0'))
        add(place, "must not contain the character NUL");
      else if (known.contains(name))
        check(known[name], member, inner);
      else if (others.is_object())
        check(others, member, inner);
      else if (others == json(false))
        add(inner, "is not known here");
      else
        check(json::object(), member, inner);
    }
  }

  const Components& components_;
};

}  // namespace

std::vector<std::string> check_schema(const json& schema, const Components& components, const json& value,
                                      const std::string& place) {
  Checker checker(components);
  checker.check(schema, value, place);
  return std::move(checker.problems);
}

}  // namespace weir::api

#include "plugin/declarative/expression/filter.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace weir::plugin::declarative {
namespace {

std::vector<const Filter*> collect() {
  std::vector<const Filter*> all;
  for (const auto table : {text_filters(), time_filters(), list_filters(), value_filters()})
    for (const auto& filter : table) all.push_back(&filter);
  std::ranges::sort(all, {}, [](const Filter* filter) { return filter->name; });
  return all;
}

const std::vector<const Filter*>& all_filters() {
  static const auto all = collect();
  return all;
}

}  // namespace

const Filter* find_filter(std::string_view name) {
  const auto& all = all_filters();
  const auto found = std::ranges::lower_bound(all, name, {}, [](const Filter* filter) { return filter->name; });
  return found != all.end() && (*found)->name == name ? *found : nullptr;
}

std::vector<std::string> filter_names() {
  std::vector<std::string> names;
  for (const auto* filter : all_filters()) names.emplace_back(filter->name);
  return names;
}

std::string describe_filters() {
  std::string out = "| filter | gives |\n|---|---|\n";
  for (const auto* filter : all_filters()) out += fmt::format("| `{}` | {} |\n", filter->name, filter->meaning);
  return out;
}

Value FilterCall::keep(std::string_view text) {
  auto* memory = scratch.allocate(text.size());
  if (memory == nullptr) return fail("it makes more text than one expression may");
  std::ranges::copy(text, memory);
  return Value::Any(std::string_view(memory, text.size()));
}

Value FilterCall::keep(const std::vector<Value>& items) {
  auto* memory = scratch.make<Value>(items.size());
  if (memory == nullptr) return fail("it makes a longer list than one expression may");
  std::ranges::copy(items, memory);
  return Value::Any(List{memory, items.size()});
}

std::string_view FilterCall::text(const Value& value) {
  if (const auto* text = value.as<std::string_view>()) return *text;
  auto& out = scratch.buffer();
  if (!append_text(out, value)) {
    fail(fmt::format("{} is not text", value.type_name()));
    return "";
  }
  const auto kept = keep(std::string_view(out));
  return kept.is_null() ? "" : *kept.as<std::string_view>();
}

}  // namespace weir::plugin::declarative

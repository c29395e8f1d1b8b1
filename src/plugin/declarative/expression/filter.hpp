// The filters, `value | name(argument, …)`: small functions without any effect but their result.
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "plugin/declarative/expression/scratch.hpp"
#include "plugin/declarative/expression/value.hpp"

namespace weir::plugin::declarative {

struct FilterCall {
  Value subject;
  std::span<const Value> arguments;
  Scratch& scratch;
  std::string problem{};  // set: the evaluation fails with it

  Value argument(std::size_t index) const { return index < arguments.size() ? arguments[index] : Value(); }
  Value fail(std::string what) {
    problem = std::move(what);
    return {};
  }
  // A text made by appending to a buffer.
  template <class F>
  Value build(F append) {
    auto& out = scratch.buffer();
    append(out);
    return keep(out);
  }
  Value keep(std::string_view text);            // copied into the scratch
  Value keep(const std::vector<Value>& items);  // the same
  std::string_view text(const Value& value);    // "" and a problem when it is not text
  bool is_failed() const { return !problem.empty(); }
};

struct Filter {
  std::string_view name;
  std::size_t arguments_min = 0;
  std::size_t arguments_max = 0;
  bool takes_null = false;  // otherwise nothing stays nothing
  Value (*apply)(FilterCall& call) = nullptr;
  std::string_view meaning;  // for the documentation
};

const Filter* find_filter(std::string_view name);
std::vector<std::string> filter_names();
std::string describe_filters();  // as a Markdown table

// The tables, by subject.
std::span<const Filter> text_filters();
std::span<const Filter> time_filters();
std::span<const Filter> list_filters();
std::span<const Filter> value_filters();

}  // namespace weir::plugin::declarative

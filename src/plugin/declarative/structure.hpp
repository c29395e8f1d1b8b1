// A body or a set of variables as YAML writes it, with expressions at its leaves.
#pragma once
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "plugin/declarative/expression/template.hpp"

namespace weir::plugin::declarative {

struct Structure {
  enum class Kind { leaf, list, mapping };
  Kind kind = Kind::leaf;
  nlohmann::json literal = nullptr;  // of a leaf without expressions: a plain 100 is a number, a quoted "100" is text
  Template value{};                  // of a leaf with expressions
  std::vector<Structure> items{};
  std::vector<std::pair<std::string, Structure>> members{};

  // Members whose expression is nothing are written as null.
  Result<> append_json(std::string& out, const Scope& scope, Scratch& scratch) const;
  template <class F>
  void each_template(const F& f) const {
    if (kind == Kind::leaf && !value.is_absent()) f(value);
    for (const auto& item : items) item.each_template(f);
    for (const auto& [name, member] : members) member.each_template(f);
  }
};

}  // namespace weir::plugin::declarative

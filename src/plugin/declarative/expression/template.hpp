// A text of a declaration with expressions in it: "/repos/{{ partition.full_name }}/issues". One that is nothing but an
// expression keeps that expression's type ("{{ record.id }}" is a number); otherwise the result is text, and nothing
// when one of its parts is nothing.
#pragma once
#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/yaml.hpp"
#include "plugin/declarative/expression/program.hpp"
#include "plugin/declarative/expression/scratch.hpp"

namespace weir::plugin::declarative {

// Where a template stands in a file, and how an offset in it becomes a place there.
class TemplatePlace {
 public:
  TemplatePlace() = default;
  // `source` is the file's text, in which `node` is a scalar.
  TemplatePlace(const std::string& file, std::string_view source, const YamlNode& node);
  std::string at(std::size_t offset) const;  // file:line:column
  FileProblem problem(const ExpressionProblem& problem) const;

 private:
  struct Line {
    std::uint32_t offset;  // of its first character in the template
    std::uint32_t line, column;
  };
  std::pair<int, int> find(std::size_t offset) const;

  std::string file_;
  std::vector<Line> runs_;  // pieces that stand in the file as they are
};

class Template {
 public:
  Template() = default;  // of nothing
  static std::expected<Template, ExpressionProblem> compile(std::string_view text, Roots known, TemplatePlace place);

  // declaration_invalid with the place in the file when an expression fails.
  Result<Value> evaluate(const Scope& scope, Scratch& scratch) const;

  bool is_constant() const { return parts_.empty(); }
  bool is_absent() const { return is_absent_; }
  const TemplatePlace& place() const { return place_; }
  // The keys that paths beginning with `root` name first, with their offset; "" for a root that is used as a whole.
  std::vector<std::pair<std::string_view, std::size_t>> keys_of(Root root) const;
  bool uses(Root root) const { return !keys_of(root).empty(); }
  // As written, in one line: for hashes and messages.
  const std::string& text() const { return text_; }

 private:
  struct Part {
    std::string before;  // the text in front of the expression
    Program program;
  };
  Result<Value> evaluate_text(const Scope& scope, Scratch& scratch) const;
  Result<Value> run(const Program& program, const Scope& scope, Scratch& scratch) const;

  bool is_absent_ = true;
  std::string text_;
  std::vector<Part> parts_;
  std::string tail_;  // behind the last expression; all of it when there is none
  TemplatePlace place_;
};

}  // namespace weir::plugin::declarative

// Runs a compiled expression. No loops but over values that are there, no effects, and a budget of steps and memory.
#pragma once
#include <string>

#include "plugin/declarative/expression/program.hpp"
#include "plugin/declarative/expression/scratch.hpp"

namespace weir::plugin::declarative {

class Evaluator {
 public:
  Evaluator(const Program& program, const Scope& scope, Scratch& scratch)
      : program_(program), scope_(scope), scratch_(scratch) {}

  // Null when it fails.
  Value run() { return evaluate(program_.top()); }
  bool is_failed() const { return !problem_.message.empty(); }
  const ExpressionProblem& problem() const { return problem_; }

 private:
  Value evaluate(const Node& node);
  Value evaluate_path(const Node& node);
  Value evaluate_index(const Node& node);
  Value evaluate_list(const Node& node);
  Value evaluate_map(const Node& node);
  Value evaluate_filter(const Node& node);
  Value evaluate_comparison(const Node& node);
  Value evaluate_in(const Node& node);
  Value evaluate_arithmetic(const Node& node);
  Value evaluate_integers(const Node& node, std::int64_t a, std::int64_t b);
  Value evaluate_concat(const Node& node);
  Value child(const Node& node, std::size_t index) { return evaluate(program_.child(node, index)); }
  Value fail(const Node& node, std::string message);

  const Program& program_;
  const Scope& scope_;
  Scratch& scratch_;
  ExpressionProblem problem_;
};

}  // namespace weir::plugin::declarative

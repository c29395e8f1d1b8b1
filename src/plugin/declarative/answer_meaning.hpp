// What a script's own rules make of an answer.
#pragma once
#include "plugin/declarative/plan.hpp"
#include "plugin/requester.hpp"

namespace weir::plugin::declarative {

// The rules that need no parsed body, as the HTTP layer takes them, those of the script before the provider's.
std::vector<http::AnswerRule> answer_rules(const ScriptPlan& plan);

// The rules that look into a parsed answer, GraphQL's own errors, and what a query cost. `scope` has the answer.
Result<AnswerFinding> inspect_answer(const ScriptPlan& plan, const RequestPlan& request, const Scope& scope,
                                     Scratch& scratch);

// What GraphQL could not show beside the data it sent.
struct PartialAnswer {
  std::int64_t errors = 0;
  std::string first{};
};
PartialAnswer partial_answer(const RequestPlan& request, const Value& response);

// Whether the answer, which is no success, means that the listing is shown no further.
bool says_capped(const ScriptPlan& plan, const Reply& reply);

// Whether the refusal is one for which the script wants to go on without a base (see cursor kind heads).
bool forgets_base(const ScriptPlan& plan, const Refusal& refusal);

}  // namespace weir::plugin::declarative

// Conditional requests: a pass whose first page is still the one that the last complete pass began with has nothing to
// collect. That is so when the page shows everything the pass is about: the whole listing, or, of one sorted by the
// cursor's value with the newest first, everything after the pass's start.
#pragma once
#include <optional>
#include <string>

#include "load/validator.hpp"
#include "plugin/declarative/plan.hpp"
#include "plugin/requester.hpp"
#include "plugin/walk/page.hpp"

namespace weir::plugin::declarative {

// A hash of everything that the rows of an answer depend on beside the answer: who asks for what, and the settings and
// the partition's columns that expressions of rows use.
std::string request_identity(const Ask& ask, const ScriptPlan& plan, const Scope& scope, std::string_view asked_by);

// Whether "it is still that answer" means that nothing after `from` has changed.
bool proves_all(const load::Validator& validator, const std::optional<Instant>& from);

void make_conditional(Ask& ask, const load::Validator& validator);

// Of the first page of a pass; nothing when it has no validator, or proves nothing. A Last-Modified counts only when it
// is a minute older than the answer: two changes in a second have the same (RFC 9110, 8.8.2.2).
std::optional<load::Validator> validator_of(const Reply& reply, const Page& page, bool is_full, std::string request);

// The settings and the columns of the partition that rows are made of. Reports what a conditional request forbids.
RowInputs row_inputs_of(const ScriptPlan& plan);
std::optional<std::string> why_never_unchanged(const ScriptPlan& plan);

}  // namespace weir::plugin::declarative

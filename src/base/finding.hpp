// What a check found (`weir doctor`, `weir source check`): a judgement, its reason, and what to do about it.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace weir {

enum class Verdict { ok, warning, problem };

struct Finding {
  std::string check{};  // one word or two, the same for all findings of one check
  Verdict verdict = Verdict::ok;
  std::string reason{};
  std::string remedy{};  // empty when there is nothing to do
};
using Findings = std::vector<Finding>;

std::string_view to_string(Verdict verdict);
// A problem whose message says what to do itself.
Finding problem_of(std::string check, const Error& error);
// The worst of them; ok when there are none.
Verdict worst_of(const Findings& findings);
void add_findings(Findings& findings, Findings more);

}  // namespace weir

#include "base/finding.hpp"

#include <algorithm>

namespace weir {

std::string_view to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::ok: return "ok";
    case Verdict::warning: return "warning";
    case Verdict::problem: return "problem";
  }
  return "";
}

Finding problem_of(std::string check, const Error& error) {
  return {std::move(check), Verdict::problem, error.message};
}

Verdict worst_of(const Findings& findings) {
  auto worst = Verdict::ok;
  for (const auto& finding : findings) worst = std::max(worst, finding.verdict);
  return worst;
}

void add_findings(Findings& findings, Findings more) { std::ranges::move(more, std::back_inserter(findings)); }

}  // namespace weir

#include "weir/findings.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "weir/table.hpp"

namespace weir::app {
namespace {

constexpr std::size_t k_check_width_max = 40;

Colour colour_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::ok: return Colour::green;
    case Verdict::warning: return Colour::yellow;
    case Verdict::problem: return Colour::red;
  }
  return Colour::plain;
}

}  // namespace

nlohmann::json to_document(const Findings& findings) {
  auto checks = nlohmann::json::array();
  for (const auto& finding : findings)
    checks.push_back({{"check", finding.check},
                      {"verdict", to_string(finding.verdict)},
                      {"reason", finding.reason},
                      {"remedy", finding.remedy.empty() ? nlohmann::json() : nlohmann::json(finding.remedy)}});
  return {{"verdict", to_string(worst_of(findings))}, {"checks", std::move(checks)}};
}

void print_findings(const Cli& cli, const Findings& findings) {
  std::size_t width = 0;
  for (const auto& finding : findings) width = std::max(width, std::min(finding.check.size(), k_check_width_max));
  for (const auto& finding : findings) {
    const auto verdict = fmt::format("{:<8}", to_string(finding.verdict));
    print(fmt::format("{} {:<{}}  {}\n", paint(cli, colour_of(finding.verdict), verdict), printable(finding.check),
                      width, printable(finding.reason)));
    if (!finding.remedy.empty()) print(fmt::format("{:{}}> {}\n", "", width + 11, printable(finding.remedy)));
  }
}

int exit_code_of(const Findings& findings) {
  return worst_of(findings) == Verdict::problem ? traits(ErrorCode::configuration).exit_code : 0;
}

}  // namespace weir::app

#include "provider-sim/faults/fault_plan.hpp"

#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "provider-sim/base/dice.hpp"
#include "provider-sim/base/json_check.hpp"

namespace weir::sim {
namespace {

constexpr std::array<std::string_view, 23> k_names{"status_500",
                                                   "status_502",
                                                   "status_503",
                                                   "html",
                                                   "empty_body",
                                                   "reset",
                                                   "truncated",
                                                   "hang",
                                                   "slow",
                                                   "drip",
                                                   "secondary",
                                                   "exhaust",
                                                   "graphql_error",
                                                   "graphql_partial",
                                                   "graphql_secondary",
                                                   "duplicate_page",
                                                   "short_page",
                                                   "self_link",
                                                   "drift",
                                                   "invalid_utf8",
                                                   "nul",
                                                   "huge",
                                                   "deep"};

std::unexpected<Error> wrong(std::string message) { return fail(ErrorCode::invalid_input, std::move(message)); }

Result<FaultRule> parse_rule(const nlohmann::json& json) {
  FaultRule rule;
  if (!json.is_object()) return wrong("a fault rule is an object with at least \"kind\"");
  const auto kind = json.value("kind", "");
  const auto found = std::ranges::find(k_names, kind);
  if (found == k_names.end())
    return wrong(fmt::format("fault \"{}\" is not known; kinds are {}", kind, fmt::join(k_names, ", ")));
  rule.fault.kind = static_cast<FaultKind>(found - k_names.begin());
  for (const auto& [key, value] : json.items()) {
    if (key == "kind") continue;
    if (key == "rate" && value.is_number())
      rule.rate = value.get<double>();
    else if (key == "count" && is_count(value))
      rule.count = value.get<std::uint64_t>();
    else if (key == "after" && is_count(value))
      rule.after = value.get<std::uint64_t>();
    else if (key == "match" && value.is_string())
      rule.match = value.get<std::string>();
    else if (key == "resource" && value.is_string())
      rule.resource = value.get<std::string>();
    else if (key == "identity" && value.is_string())
      rule.identity = value.get<std::string>();
    else if (key == "ms" && is_count(value))
      rule.fault.pause = std::chrono::milliseconds(value.get<std::uint32_t>());
    else if (key == "seconds" && is_count(value))
      rule.fault.seconds = std::chrono::seconds(value.get<std::uint32_t>());
    else if (key == "bytes" && is_count(value))
      rule.fault.bytes = value.get<std::uint64_t>();
    else if (key == "form" && value.is_string() && parse_refusal_form(value.get<std::string>()))
      rule.fault.form = *parse_refusal_form(value.get<std::string>());
    else
      return wrong(fmt::format("fault {}: \"{}\" is not known or has a wrong value", kind, key));
  }
  return rule;
}

bool is_graphql_only(FaultKind kind) {
  return kind == FaultKind::graphql_error || kind == FaultKind::graphql_partial || kind == FaultKind::graphql_secondary;
}

}  // namespace

std::string_view fault_name(FaultKind kind) { return k_names[static_cast<std::size_t>(kind)]; }

Result<void> FaultPlan::load(const nlohmann::json& json) {
  if (!json.is_object()) return wrong("a fault plan is an object with \"rules\"");
  std::vector<FaultRule> rules;
  for (const auto& entry : json.value("rules", nlohmann::json::array())) {
    auto rule = parse_rule(entry);
    if (!rule) return std::unexpected(rule.error());
    rules.push_back(std::move(*rule));
  }
  seed_ = json.value("seed", std::uint64_t{1});
  rules_ = std::move(rules);
  seen_.clear();
  return {};
}

const Fault* FaultPlan::strike(std::string_view target, std::string_view resource, std::string_view identity) {
  if (rules_.empty()) return nullptr;
  auto seen = seen_.find(target);
  if (seen == seen_.end()) seen = seen_.emplace(target, 0).first;
  const auto times = ++seen->second;
  for (std::size_t i = 0; i < rules_.size(); ++i) {
    FaultRule& rule = rules_[i];
    if (!rule.match.empty() && target.find(rule.match) == std::string_view::npos) continue;
    if (!rule.resource.empty() && rule.resource != resource) continue;
    if (!rule.identity.empty() && rule.identity != identity) continue;
    if (is_graphql_only(rule.fault.kind) && resource != "graphql") continue;
    if (++rule.matched <= rule.after || (rule.count > 0 && rule.struck >= rule.count)) continue;
    Dice dice(mix(seed_, i, hash_text(target), times));
    if (dice.unit() >= rule.rate) continue;
    ++rule.struck;
    return &rule.fault;
  }
  return nullptr;
}

nlohmann::json FaultPlan::describe() const {
  nlohmann::json rules = nlohmann::json::array();
  for (const FaultRule& rule : rules_)
    rules.push_back({{"kind", fault_name(rule.fault.kind)},
                     {"match", rule.match},
                     {"rate", rule.rate},
                     {"matched", rule.matched},
                     {"struck", rule.struck}});
  return {{"seed", seed_}, {"rules", std::move(rules)}};
}

}  // namespace weir::sim

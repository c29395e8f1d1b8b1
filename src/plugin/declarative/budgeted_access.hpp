// The way to real providers: requests within budgets, with the data source's credentials.
#pragma once
#include "http/budgeted_client.hpp"
#include "plugin/declarative/minted_tokens.hpp"
#include "plugin/requester.hpp"

namespace weir::plugin::declarative {

class BudgetedAccess final : public ProviderAccess {
 public:
  // What `outbound` refers to outlives this and all requesters.
  explicit BudgetedAccess(const http::Outbound& outbound) : outbound_(outbound) {}
  Result<std::unique_ptr<Requester>> open(const ScriptDeclaration& script, RequesterPlan plan,
                                          const ScriptServices& services) override;

 private:
  http::Outbound outbound_;
  MintedTokens tokens_;
};

}  // namespace weir::plugin::declarative

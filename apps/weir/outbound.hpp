// This process's way to the providers: one HTTP client and one share of the rate budgets for all runs.
#pragma once
#include <functional>
#include <memory>

#include "base/random.hpp"
#include "http/client.hpp"
#include "http/rate_broker.hpp"
#include "http/rate_store.hpp"
#include "orchestrator/node.hpp"
#include "plugin/declarative/budgeted_access.hpp"
#include "weir/session.hpp"

namespace weir::app {

class OutboundAccess final : public plugin::ProviderAccess {
 public:
  // On the session's executor; `node` has started and outlives this. Error configuration: a variable of the environment
  // is wrong.
  static Task<Result<std::unique_ptr<OutboundAccess>>> open(Session& session, const orchestrator::Node& node);
  OutboundAccess(Session& session, const orchestrator::Node& node, http::ClientSettings settings, Secret rate_key);

  Result<std::unique_ptr<plugin::Requester>> open(const plugin::ScriptDeclaration& script, plugin::RequesterPlan plan,
                                                  const plugin::ScriptServices& services) override;
  // Before it dies; all runs have ended.
  Task<> stop();

 private:
  Secret rate_key_;
  Random random_ = Random::from_system();
  http::HttpClient client_;
  http::RateStore store_;
  http::RateBroker broker_;
  plugin::declarative::BudgetedAccess access_;
};

// For commands that ask a provider something: runs `work` with a way there, in the life of a node of its own.
Task<Result<>> with_outbound(Session& session, std::function<Task<Result<>>(plugin::ProviderAccess&)> work);

}  // namespace weir::app

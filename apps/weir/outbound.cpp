#include "weir/outbound.hpp"

#include <cstdlib>

#include <fmt/format.h>

namespace weir::app {

Task<Result<std::unique_ptr<OutboundAccess>>> OutboundAccess::open(Session& session, const orchestrator::Node& node) {
  auto settings = http::client_settings_from([](const char* name) { return std::getenv(name); });
  if (!settings) co_return std::unexpected(settings.error());
  settings->user_agent = fmt::format("weir/{}", WEIR_VERSION);
  http::RateStore store(session.database);
  auto rate_key = co_await store.identity_key();
  co_return std::make_unique<OutboundAccess>(session, node, std::move(*settings), std::move(rate_key));
}

OutboundAccess::OutboundAccess(Session& session, const orchestrator::Node& node, http::ClientSettings settings,
                               Secret rate_key)
    : rate_key_(std::move(rate_key)),
      client_(session.executor, std::move(settings)),
      store_(session.database),
      broker_(
          session.executor, store_, {}, [&node] { return node.epoch(); }, system_clock(), random_),
      access_({client_, &broker_, rate_key_, system_clock(), random_}) {}

Result<std::unique_ptr<plugin::Requester>> OutboundAccess::open(const plugin::ScriptDeclaration& script,
                                                                plugin::RequesterPlan plan,
                                                                const plugin::ScriptServices& services) {
  return access_.open(script, std::move(plan), services);
}

Task<> OutboundAccess::stop() { co_await broker_.stop(Deadline::in(5s)); }

}  // namespace weir::app

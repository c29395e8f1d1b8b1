#include "weir/outbound.hpp"

#include <cstdlib>

#include <fmt/format.h>

#include "weir/import_settings.hpp"

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

Task<Result<>> with_outbound(Session& session, std::function<Task<Result<>>(plugin::ProviderAccess&)> work) {
  auto settings = node_settings();
  if (!settings) co_return std::unexpected(settings.error());
  auto& pool = session.database.pool();
  orchestrator::Node node(session.executor, session.blocking, pool.settings().connect, session.database.roles(),
                          std::move(*settings));
  node.name_pool(pool);
  co_await node.start();
  auto outbound = co_await OutboundAccess::open(session, node);
  Result<> result;
  std::exception_ptr failure;
  if (!outbound) {
    result = std::unexpected(outbound.error());
  } else {
    try {
      result = co_await work(**outbound);
    } catch (...) {
      failure = std::current_exception();
    }
    co_await (*outbound)->stop();
  }
  co_await node.stop();
  if (failure) std::rethrow_exception(failure);
  co_return result;
}

}  // namespace weir::app

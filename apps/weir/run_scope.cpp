#include "weir/run_scope.hpp"

#include <csignal>

#include <fmt/format.h>
#include <boost/asio/signal_set.hpp>

#include "load/resource_tables.hpp"
#include "weir/cache_root.hpp"
#include "weir/import_settings.hpp"
#include "weir/master_key.hpp"
#include "weir/outbound.hpp"
#include "weir/table.hpp"

namespace weir::app {
namespace {

Task<> obey_signals(const Cli& cli, std::function<void()> stop) {
  asio::signal_set signals(co_await asio::this_coro::executor, SIGINT, SIGTERM);
  co_await signals.async_wait(asio::use_awaitable);
  print_notice(cli, "stopping: what is in flight is finished and kept; once more stops at once");
  stop();
  co_await signals.async_wait(asio::use_awaitable);
  stop();
}

}  // namespace

Watch::Watch(Session& session, ImportDisplay& display, std::function<void()> stop)
    : display_(display), beside_(session.executor) {
  beside_.spawn("signals", obey_signals(session.cli, std::move(stop)));
  beside_.spawn("display", display.paint_on());
}

Task<> Watch::end() {
  co_await beside_.stop(Deadline::in(1s));
  co_await beside_.wait();
  display_.clear();
}

Result<RunScopeSettings> read_run_settings(const Cli& cli) {
  auto node = node_settings();
  if (!node) return std::unexpected(node.error());
  auto run = run_settings();
  if (!run) return std::unexpected(run.error());
  run->cache_root = cache_root(cli);
  return RunScopeSettings{std::move(*node), std::move(*run)};
}

Result<std::chrono::milliseconds> parse_wait_limits(const std::string& text) {
  if (text.empty()) return 0ms;
  const auto duration = parse_duration(text);
  if (duration) return std::chrono::milliseconds(*duration);
  return fail(ErrorCode::usage,
              fmt::format("--wait-limits is '{}': a duration such as 30s, 10m or 1h is wanted", printable(text)));
}

Task<int> with_run_services(Session& session, const plugin::PluginCatalog& catalog, RunScopeSettings settings,
                            std::function<Task<int>(orchestrator::RunServices&)> work) {
  tenancy::KeyFile keys(session.blocking, key_file_settings(session.opened));
  tenancy::Vault vault(session.database, keys);
  const auto key_state = co_await vault.check();
  if (!key_state) co_return print_error(session.cli, key_state.error());
  const auto tables = co_await load::ensure_resource_tables(session.database, catalog.resources());
  if (!tables) co_return print_error(session.cli, tables.error());

  auto& pool = session.database.pool();
  orchestrator::Node node(session.executor, session.blocking, pool.settings().connect, session.database.roles(),
                          std::move(settings.node));
  node.name_pool(pool);
  co_await node.start();
  const auto outbound = co_await OutboundAccess::open(session, node);
  if (!outbound) {
    co_await node.stop();
    co_return print_error(session.cli, outbound.error());
  }
  orchestrator::RunServices services{
      session.executor,        session.blocking, system_clock(), session.database, vault, catalog.resources(), node,
      std::move(settings.run), outbound->get()};
  int exit_code = 0;
  std::exception_ptr failure;
  try {
    exit_code = co_await work(services);
  } catch (...) {
    failure = std::current_exception();
  }
  co_await (*outbound)->stop();
  co_await node.stop();
  if (failure) std::rethrow_exception(failure);
  co_return exit_code;
}

}  // namespace weir::app

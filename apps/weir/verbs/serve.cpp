#include <csignal>

#include <fmt/format.h>
#include <boost/asio/signal_set.hpp>

#include "base/event_log.hpp"
#include "tenancy/api_key.hpp"
#include "weir/plugin_watch.hpp"
#include "weir/run_scope.hpp"
#include "weir/serve_settings.hpp"
#include "weir/service.hpp"
#include "weir/verbs.hpp"

namespace weir::app {
namespace {

struct ServeOptions {
  std::string listen = "127.0.0.1:8420";
  std::string roles = "api,scheduler,worker";
  int concurrent_runs = 4;
};
using Options = std::shared_ptr<ServeOptions>;

Result<ServeSettings> settings_of(const ServeOptions& options) {
  auto listen = parse_listen_address(options.listen);
  if (!listen) return std::unexpected(listen.error());
  const auto roles = parse_roles(options.roles);
  if (!roles) return std::unexpected(roles.error());
  ServeSettings settings{.listen = std::move(*listen), .roles = *roles, .concurrent_runs = options.concurrent_runs};
  if (auto read = read_serve_environment(settings); !read) return std::unexpected(read.error());
  return settings;
}

// To the operator: a line of the log where machines read that.
void tell(const Cli& cli, LogLevel level, const std::string& what) {
  if (cli.log_format == LogFormat::json)
    write_log(level, what);
  else
    print_notice(cli, what);
}

// What the operator needs to know once it runs; with --json one line on standard output, for whoever started it.
Task<> say_hello(Session& session, const Service& service, const ServeSettings& settings) {
  const auto url = service.url();
  if (session.cli.json) print_json_line({{"url", url}, {"version", WEIR_VERSION}});
  if (session.cli.log_format == LogFormat::json)
    log_event(LogLevel::info, "serving", {{"url", url}, {"version", WEIR_VERSION}});
  else
    print_notice(session.cli, fmt::format("serving at {} (version {})", url, WEIR_VERSION));
  if (!settings.listen.is_loopback)
    tell(session.cli, LogLevel::warning, "requests travel in the clear: put a proxy with TLS before this address");
  if (settings.roles.api && !co_await tenancy::has_admin_key(session.database))
    tell(session.cli, LogLevel::info,
         "there is no admin key yet; `weir key create NAME` makes one and shows it once. Then: curl -H "
         "\"X-API-Key: …\" " +
             url + "/api/v1/tenants");
}

// Until somebody asks for the end; the second time it shall be at once.
Task<> serve_until_stopped(Session& session, Service& service, asio::signal_set& signals) {
  co_await signals.async_wait(asio::use_awaitable);
  tell(session.cli, LogLevel::info,
       "stopping: what runs finishes its pages and goes back to the queue; once more stops at once");
  // A signal may come just when it has stopped, and its handler run when it is gone.
  const auto stopping = std::make_shared<Service*>(&service);
  signals.async_wait([weak = std::weak_ptr(stopping)](const boost::system::error_code& error, int) {
    if (const auto target = weak.lock(); target && !error) (*target)->hurry();
  });
  co_await service.stop();
}

Task<int> serve_with(Session& session, orchestrator::RunServices& services, PluginWatch& plugins,
                     ServeSettings settings) {
  asio::signal_set signals(session.executor, SIGINT, SIGTERM);
  Service service(session, services, plugins, settings);
  if (const auto started = service.start(); !started) co_return print_error(session.cli, started.error());
  std::exception_ptr failure;
  try {
    co_await say_hello(session, service, settings);
  } catch (...) {
    failure = std::current_exception();
  }
  if (failure)
    co_await service.stop();
  else
    co_await serve_until_stopped(session, service, signals);
  if (failure) std::rethrow_exception(failure);
  co_return 0;
}

Task<int> serve(Session& session, Options options) {
  auto settings = settings_of(*options);
  if (!settings) co_return print_error(session.cli, settings.error());
  auto run = read_run_settings(session.cli);
  if (!run) co_return print_error(session.cli, run.error());
  if (settings->roles.worker) run->node.run_slots = settings->concurrent_runs;
  PluginWatch plugins(session.cli, session.blocking, session.database);
  const auto catalog = co_await plugins.refresh();
  co_return co_await with_run_services(session, *catalog, std::move(*run), [&](orchestrator::RunServices& services) {
    return serve_with(session, services, plugins, *settings);
  });
}

}  // namespace

void add_serve(CLI::App& root, Cli& cli) {
  const auto options = std::make_shared<ServeOptions>();
  auto& verb = add_command(root, "serve", "Serve: schedules, the queue and the HTTP API, until it is stopped",
                           {"weir serve", "weir serve --listen 127.0.0.1:9000 --roles api",
                            "weir serve --roles scheduler,worker --concurrent-runs 16 --log-format json"});
  verb.add_option("--listen", options->listen, "IP address and port; port 0 takes a free one")
      ->type_name("ADDRESS")
      ->capture_default_str();
  verb.add_option("--roles", options->roles, "What this process does: api, scheduler, worker, between commas")
      ->type_name("api|scheduler|worker,...")
      ->capture_default_str();
  verb.add_option("--concurrent-runs", options->concurrent_runs, "How many pipeline runs it works at once")
      ->type_name("N")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  verb.callback([&cli, options] {
    if (!cli.log_level) cli.log_level = LogLevel::info;
    cli.action = [&cli, options] {
      return run_session(cli, [options](Session& session) { return serve(session, options); });
    };
  });
}

}  // namespace weir::app

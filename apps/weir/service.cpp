#include "weir/service.hpp"

#include <unistd.h>

#include <fmt/format.h>

#include "api/background.hpp"
#include "api/routes.hpp"
#include "api/server.hpp"
#include "base/metrics.hpp"
#include "orchestrator/data_retention.hpp"
#include "orchestrator/service_metrics.hpp"
#include "orchestrator/worker.hpp"
#include "scheduler/history_retention.hpp"
#include "scheduler/upkeep.hpp"

namespace weir::app {
namespace {

namespace metric {
constexpr Metric k_http_requests{"weir_http_requests_total", "Requests answered here."};
constexpr Metric k_http_request_seconds{"weir_http_request_seconds", "How long answers took."};
}  // namespace metric

void count_served(Metrics& metrics, const api::Served& served) {
  metrics.count(metric::k_http_requests, {{"operation", served.operation}, {"status", std::to_string(served.status)}});
  metrics.observe(metric::k_http_request_seconds, {{"operation", served.operation}},
                  std::chrono::duration<double>(served.duration).count());
}

constexpr auto k_last_answers = std::chrono::seconds(10);

pg::ConnectSettings direct_settings(const Session& session, const orchestrator::Node& node) {
  auto settings = session.database.pool().settings().connect;
  if (!node.settings().direct_url.empty()) settings.url = node.settings().direct_url;
  return settings;
}

std::string process_name() {
  std::array<char, 256> host{};
  gethostname(host.data(), host.size() - 1);
  return fmt::format("{}:{}", host.data(), getpid());
}

api::ServerSettings server_settings(const ListenAddress& listen) {
  api::ServerSettings settings;
  settings.address = listen.address;
  settings.port = listen.port;
  return settings;
}

}  // namespace

struct Service::Parts {
  Parts(Session& its_session, orchestrator::RunServices& run_services, PluginWatch& watch, ServeSettings chosen);

  std::vector<scheduler::Job> jobs();
  api::Services api_services();
  std::vector<api::Route> routes() const;
  Result<> readiness() const;
  Task<std::string> metrics_text();
  void start_roles();

  Session& session;
  orchestrator::RunServices& services;
  PluginWatch& plugins;
  ServeSettings settings;
  pg::ConnectSettings direct = direct_settings(session, services.node);
  Random random = Random::from_system();
  Metrics metrics;
  orchestrator::ServiceMeter meter{metrics};
  queue::Queue queue{session.database, random};
  orchestrator::ServiceGauges service_gauges{session.database, queue};
  queue::QueueBell bell;
  scheduler::Scheduler planner{session.database, bell, random};
  scheduler::Upkeep upkeep{session.database, random, process_name(), jobs()};
  orchestrator::Worker worker;
  api::Background background{session.executor};
  api::Services api;
  api::Door door;
  api::Server server{session.executor, server_settings(settings.listen), door};
  bool is_stopping = false;
  TaskGroup tasks{session.executor};
};

Service::Parts::Parts(Session& its_session, orchestrator::RunServices& run_services, PluginWatch& watch,
                      ServeSettings chosen)
    : session(its_session),
      services(run_services),
      plugins(watch),
      settings(std::move(chosen)),
      bell(session.executor, session.blocking, session.database, direct, random,
           {.is_poll_only = settings.is_poll_only}),
      worker(
          services, [this] { return plugins.refresh(); }, queue, bell, {.concurrent_runs = settings.concurrent_runs},
          &meter),
      api(api_services()),
      door(api, routes()) {
  door.on_served([this](const api::Served& served) { count_served(metrics, served); });
}

std::vector<scheduler::Job> Service::Parts::jobs() {
  auto list = scheduler::queue_jobs(planner, queue, bell, [this] { return services.node.reaper().forget_nodes(); });
  list.push_back(scheduler::history_job(session.database, session.blocking, direct, settings.retention));
  list.push_back(orchestrator::data_retention_job(session.database, [this] { return plugins.refresh(); }));
  return list;
}

api::Services Service::Parts::api_services() {
  return {.executor = session.executor,
          .blocking = session.blocking,
          .database = session.database,
          .vault = services.vault,
          .queue = queue,
          .bell = bell,
          .upkeep = upkeep,
          .plugins = [this] { return plugins.last(); },
          .egress = services.settings.egress,
          .background = background,
          .worker = settings.roles.worker ? &worker : nullptr,
          .version = WEIR_VERSION,
          .cache_root = services.settings.cache_root,
          .is_ready = [this] { return readiness(); },
          .metrics = [this] { return metrics_text(); }};
}

std::vector<api::Route> Service::Parts::routes() const {
  if (settings.roles.api) return api::all_routes();
  api::Routes health;
  api::add_health(health);
  return health;
}

Result<> Service::Parts::readiness() const {
  if (is_stopping) return fail(ErrorCode::cancelled, "this process stops");
  if (!services.node.may_start()) return fail(ErrorCode::lease_lost, "this process has no lease");
  return {};
}

Task<std::string> Service::Parts::metrics_text() {
  const auto gauges = co_await service_gauges.read();
  auto snapshot = *gauges;
  orchestrator::add_pool(snapshot, session.database.pool());
  co_return metrics.text(snapshot);
}

void Service::Parts::start_roles() {
  bell.start();
  if (settings.roles.worker) worker.start();
  if (!settings.roles.scheduler) return;
  tasks.spawn("scheduler", planner.run());
  tasks.spawn("upkeep", upkeep.run());
}

Service::Service(Session& session, orchestrator::RunServices& services, PluginWatch& plugins, ServeSettings settings)
    : parts_(std::make_unique<Parts>(session, services, plugins, std::move(settings))) {}

Service::~Service() = default;

Result<> Service::start() {
  if (auto opened = parts_->server.open(); !opened) return opened;
  parts_->start_roles();
  return {};
}

std::string Service::url() const { return parts_->server.url(); }

Task<> Service::stop() {
  parts_->is_stopping = true;
  co_await parts_->tasks.stop(Deadline::in(k_last_answers));
  co_await parts_->tasks.wait();
  if (parts_->settings.roles.worker) co_await parts_->worker.stop();
  parts_->door.close();
  co_await parts_->server.stop(Deadline::in(k_last_answers));
  co_await parts_->background.stop(Deadline::in(k_last_answers));
  co_await parts_->bell.stop();
}

void Service::hurry() { parts_->worker.hurry(); }

}  // namespace weir::app

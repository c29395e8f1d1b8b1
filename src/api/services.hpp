// What the handlers work with; all of it outlives the door.
//
//   Background background(executor);
//   Services services{…};
//   Door door(services, all_routes());
//   Server server(executor, {.port = 8420}, door);      // open(), and at the end:
//   co_await server.stop(deadline);                      // first the server, then the rest
//   co_await background.stop(deadline);
#pragma once
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include <nlohmann/json.hpp>

#include "base/blocking.hpp"
#include "http/egress.hpp"
#include "pg/database.hpp"
#include "plugin/catalog.hpp"
#include "queue/queue.hpp"
#include "queue/queue_bell.hpp"
#include "tenancy/vault.hpp"

namespace weir::orchestrator {
class Worker;
}
namespace weir::scheduler {
class Upkeep;
}

namespace weir::api {

class Background;

struct Services {
  Executor executor;
  BlockingPool& blocking;
  pg::Database& database;
  tenancy::Vault& vault;
  queue::Queue& queue;
  queue::QueueBell& bell;                                                 // rung for what was enqueued
  scheduler::Upkeep& upkeep;                                              // its jobs can be asked for
  std::function<std::shared_ptr<const plugin::PluginCatalog>()> plugins;  // as they are now
  http::EgressPolicy egress{};                                            // what every tenant may reach
  Background& background;
  orchestrator::Worker* worker = nullptr;           // none: this process works on no runs
  std::string version;                              // of the binary
  std::filesystem::path cache_root{};               // of clones
  std::function<Result<>()> is_ready = {};          // besides the database: why this process takes no work now
  std::function<Task<std::string>()> metrics = {};  // what /metrics answers; none: nothing is measured
  nlohmann::json openapi{};                         // the door fills it in
};

}  // namespace weir::api

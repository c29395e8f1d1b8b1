// What the handlers work with; all of it outlives the door.
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

namespace weir::api {

class Background;

struct Services {
  Executor executor;
  BlockingPool& blocking;
  pg::Database& database;
  tenancy::Vault& vault;
  queue::Queue& queue;
  queue::QueueBell& bell;                                                 // rung for what was enqueued
  std::function<std::shared_ptr<const plugin::PluginCatalog>()> plugins;  // as they are now
  http::EgressPolicy egress{};                                            // what every tenant may reach
  Background& background;
  std::string version;                      // of the binary
  std::filesystem::path cache_root{};       // of clones
  std::function<Result<>()> is_ready = {};  // besides the database: why this process takes no work now
  nlohmann::json openapi{};                 // the door fills it in
};

}  // namespace weir::api

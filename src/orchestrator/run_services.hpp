// What runs are made with: long-lived services by reference, settings by value. All of it outlives the runs.
#pragma once
#include <chrono>
#include <filesystem>

#include "base/blocking.hpp"
#include "base/retry.hpp"
#include "base/time.hpp"
#include "http/egress.hpp"
#include "load/run_writer.hpp"
#include "orchestrator/node.hpp"
#include "pg/database.hpp"
#include "plugin/requester.hpp"
#include "tenancy/vault.hpp"

namespace weir::orchestrator {

struct RunSettings {
  load::LoadSettings load{};
  // Between the attempts of a partition; how many is the script's declaration.
  std::chrono::milliseconds retry_first_delay = std::chrono::seconds(2);
  std::chrono::milliseconds retry_delay_max = std::chrono::minutes(2);
  std::chrono::seconds probe_unreachable_after = std::chrono::hours(24);
  std::chrono::seconds park_max = std::chrono::hours(24);
  // What a graceful stop gives to windows in flight.
  std::chrono::milliseconds stop_grace = std::chrono::seconds(20);
  // How often one pipeline run tries a script again that the environment interrupted (a lost lease, a restart of the
  // database), and how long it waits for the database meanwhile.
  int interruptions_max = 5;
  std::chrono::milliseconds database_patience = std::chrono::seconds(60);
  std::chrono::milliseconds slot_pause = std::chrono::milliseconds(500);  // before a slot held elsewhere is asked for
  std::filesystem::path cache_root{};                                     // of clones
  http::EgressPolicy egress{};                                            // what every tenant may reach
};

struct RunServices {
  Executor executor;
  BlockingPool& blocking;
  Clock& clock;
  pg::Database& database;
  tenancy::Vault& vault;
  const load::ResourceCatalog& resources;
  Node& node;
  RunSettings settings;
  plugin::ProviderAccess* provider = nullptr;  // the way to providers, for declarative scripts
};

}  // namespace weir::orchestrator

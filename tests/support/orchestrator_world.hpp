// A node with everything a run needs, on a database of its own: tenant `acme` with the data source `src`.
#pragma once
#include <functional>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "orchestrator/script_run.hpp"
#include "tenancy/key_file.hpp"
#include "tests/support/claimed_run.hpp"
#include "tests/support/fake_script.hpp"
#include "tests/support/run.hpp"
#include "tests/support/temporary_directory.hpp"

namespace weir::test {

// One process.
struct Process {
  Process(Context owner, const TestDatabase& database, const std::filesystem::path& key_file)
      : context(owner),
        pool(context.executor(), context.blocking, database.pool_settings()),
        door(pool, database.roles()),
        keys(context.blocking, {.path = key_file, .makes_first_key = true}),
        vault(door, keys),
        node(context.executor(), context.blocking, database.pool_settings().connect, database.roles(),
             {.heartbeat = 50ms, .lease = 3s, .lock_grace = 300ms, .watch = 20ms, .version = "test"}),
        services{context.executor(), context.blocking, system_clock(), door, vault, shipped_resources(), node, {}} {
    services.settings.retry_first_delay = 1ms;
    services.settings.retry_delay_max = 2ms;
    services.settings.slot_pause = 10ms;
    services.settings.load.checkpoint_interval = 0ms;  // every page commits
    node.name_pool(pool);
  }

  Context context;
  pg::Pool pool;
  pg::Database door;
  tenancy::KeyFile keys;
  tenancy::Vault vault;
  orchestrator::Node node;
  orchestrator::RunServices services;
};

class OrchestratorWorld : public testing::Test {
 protected:
  // Runs `body` in a process whose node has started, and stops it.
  void with_process(const std::function<Task<>(Process&)>& body) {
    run([&](Context context) -> Task<> {
      Process process(context, database, directory.path() / "master.key");
      co_await process.node.start();
      co_await body(process);
      co_await process.node.stop();
    });
  }

  std::string super(const std::string& sql) const { return database.super(sql); }
  std::string count(const std::string& from) const { return super("SELECT count(*) FROM " + from); }

  TestDatabase database;
  ClaimedRuns runs{database};
  TenantId tenant = runs.tenant();
  TemporaryDirectory directory;
  const std::vector<tenancy::ConfigKey> no_keys;
};

template <class Predicate>
Task<bool> eventually(Predicate predicate, std::chrono::milliseconds patience = std::chrono::seconds(10)) {
  const auto deadline = Deadline::in(patience);
  while (!predicate()) {
    if (deadline.is_over()) co_return false;
    co_await sleep_for(2ms);
  }
  co_return true;
}

}  // namespace weir::test

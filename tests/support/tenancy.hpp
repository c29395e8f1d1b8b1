// What the tests of this module share: a database with its door, a key file, and a vault on both.
#pragma once
#include <string>

#include <gtest/gtest.h>

#include "base/task_group.hpp"
#include "pg/database.hpp"
#include "tenancy/data_source.hpp"
#include "tenancy/environment.hpp"
#include "tenancy/key_file.hpp"
#include "tenancy/vault.hpp"
#include "tests/support/run.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tests/support/test_database.hpp"

namespace weir::tenancy::testing {

inline const Actor k_actor = "cli:tester";

// A provider with one of each kind of setting.
inline const std::vector<ConfigKey>& declared() {
  static const std::vector<ConfigKey> keys{
      {.name = "API_TOKEN",
       .description = "",
       .is_required = true,
       .is_secret = true,
       .default_value = {},
       .pattern = {}},
      {.name = "API_ORG", .description = "", .is_required = true, .default_value = {}, .pattern = {}},
      {.name = "API_URL",
       .description = "",
       .is_identity = true,
       .default_value = "https://api.example.com",
       .pattern = {}},
      {.name = "API_NOTE", .description = "", .default_value = "none", .pattern = {}},
  };
  return keys;
}

inline SettingChanges plain(std::string key, std::string value) {
  SettingChanges changes;
  changes.values.emplace(std::move(key), std::move(value));
  return changes;
}

inline SettingChanges secret(std::string value) {
  SettingChanges changes;
  changes.secrets.emplace("API_TOKEN", Secret(std::move(value)));
  return changes;
}

inline NewDataSource new_source(std::string name, std::string token) {
  NewDataSource source{.provider = "example", .name = std::move(name), .settings = secret(std::move(token))};
  source.settings.values.emplace("API_ORG", "acme");
  return source;
}

// One process: its pool, its view of the key file.
struct Process {
  Process(test::Context owner, const test::TestDatabase& server, std::filesystem::path key_file,
          bool makes_first_key = true)
      : context(owner),
        pool(context.executor(), context.blocking, server.pool_settings()),
        database(pool, server.roles()),
        keys(context.blocking, {.path = std::move(key_file), .makes_first_key = makes_first_key}),
        vault(database, keys) {}

  test::Context context;
  pg::Pool pool;
  pg::Database database;
  KeyFile keys;
  Vault vault;
};

// Until a session waits for a lock, or `is_done`.
inline Task<> until_somebody_waits(const test::TestDatabase& server, const bool& is_done) {
  const auto* waiting =
      "SELECT count(*) FROM pg_locks l WHERE NOT granted AND (database IS NULL OR database = "
      "(SELECT oid FROM pg_database WHERE datname = current_database()))";
  while (!is_done && server.super(waiting) == "0") co_await sleep_for(std::chrono::milliseconds(5));
}

// The token that a run of the source would see; empty and a failed test when there is none.
inline Task<std::string> token_of(Vault& vault, TenantId tenant, std::string source) {
  const auto environment = co_await load_environment(vault, tenant, source, declared());
  if (environment) co_return std::string(environment->secret("API_TOKEN")->reveal());
  ADD_FAILURE() << environment.error().message;
  co_return "";
}

}  // namespace weir::tenancy::testing

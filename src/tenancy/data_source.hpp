// Data sources: a tenant's configured instances of providers. Every change is one transaction with its line in the
// audit log, checked against what the provider declares, and effective for the next claim; no restart is needed.
#pragma once
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "pg/database.hpp"
#include "tenancy/audit.hpp"
#include "tenancy/settings.hpp"
#include "tenancy/tenant.hpp"
#include "tenancy/vault.hpp"

namespace weir::tenancy {

struct Setting {
  std::string key;
  bool is_secret = false;
  std::optional<std::string> value;  // of a plain setting
  Instant set_at;
};

struct DataSource {
  std::string name;
  std::string provider;
  bool is_enabled = true;
  bool is_paused = false;                        // its tenant is
  bool is_deleting = false;                      // being removed; only that can go on
  std::optional<std::string> needs_credentials;  // why it stopped
  std::optional<Instant> first_import_at;        // from then on its identity settings are fixed
  std::optional<Instant> last_sync_at;
  Instant created_at;
  Instant updated_at;
  std::vector<Setting> settings;  // by key
};

StoredSettings stored_settings(const DataSource& source);
// The required keys it lacks: while there are any it is not run.
std::vector<std::string> missing_keys(const DataSource& source, std::span<const ConfigKey> declared);

Task<std::vector<DataSource>> list_data_sources(pg::Database& database, TenantId tenant);  // by name
// At most `limit` after that name.
Task<std::vector<DataSource>> list_data_source_page(pg::Database& database, TenantId tenant, std::string after,
                                                    int limit);
Task<Result<DataSource>> find_data_source(pg::Database& database, TenantId tenant, std::string name);

struct NewDataSource {
  std::string provider;
  std::string name;
  SettingChanges settings;
};

struct Changed {
  Outcome outcome = Outcome::unchanged;
  int interrupted = 0;  // runs in flight that lost their right
};

// unchanged when it is there with these very settings; already_exists when with others. Identity settings that are not
// given are fixed at their default, so that a later default does not change where the rows came from.
Task<Result<Changed>> add_data_source(Vault& vault, Actor actor, TenantId tenant, NewDataSource source,
                                      std::vector<ConfigKey> declared);

// A changed secret takes the right from the source's runs, frees it from needs_credentials and wakes what is parked;
// any other change frees it too.
Task<Result<Changed>> change_data_source(Vault& vault, Actor actor, TenantId tenant, std::string name,
                                         SettingChanges changes, std::vector<ConfigKey> declared);

// Enabling also frees it from needs_credentials: it is tried again.
Task<Result<Changed>> enable_data_source(pg::Database& database, Actor actor, TenantId tenant, std::string name);
// Disabled: nothing of it is claimed, and what ran has lost its right when this returns.
Task<Result<Changed>> disable_data_source(pg::Database& database, Actor actor, TenantId tenant, std::string name);

// The provider refused its credentials, or a secret cannot be opened: it stops until they are changed.
Task<> mark_needs_credentials(pg::Database& database, TenantId tenant, std::string name, std::string reason);

}  // namespace weir::tenancy

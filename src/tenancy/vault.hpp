// The tenants' data keys, kept in the database wrapped by master keys. One per process; keeps no key between calls.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "pg/database.hpp"
#include "tenancy/key_wrapper.hpp"

namespace weir::tenancy {

// A data key as the database has it.
struct StoredDataKey {
  Uuid id;
  WrappedKey wrapped;
};

// A data key opened for use.
struct DataKey {
  Uuid id;
  std::shared_ptr<const Key> key;
};

enum class KeyState {
  unused,   // nothing was ever sealed: no key is needed yet
  ready,    // every master key in use is at hand
  missing,  // some or all are not: the secrets sealed with them stay closed
};

class Vault {
 public:
  Vault(pg::Database& database, KeyWrapper& wrapper) : database_(database), wrapper_(wrapper) {}

  // To be asked once before work that opens secrets. wrong_key when the keys at hand are not those of this database;
  // configuration when they cannot be read. Sources that stopped because their master key was missing are freed when
  // it is back.
  Task<Result<KeyState>> check();

  // needs_credentials when it cannot be opened: its master key is missing, or it is damaged.
  Task<Result<DataKey>> open(TenantId tenant, StoredDataKey stored);

  // The data key that seals the tenant's secrets, made when there is none that can be opened. `transaction` is in the
  // tenant's scope with the tenant's claims locked, before and after. wrong_key or configuration when there is no
  // master key to wrap a new one with.
  Task<Result<DataKey>> sealing_key(pg::Transaction& transaction, TenantId tenant);
  // The same, but always a new one; the others of the tenant are retired.
  Task<Result<DataKey>> fresh_sealing_key(pg::Transaction& transaction, TenantId tenant);

  // In control scope: makes sure that the active master key is registered and not retired, and stays so until the
  // transaction ends.
  Task<Result<MasterKey>> hold_active_master_key(pg::Transaction& transaction);

  KeyWrapper& wrapper() { return wrapper_; }
  pg::Database& database() { return database_; }

 private:
  Task<Result<MasterKey>> register_active_master_key(pg::Transaction& transaction);
  Task<Result<>> may_replace(pg::Transaction& transaction, std::string master_key_id);
  Task<Result<DataKey>> make_data_key(pg::Transaction& transaction, TenantId tenant, MasterKey active);

  pg::Database& database_;
  KeyWrapper& wrapper_;
};

// The beginning of what a source's needs_credentials says while its master key is not at hand.
std::string missing_master_key_reason(std::string_view master_key_id);

}  // namespace weir::tenancy

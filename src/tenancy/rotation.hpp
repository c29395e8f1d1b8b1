// Replacement of keys while everything goes on. A crash at any point leaves every secret readable, and the next call
// goes on where it ended.
//
//   1  a new key becomes the first of the ring; the old ones stay in it for opening
//   2  every tenant's data key is wrapped with it, in batches; a tenant that is added meanwhile uses the first key
//   3  a master key that wraps nothing any more is retired: nothing is ever wrapped with it again. It stays in the ring
//      until the operator removes it, since backups made before then need it.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "tenancy/audit.hpp"
#include "tenancy/tenant.hpp"
#include "tenancy/vault.hpp"

namespace weir::tenancy {

struct UnreadableKey {
  TenantId tenant;
  Uuid data_key_id;
  std::string reason;
};

struct RotationSettings {
  int batch_keys = 200;
  // After each step, with the data keys done so far.
  std::function<void(std::int64_t)> on_progress = {};
};

struct MasterRotation {
  std::string active;                       // the master key that wraps now
  bool was_resumed = false;                 // the first key of the ring was not in full use yet: no new one was made
  std::int64_t rewrapped = 0;               // data keys
  std::vector<std::string> retired{};       // master keys
  std::vector<UnreadableKey> unreadable{};  // data keys that stay as they were
};

Task<Result<MasterRotation>> rotate_master_key(Vault& vault, Actor actor, RotationSettings settings);

struct DataKeyRotation {
  std::int64_t tenants = 0;
  std::int64_t secrets = 0;                 // sealed anew
  std::vector<UnreadableKey> unreadable{};  // secrets under them stay as they were
};

// A new data key for every tenant that has one older than `age`, and its secrets sealed with it: one transaction each.
Task<Result<DataKeyRotation>> rotate_data_keys(Vault& vault, Actor actor, std::chrono::seconds age,
                                               RotationSettings settings);

// Makes sure that there is a registered master key, making the first one where it may be made. unchanged when there was
// one already; errors as Vault::hold_active_master_key.
Task<Result<Outcome>> init_master_key(Vault& vault, Actor actor);

// The operator says that the master keys not at hand are lost: they are retired, the sources whose secrets they sealed
// need credentials, and the first key of the ring (made when there is none and may be) takes their place. The number of
// sources.
Task<Result<std::int64_t>> replace_lost_master_keys(Vault& vault, Actor actor);

}  // namespace weir::tenancy

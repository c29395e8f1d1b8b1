// How old keys and secrets are, and what each master key still wraps.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "tenancy/vault.hpp"

namespace weir::tenancy {

struct MasterKeyStatus {
  std::string id;
  std::int64_t data_keys = 0;  // it wraps
  bool is_at_hand = false;
  bool is_active = false;
  std::optional<Instant> created_at{};  // nullopt: this database does not use it yet
  std::optional<Instant> retired_at{};
};

struct SecretAge {
  TenantId tenant;
  std::string tenant_key;
  std::string data_source;
  std::string key;
  Instant set_at;
};

struct SecretsStatus {
  std::string place;  // of the master keys
  std::vector<MasterKeyStatus> master_keys;
  std::int64_t data_keys = 0;
  std::optional<Instant> oldest_data_key{};
  std::int64_t secrets = 0;
  std::vector<SecretAge> oldest{};
};

Task<Result<SecretsStatus>> read_secrets_status(Vault& vault, int oldest_max);

}  // namespace weir::tenancy

// Envelope encryption without I/O: a secret is sealed with its tenant's data key, a data key is wrapped with a master
// key, both with XChaCha20-Poly1305. What is sealed opens only in the place it was sealed for: moved to another tenant,
// data source, setting or data key, it is refused like any forgery.
#pragma once
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/secret.hpp"
#include "base/strong_id.hpp"
#include "tenancy/key.hpp"

namespace weir::tenancy {

struct SecretPlace {
  TenantId tenant;
  std::string data_source;
  std::string key;  // of the setting: GITHUB_TOKEN
  Uuid data_key_id;
};

std::string seal_secret(const Key& data_key, const SecretPlace& place, const Secret& secret);
// needs_credentials when the bytes were not sealed with this key for this place.
Result<Secret> open_secret(const Key& data_key, const SecretPlace& place, std::string_view sealed);

struct DataKeyPlace {
  TenantId tenant;
  Uuid data_key_id;
};

std::string wrap_data_key(const Key& master_key, std::string_view master_key_id, const DataKeyPlace& place,
                          const Key& data_key);
// needs_credentials when the bytes were not wrapped with this key for this place.
Result<Key> unwrap_data_key(const Key& master_key, std::string_view master_key_id, const DataKeyPlace& place,
                            std::string_view wrapped);

// Proves that a master key is the one of this id and says nothing about it.
std::string master_key_check(const Key& master_key, std::string_view master_key_id);

}  // namespace weir::tenancy

// Secrets as the database has them, and their opening.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "pg/rows.hpp"
#include "tenancy/vault.hpp"

namespace weir::tenancy {

struct SealedSecret {
  std::string data_source;
  std::string key;
  std::string ciphertext;
  Uuid data_key_id;
  std::optional<WrappedKey> wrapped;  // nullopt: the data key is gone
};

// Of sql::list_sealed_secrets.
std::vector<SealedSecret> read_sealed_secrets(const pg::Rows& rows);

// Opens the secrets of one tenant, each data key once.
class SecretOpener {
 public:
  SecretOpener(Vault& vault, TenantId tenant) : vault_(vault), tenant_(tenant) {}
  // needs_credentials when it cannot be opened.
  Task<Result<Secret>> open(SealedSecret sealed);

 private:
  Vault& vault_;
  TenantId tenant_;
  std::map<Uuid, DataKey> keys_;
};

}  // namespace weir::tenancy

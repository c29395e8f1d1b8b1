// The environment of a script: exactly its data source's configuration, flattened. Secrets are opened for the run that
// needs them and wiped with it.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/secret.hpp"
#include "tenancy/config_key.hpp"
#include "tenancy/vault.hpp"

namespace weir::tenancy {

class Environment {
 public:
  void set(std::string key, std::string value) { values_[std::move(key)] = std::move(value); }
  void set_secret(std::string key, Secret value) { secrets_[std::move(key)] = std::move(value); }

  // A plain setting; nullopt when it is absent or a secret. Valid while this object lives.
  std::optional<std::string_view> get(std::string_view key) const {
    const auto found = values_.find(key);
    if (found == values_.end()) return std::nullopt;
    return found->second;
  }
  const Secret* secret(std::string_view key) const {
    const auto found = secrets_.find(key);
    return found == secrets_.end() ? nullptr : &found->second;
  }
  bool has(std::string_view key) const { return values_.contains(key) || secrets_.contains(key); }
  const std::map<std::string, std::string, std::less<>>& values() const { return values_; }
  const std::map<std::string, Secret, std::less<>>& secrets() const { return secrets_; }

 private:
  std::map<std::string, std::string, std::less<>> values_;
  std::map<std::string, Secret, std::less<>> secrets_;
};

// What is stored for the data source, over the defaults its provider declares. Stored keys that the provider does not
// declare (any more) are left out. needs_credentials when a secret cannot be opened or a required one is missing,
// invalid_input when a required plain setting is, not_found when there is no such source.
Task<Result<Environment>> load_environment(Vault& vault, TenantId tenant, std::string data_source,
                                           std::vector<ConfigKey> declared);

}  // namespace weir::tenancy

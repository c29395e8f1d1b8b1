// What `weir doctor` says about keys, secrets and the sources that wait for them. read_… asks, judge_… is pure.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/finding.hpp"
#include "base/time.hpp"
#include "pg/blocking_session.hpp"
#include "pg/roles.hpp"
#include "tenancy/key_file.hpp"
#include "tenancy/registered_key.hpp"

namespace weir::tenancy {

struct StoppedSource {
  std::string tenant_key{};
  std::string name{};
  std::string reason{};
};

struct SecretsHealth {
  std::vector<RegisteredKey> registered{};
  std::int64_t secrets = 0;
  std::optional<Instant> oldest_secret{};
  std::string oldest_secret_name{};  // acme/github GITHUB_TOKEN
  std::optional<Instant> oldest_data_key{};
  std::vector<StoppedSource> stopped{};  // enabled sources that need credentials
};
SecretsHealth read_secrets_health(pg::BlockingSession& session, const pg::RoleNames& roles);

// The master keys at hand; an error when the file cannot be used as it is.
Result<std::vector<MasterKey>> read_master_keys(const KeyFileSettings& settings);

Findings judge_master_keys(const SecretsHealth& secrets, const KeyFileSettings& settings,
                           const Result<std::vector<MasterKey>>& keys);
Findings judge_secret_ages(const SecretsHealth& secrets, Instant now);
Findings judge_stopped_sources(const SecretsHealth& secrets);

}  // namespace weir::tenancy

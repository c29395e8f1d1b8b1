#include "tenancy/secrets_status.hpp"

#include <algorithm>
#include <map>

#include "tenancy/registered_key.hpp"
#include "tenancy/sql.hpp"

namespace weir::tenancy {
namespace {

std::vector<pg::Command> home_questions(int oldest_max) {
  std::vector<pg::Command> commands;
  commands.push_back({sql::count_data_keys, {}});
  commands.push_back({sql::count_secrets, {}});
  commands.push_back({sql::list_oldest_secrets, pg::Params(oldest_max)});
  return commands;
}

Task<std::map<TenantId, std::string>> tenant_keys(pg::Database& database, std::vector<SecretAge> secrets) {
  std::vector<std::string> ids;
  for (const auto& secret : secrets) ids.push_back(to_string(secret.tenant));
  pg::Params params;
  params.add_array(ids);
  const auto rows = co_await database.query(pg::Scope::control(), sql::list_tenant_keys, std::move(params));
  std::map<TenantId, std::string> keys;
  for (const auto row : rows) keys.emplace(row.get<TenantId>("id"), row.get<std::string>("key"));
  co_return keys;
}

std::vector<MasterKeyStatus> merge(const std::vector<RegisteredKey>& registered, const std::vector<MasterKey>& keys) {
  std::vector<MasterKeyStatus> all;
  for (const auto& key : keys)
    all.push_back({.id = key.id, .is_at_hand = true, .is_active = key.id == keys.front().id});
  for (const auto& key : registered) {
    auto at = std::ranges::find(all, key.id, &MasterKeyStatus::id);
    if (at == all.end()) at = all.insert(all.end(), {.id = key.id});
    at->created_at = key.created_at;
    at->retired_at = key.retired_at;
  }
  return all;
}

}  // namespace

Task<Result<SecretsStatus>> read_secrets_status(Vault& vault, int oldest_max) {
  const auto keys = co_await vault.wrapper().keys();
  if (!keys) co_return std::unexpected(keys.error());
  const auto master_rows = co_await vault.database().query(pg::Scope::control(), sql::list_master_keys);
  SecretsStatus status{.place = vault.wrapper().describe(),
                       .master_keys = merge(read_registered_keys(master_rows), *keys)};
  const auto answers = co_await vault.database().batch(pg::Scope::control(), home_questions(oldest_max));
  for (const auto row : answers[0]) {
    const auto count = row.get<std::int64_t>("n");
    const auto oldest = row.get<Instant>("oldest");
    status.data_keys += count;
    status.oldest_data_key = std::min(status.oldest_data_key.value_or(oldest), oldest);
    const auto at =
        std::ranges::find(status.master_keys, row.get<std::string_view>("master_key_id"), &MasterKeyStatus::id);
    if (at != status.master_keys.end()) at->data_keys = count;
  }
  status.secrets = answers[1].one().get<std::int64_t>("n");
  for (const auto row : answers[2])
    status.oldest.push_back({row.get<TenantId>("tenant_id"), "", row.get<std::string>("data_source"),
                             row.get<std::string>("key"), row.get<Instant>("updated_at")});
  const auto names = co_await tenant_keys(vault.database(), status.oldest);
  for (auto& secret : status.oldest)
    if (const auto name = names.find(secret.tenant); name != names.end()) secret.tenant_key = name->second;
  co_return status;
}

}  // namespace weir::tenancy

#include "tenancy/health.hpp"

#include <map>
#include <set>

#include "pg/doctor/read_transaction.hpp"
#include "tenancy/seal.hpp"
#include "tenancy/sql.hpp"

namespace weir::tenancy {
namespace {

using Keys = std::map<TenantId, std::string>;

Keys read_tenant_keys(pg::ReadTransaction& transaction, const std::set<TenantId>& tenants) {
  std::vector<std::string> ids;
  for (const auto& tenant : tenants) ids.push_back(to_string(tenant));
  pg::Params params;
  params.add_array(ids);
  Keys keys;
  const auto rows = transaction.query(sql::list_tenant_keys, params);
  for (const auto row : rows) keys.emplace(row.get<TenantId>("id"), row.get<std::string>("key"));
  return keys;
}

void read_ages(pg::ReadTransaction& transaction, SecretsHealth& health) {
  health.secrets = transaction.query(sql::count_secrets).one().get<std::int64_t>("n");
  const auto data_keys = transaction.query(sql::count_data_keys);
  for (const auto row : data_keys) {
    const auto oldest = row.get<Instant>("oldest");
    health.oldest_data_key = std::min(health.oldest_data_key.value_or(oldest), oldest);
  }
  const auto oldest = transaction.query(sql::list_oldest_secrets, pg::Params(1));
  if (oldest.empty()) return;
  const auto row = oldest.one();
  const auto tenant = row.get<TenantId>("tenant_id");
  health.oldest_secret = row.get<Instant>("updated_at");
  health.oldest_secret_name = read_tenant_keys(transaction, {tenant})[tenant] + "/" +
                              row.get<std::string>("data_source") + " " + row.get<std::string>("key");
}

void read_stopped(pg::ReadTransaction& transaction, SecretsHealth& health) {
  const auto rows = transaction.query(sql::list_stopped_sources);
  std::set<TenantId> tenants;
  for (const auto row : rows) tenants.insert(row.get<TenantId>("tenant_id"));
  auto keys = read_tenant_keys(transaction, tenants);
  for (const auto row : rows)
    health.stopped.push_back(
        {keys[row.get<TenantId>("tenant_id")], row.get<std::string>("name"), row.get<std::string>("reason")});
}

}  // namespace

SecretsHealth read_secrets_health(pg::BlockingSession& session, const pg::RoleNames& roles) {
  SecretsHealth health;
  pg::ReadTransaction transaction(session, roles.control());
  health.registered = read_registered_keys(transaction.query(sql::list_master_keys));
  read_ages(transaction, health);
  read_stopped(transaction, health);
  return health;
}

Result<std::vector<MasterKey>> read_master_keys(const KeyFileSettings& settings) {
  std::vector<MasterKey> keys;
  if (settings.path.empty()) return keys;
  const auto ring = read_key_file(settings.path);
  if (!ring) return std::unexpected(ring.error());
  for (const auto& entry : ring->entries()) keys.push_back({entry.id, master_key_check(entry.key, entry.id)});
  return keys;
}

}  // namespace weir::tenancy

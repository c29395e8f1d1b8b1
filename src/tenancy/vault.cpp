#include "tenancy/vault.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "tenancy/registered_key.hpp"
#include "tenancy/sql.hpp"

namespace weir::tenancy {
std::string missing_master_key_reason(std::string_view master_key_id) {
  return fmt::format("master key {} is missing", master_key_id);
}

Task<Result<KeyState>> Vault::check() {
  const auto keys = co_await wrapper_.keys();
  if (!keys) co_return std::unexpected(keys.error());
  const auto rows = co_await database_.query(pg::Scope::control(), sql::list_master_keys);
  const auto registered = read_registered_keys(rows);
  if (const auto same = compare_keys(registered, *keys, wrapper_.describe()); !same)
    co_return std::unexpected(same.error());
  const auto used = count_in_use(registered);
  if (used == 0) co_return KeyState::unused;
  const auto missing = missing_keys(registered, *keys);
  if (!keys->empty() && std::ssize(missing) == used) co_return missing_key_error(missing, wrapper_.describe());
  std::vector<std::string> cured;
  for (const auto& key : *keys) cured.push_back(missing_master_key_reason(key.id));
  pg::Params params;
  params.add_array(cured);
  if (!cured.empty()) co_await database_.query(pg::Scope::control(), sql::free_sources, std::move(params));
  co_return missing.empty() ? KeyState::ready : KeyState::missing;
}

Task<Result<DataKey>> Vault::open(TenantId tenant, StoredDataKey stored) {
  auto key = co_await wrapper_.unwrap({tenant, stored.id}, stored.wrapped);
  if (key) co_return DataKey{stored.id, std::make_shared<const Key>(std::move(*key))};
  if (key.error().code != ErrorCode::wrong_key) co_return std::unexpected(key.error());
  co_return fail(ErrorCode::needs_credentials,
                 fmt::format("{}: it is not in {}; put it back, or enter the secrets again",
                             missing_master_key_reason(stored.wrapped.master_key_id), wrapper_.describe()));
}

Task<Result<MasterKey>> Vault::hold_active_master_key(pg::Transaction& transaction) {
  auto keys = co_await wrapper_.keys();
  if (!keys) co_return std::unexpected(keys.error());
  if (!keys->empty()) {
    const auto rows = co_await transaction.query(sql::share_master_key, pg::Params(keys->front().id));
    const bool is_usable = !rows.empty() && rows.one().is_null("retired_at") &&
                           rows.one().get<pg::Bytes>("check_value").value == keys->front().check_value;
    if (is_usable) co_return keys->front();
  }
  co_return co_await register_active_master_key(transaction);
}

Task<Result<MasterKey>> Vault::register_active_master_key(pg::Transaction& transaction) {
  co_await transaction.query(sql::lock_master_keys);
  const auto rows = co_await transaction.query(sql::list_master_keys);
  const auto registered = read_registered_keys(rows);
  auto keys = co_await wrapper_.keys();
  if (!keys) co_return std::unexpected(keys.error());
  if (const auto same = compare_keys(registered, *keys, wrapper_.describe()); !same)
    co_return std::unexpected(same.error());
  // A key that does not come with those in use would divide the tenants between two files.
  if (const auto missing = missing_keys(registered, *keys); !missing.empty())
    co_return missing_key_error(missing, wrapper_.describe());
  if (keys->empty()) {
    if (!wrapper_.makes_first_key()) co_return no_key_error();
    if (const auto made = co_await wrapper_.add_key(""); !made) co_return std::unexpected(made.error());
    keys = co_await wrapper_.keys();
    if (!keys) co_return std::unexpected(keys.error());
  }
  const auto active = keys->front();
  const auto* known = find_registered(registered, active.id);
  if (known != nullptr && known->retired_at) co_return retired_key_error(active.id, wrapper_.describe());
  pg::Params params(active.id);
  params.add_bytes(active.check_value);
  co_await transaction.query(sql::insert_master_key, std::move(params));
  co_await transaction.query(sql::share_master_key, pg::Params(active.id));
  co_return active;
}

Task<Result<DataKey>> Vault::sealing_key(pg::Transaction& transaction, TenantId tenant) {
  co_await transaction.enter(pg::Scope::control());
  auto active = co_await hold_active_master_key(transaction);
  if (!active) co_return std::unexpected(active.error());
  co_await transaction.enter(pg::Scope::tenant(tenant));
  const auto rows = co_await transaction.query(sql::find_sealing_key, pg::Params(tenant));
  if (rows.empty()) co_return co_await make_data_key(transaction, tenant, std::move(*active));
  const auto row = rows.one();
  const StoredDataKey stored{row.get<Uuid>("id"),
                             {row.get<std::string>("master_key_id"), row.get<pg::Bytes>("wrapped").value}};
  auto opened = co_await open(tenant, stored);
  if (opened || opened.error().code != ErrorCode::needs_credentials) co_return opened;
  if (const auto lost = co_await may_replace(transaction, stored.wrapped.master_key_id); !lost)
    co_return std::unexpected(lost.error());
  co_await transaction.enter(pg::Scope::tenant(tenant));
  co_await transaction.query(sql::retire_data_keys, pg::Params(tenant));
  co_return co_await make_data_key(transaction, tenant, std::move(*active));
}

// A data key that cannot be opened is given up, unless its master key may come back: nobody said that it is lost.
Task<Result<>> Vault::may_replace(pg::Transaction& transaction, std::string master_key_id) {
  const auto keys = co_await wrapper_.keys();
  if (!keys) co_return std::unexpected(keys.error());
  co_await transaction.enter(pg::Scope::control());
  const auto rows = co_await transaction.query(sql::list_master_keys);
  const auto missing = missing_keys(read_registered_keys(rows), *keys);
  if (std::ranges::find(missing, master_key_id) != missing.end())
    co_return missing_key_error({master_key_id}, wrapper_.describe());
  co_return Result<>();
}

Task<Result<DataKey>> Vault::fresh_sealing_key(pg::Transaction& transaction, TenantId tenant) {
  co_await transaction.enter(pg::Scope::control());
  auto active = co_await hold_active_master_key(transaction);
  if (!active) co_return std::unexpected(active.error());
  co_await transaction.enter(pg::Scope::tenant(tenant));
  co_await transaction.query(sql::retire_data_keys, pg::Params(tenant));
  co_return co_await make_data_key(transaction, tenant, std::move(*active));
}

Task<Result<DataKey>> Vault::make_data_key(pg::Transaction& transaction, TenantId tenant, MasterKey active) {
  const auto ids = co_await transaction.query(sql::make_id);
  const auto id = ids.one().get<Uuid>("id");
  const auto key = std::make_shared<const Key>(Key::generate());
  const auto wrapped = co_await wrapper_.wrap({tenant, id}, key);
  if (!wrapped) co_return std::unexpected(wrapped.error());
  if (wrapped->master_key_id != active.id)
    throw Failure({ErrorCode::transaction_conflict, "the master key changed meanwhile: try again"});
  pg::Params params(tenant, id, wrapped->master_key_id);
  params.add_bytes(wrapped->bytes);
  co_await transaction.query(sql::insert_data_key, std::move(params));
  co_return DataKey{id, key};
}

}  // namespace weir::tenancy

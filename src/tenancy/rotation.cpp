#include "tenancy/rotation.hpp"

#include <fmt/format.h>

#include "tenancy/change.hpp"
#include "tenancy/registered_key.hpp"
#include "tenancy/sealed_secret.hpp"
#include "tenancy/sql.hpp"

namespace weir::tenancy {
namespace {

AuditRecord key_record(const Actor& actor, std::string action, const std::string& master_key_id) {
  AuditRecord record;
  record.actor = actor;
  record.action = std::move(action);
  record.target = fmt::format("master key {}", master_key_id);
  return record;
}

struct ActiveKey {
  std::string id;
  bool was_resumed;
};

// The first key of the ring, new unless an earlier rotation to it has not ended, registered.
Task<Result<ActiveKey>> choose_active(Vault& vault, Actor actor) {
  auto& wrapper = vault.wrapper();
  auto transaction = co_await vault.database().begin(pg::Scope::control());
  co_await transaction.query(sql::lock_master_keys);
  const auto rows = co_await transaction.query(sql::list_master_keys);
  const auto registered = read_registered_keys(rows);
  auto keys = co_await wrapper.keys();
  if (!keys) co_return std::unexpected(keys.error());
  if (const auto same = compare_keys(registered, *keys, wrapper.describe()); !same)
    co_return std::unexpected(same.error());
  if (const auto missing = missing_keys(registered, *keys); !missing.empty())
    co_return missing_key_error(missing, wrapper.describe());
  if (keys->empty()) co_return fail(ErrorCode::conflict, "nothing was sealed yet: there is no master key to replace");

  const auto* first = find_registered(registered, keys->front().id);
  if (first != nullptr && first->retired_at) co_return retired_key_error(first->id, wrapper.describe());
  const auto used = count_in_use(registered);
  const bool is_ended = first != nullptr && used == 1;
  if (is_ended) {
    if (const auto added = co_await wrapper.add_key(first->id); !added) co_return std::unexpected(added.error());
    keys = co_await wrapper.keys();
    if (!keys) co_return std::unexpected(keys.error());
  }
  const auto& active = keys->front();
  pg::Params params(active.id);
  params.add_bytes(active.check_value);
  co_await transaction.query(sql::insert_master_key, std::move(params));
  co_await commit_with_audit(transaction, key_record(actor, "secrets.rotate", active.id));
  co_return ActiveKey{active.id, !is_ended};
}

struct StoredKey {
  TenantId tenant;
  StoredDataKey key;
};

std::vector<StoredKey> read_stored(const pg::Rows& rows) {
  std::vector<StoredKey> keys;
  for (const auto row : rows)
    keys.push_back(
        {row.get<TenantId>("tenant_id"),
         {row.get<Uuid>("id"), {row.get<std::string>("master_key_id"), row.get<pg::Bytes>("wrapped").value}}});
  return keys;
}

// nullopt: it cannot be opened, and `rotation` says so.
Task<Result<std::optional<pg::Command>>> rewrap(Vault& vault, StoredKey stored, MasterRotation& rotation) {
  const auto opened = co_await vault.open(stored.tenant, stored.key);
  if (!opened && opened.error().code != ErrorCode::needs_credentials) co_return std::unexpected(opened.error());
  if (!opened) {
    rotation.unreadable.push_back({stored.tenant, stored.key.id, opened.error().message});
    co_return std::nullopt;
  }
  const auto wrapped = co_await vault.wrapper().wrap({stored.tenant, stored.key.id}, opened->key);
  if (!wrapped) co_return std::unexpected(wrapped.error());
  pg::Params params(stored.tenant, stored.key.id, wrapped->master_key_id);
  params.add_bytes(wrapped->bytes).add_bytes(stored.key.wrapped.bytes);
  co_return pg::Command{sql::rewrap_data_key, std::move(params)};
}

// One walk over the data keys that another master key wraps.
Task<Result<>> rewrap_all(Vault& vault, const RotationSettings& settings, MasterRotation& rotation) {
  rotation.unreadable.clear();
  TenantId tenant;
  Uuid id;
  for (;;) {
    const auto rows = co_await vault.database().query(pg::Scope::control(), sql::list_data_keys_to_rewrap,
                                                      pg::Params(rotation.active, tenant, id, settings.batch_keys));
    if (rows.empty()) co_return Result<>();
    std::vector<pg::Command> commands;
    for (const auto& stored : read_stored(rows)) {
      auto command = co_await rewrap(vault, stored, rotation);
      if (!command) co_return std::unexpected(command.error());
      if (*command) commands.push_back(std::move(**command));
      tenant = stored.tenant;
      id = stored.key.id;
    }
    const auto count = std::ssize(commands);
    if (count > 0) co_await vault.database().batch(pg::Scope::control(), std::move(commands));
    rotation.rewrapped += count;
    if (settings.on_progress) settings.on_progress(rotation.rewrapped);
  }
}

// False: it still wraps a data key.
Task<bool> attempt_retire(pg::Database& database, Actor actor, std::string master_key_id) {
  auto transaction = co_await database.begin(pg::Scope::control());
  co_await transaction.query(sql::retire_master_key, pg::Params(master_key_id));
  const auto rows = co_await transaction.query(sql::count_wrapped, pg::Params(master_key_id));
  if (rows.one().get<std::int64_t>("n") > 0) co_return false;
  co_await commit_with_audit(transaction, key_record(actor, "secrets.retire", master_key_id));
  co_return true;
}

// The master keys in use but the active one that still wrap something.
Task<std::vector<std::string>> retire_unused(pg::Database& database, Actor actor, const RotationSettings& settings,
                                             MasterRotation& rotation) {
  const auto rows = co_await database.query(pg::Scope::control(), sql::list_master_keys);
  std::vector<std::string> left;
  for (const auto& key : read_registered_keys(rows)) {
    if (key.retired_at || key.id == rotation.active) continue;
    const auto attempt = [&] { return attempt_retire(database, actor, key.id); };
    const bool is_retired = co_await with_retries(attempt);
    (is_retired ? rotation.retired : left).push_back(key.id);
    if (settings.on_progress) settings.on_progress(rotation.rewrapped);
  }
  co_return left;
}

Task<Result<DataKeyRotation>> reseal_tenant(Vault& vault, Actor actor, TenantId id) {
  DataKeyRotation done{.tenants = 1};
  auto transaction = co_await vault.database().begin(pg::Scope::control());
  const auto tenant = co_await share_tenant(transaction, id);
  if (!tenant) co_return DataKeyRotation{};  // gone or going
  co_await transaction.enter(pg::Scope::tenant(id));
  co_await transaction.query(sql::lock_claims, pg::Params(id));
  const auto fresh = co_await vault.fresh_sealing_key(transaction, id);
  if (!fresh) co_return std::unexpected(fresh.error());
  const auto rows = co_await transaction.query(sql::list_sealed_secrets, pg::Params(id, std::nullopt));
  SecretOpener opener(vault, id);
  std::vector<pg::Command> commands;
  for (const auto& sealed : read_sealed_secrets(rows)) {
    const auto secret = co_await opener.open(sealed);
    if (!secret && secret.error().code != ErrorCode::needs_credentials) co_return std::unexpected(secret.error());
    if (!secret) {
      done.unreadable.push_back({id, sealed.data_key_id, secret.error().message});
      continue;
    }
    pg::Params params(id, sealed.data_source, sealed.key);
    params.add_bytes(seal_secret(*fresh->key, {id, sealed.data_source, sealed.key, fresh->id}, *secret)).add(fresh->id);
    commands.push_back({sql::reseal_secret, std::move(params)});
    ++done.secrets;
  }
  commands.push_back({sql::delete_unused_data_keys, pg::Params(id)});
  co_await transaction.batch(std::move(commands));
  auto record = record_of(actor, *tenant, "secrets.rotate_data_key", tenant->key);
  record.after = {{"secrets", done.secrets}, {"unreadable", done.unreadable.size()}};
  co_await commit_with_audit(transaction, std::move(record));
  co_return done;
}

}  // namespace

Task<Result<MasterRotation>> rotate_master_key(Vault& vault, Actor actor, RotationSettings settings) {
  const auto choose = [&] { return choose_active(vault, actor); };
  const auto active = co_await with_retries(choose);
  if (!active) co_return std::unexpected(active.error());
  MasterRotation rotation{.active = active->id, .was_resumed = active->was_resumed};
  if (settings.on_progress) settings.on_progress(0);
  // Once more while tenants that began before the new key was there go on using the old one.
  for (std::int64_t before = -1; before != rotation.rewrapped;) {
    before = rotation.rewrapped;
    if (const auto done = co_await rewrap_all(vault, settings, rotation); !done)
      co_return std::unexpected(done.error());
    const auto left = co_await retire_unused(vault.database(), actor, settings, rotation);
    if (left.empty()) break;
  }
  co_return rotation;
}

Task<Result<DataKeyRotation>> rotate_data_keys(Vault& vault, Actor actor, std::chrono::seconds age,
                                               RotationSettings settings) {
  DataKeyRotation total;
  TenantId after;
  for (;;) {
    const auto rows = co_await vault.database().query(pg::Scope::control(), sql::list_tenants_with_data_keys,
                                                      pg::Params(after, age.count(), settings.batch_keys));
    if (rows.empty()) co_return total;
    std::vector<TenantId> tenants;
    for (const auto row : rows) tenants.push_back(row.get<TenantId>("tenant_id"));
    for (const auto& tenant : tenants) {
      after = tenant;
      const auto attempt = [&] { return reseal_tenant(vault, actor, tenant); };
      const auto done = co_await with_retries(attempt);
      if (!done) co_return std::unexpected(done.error());
      total.tenants += done->tenants;
      total.secrets += done->secrets;
      total.unreadable.insert(total.unreadable.end(), done->unreadable.begin(), done->unreadable.end());
      if (settings.on_progress) settings.on_progress(total.tenants);
    }
  }
}

Task<Result<Outcome>> init_master_key(Vault& vault, Actor actor) {
  auto transaction = co_await vault.database().begin(pg::Scope::control());
  const auto rows = co_await transaction.query(sql::list_master_keys);
  const auto active = co_await vault.hold_active_master_key(transaction);
  if (!active) co_return std::unexpected(active.error());
  if (find_registered(read_registered_keys(rows), active->id) != nullptr) co_return Outcome::unchanged;
  co_await commit_with_audit(transaction, key_record(actor, "secrets.init", active->id));
  co_return Outcome::changed;
}

Task<Result<std::int64_t>> replace_lost_master_keys(Vault& vault, Actor actor) {
  auto& wrapper = vault.wrapper();
  auto transaction = co_await vault.database().begin(pg::Scope::control());
  co_await transaction.query(sql::lock_master_keys);
  const auto rows = co_await transaction.query(sql::list_master_keys);
  const auto registered = read_registered_keys(rows);
  const auto keys = co_await wrapper.keys();
  if (!keys) co_return std::unexpected(keys.error());
  if (const auto same = compare_keys(registered, *keys, wrapper.describe()); !same)
    co_return std::unexpected(same.error());
  const auto lost = missing_keys(registered, *keys);
  if (lost.empty()) co_return fail(ErrorCode::conflict, "no master key is missing: nothing was done");
  for (const auto& id : lost) {
    co_await transaction.query(sql::retire_master_key, pg::Params(id));
    const auto record = append_audit(key_record(actor, "secrets.lost", id));
    co_await transaction.query(record.statement, record.params);
  }
  const auto active = co_await vault.hold_active_master_key(transaction);
  if (!active) co_return std::unexpected(active.error());
  pg::Params params;
  params.add_array(lost).add("the master key of its secrets is lost: enter them again with `weir source set`");
  const auto marked = co_await transaction.query(sql::mark_sources_of_lost_keys, std::move(params));
  co_await commit_with_audit(transaction, key_record(actor, "secrets.init", active->id));
  co_return marked.affected();
}

}  // namespace weir::tenancy

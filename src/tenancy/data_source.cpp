#include "tenancy/data_source.hpp"

#include <fmt/format.h>
#include <sodium.h>

#include "tenancy/change.hpp"
#include "tenancy/plan.hpp"
#include "tenancy/sealed_secret.hpp"
#include "tenancy/sql.hpp"

namespace weir::tenancy {
namespace {

constexpr std::string_view k_masked = "***";

DataSource read_data_source(const pg::Row& row) {
  return {.name = row.get<std::string>("name"),
          .provider = row.get<std::string>("provider"),
          .is_enabled = row.get<bool>("is_enabled"),
          .is_paused = row.get<bool>("is_paused"),
          .is_deleting = row.get<std::string_view>("state") == "DELETING",
          .needs_credentials = row.get<std::optional<std::string>>("needs_credentials"),
          .first_import_at = row.get<std::optional<Instant>>("first_import_at"),
          .last_sync_at = row.get<std::optional<Instant>>("last_sync_at"),
          .created_at = row.get<Instant>("created_at"),
          .updated_at = row.get<Instant>("updated_at"),
          .settings = {}};
}

std::vector<DataSource> read_data_sources(const pg::Rows& sources, const pg::Rows& settings) {
  std::vector<DataSource> all;
  all.reserve(sources.size());
  for (const auto row : sources) all.push_back(read_data_source(row));
  for (const auto row : settings) {
    const auto owner = std::ranges::find(all, row.get<std::string_view>("data_source"), &DataSource::name);
    if (owner == all.end()) continue;
    owner->settings.push_back({row.get<std::string>("key"), row.get<bool>("is_secret"),
                               row.get<std::optional<std::string>>("value"), row.get<Instant>("updated_at")});
  }
  return all;
}

std::vector<pg::Command> reading(TenantId tenant, const std::optional<std::string>& name, const std::string& after = {},
                                 std::optional<int> limit = {}) {
  std::vector<pg::Command> commands;
  commands.push_back({sql::list_data_sources, pg::Params(tenant, name, after, limit)});
  commands.push_back({sql::list_settings, pg::Params(tenant, name, after, limit)});
  return commands;
}

std::unexpected<Error> not_found(std::string_view name) {
  return fail(ErrorCode::not_found,
              fmt::format("the tenant has no data source '{}'; `weir source ls` names them", name));
}

// In tenant scope, with the claims locked: nobody else changes it until the transaction ends.
Task<std::optional<DataSource>> lock_data_source(pg::Transaction& transaction, TenantId tenant, std::string name) {
  co_await transaction.enter(pg::Scope::tenant(tenant));
  co_await transaction.query(sql::lock_claims, pg::Params(tenant));
  const auto answers = co_await transaction.batch(reading(tenant, name));
  auto found = read_data_sources(answers[0], answers[1]);
  co_return found.empty() ? std::nullopt : std::optional(std::move(found.front()));
}

// The same, of one that must be there to be changed.
Task<Result<DataSource>> lock_existing(pg::Transaction& transaction, TenantId tenant, std::string name) {
  auto source = co_await lock_any_data_source(transaction, tenant, name);
  if (source && source->is_deleting)
    co_return fail(ErrorCode::conflict,
                   fmt::format("data source {} is being removed; `weir source rm` finishes that", name));
  co_return source;
}

bool is_equal(const Secret& a, const Secret& b) {
  return a.reveal().size() == b.reveal().size() &&
         sodium_memcmp(a.reveal().data(), b.reveal().data(), a.reveal().size()) == 0;
}

// Drops from `changes` what is so already.
Task<Result<SettingChanges>> reduce(pg::Transaction& transaction, Vault& vault, TenantId tenant, DataSource source,
                                    SettingChanges changes) {
  const auto stored = stored_settings(source);
  std::erase_if(changes.values, [&](const auto& change) {
    const auto now = stored.values.find(change.first);
    return now != stored.values.end() && now->second == change.second;
  });
  std::erase_if(changes.unset,
                [&](const auto& key) { return !stored.values.contains(key) && !stored.secrets.contains(key); });
  if (changes.secrets.empty()) co_return changes;
  const auto rows = co_await transaction.query(sql::list_sealed_secrets, pg::Params(tenant, source.name));
  SecretOpener opener(vault, tenant);
  for (const auto& sealed : read_sealed_secrets(rows)) {
    const auto change = changes.secrets.find(sealed.key);
    if (change == changes.secrets.end()) continue;
    const auto opened = co_await opener.open(sealed);
    if (!opened && opened.error().code != ErrorCode::needs_credentials) co_return std::unexpected(opened.error());
    if (opened && is_equal(*opened, change->second)) changes.secrets.erase(change);
  }
  co_return changes;
}

Task<Result<>> save(pg::Transaction& transaction, Vault& vault, TenantId tenant, std::string source,
                    SettingChanges changes) {
  std::vector<pg::Command> commands;
  for (const auto& key : changes.unset) commands.push_back({sql::delete_setting, pg::Params(tenant, source, key)});
  for (const auto& [key, value] : changes.values)
    commands.push_back({sql::save_value, pg::Params(tenant, source, key, value)});
  if (!changes.secrets.empty()) {
    const auto data_key = co_await vault.sealing_key(transaction, tenant);
    if (!data_key) co_return std::unexpected(data_key.error());
    for (const auto& [key, secret] : changes.secrets) {
      pg::Params params(tenant, source, key);
      params.add_bytes(seal_secret(*data_key->key, {tenant, source, key, data_key->id}, secret)).add(data_key->id);
      commands.push_back({sql::save_secret, std::move(params)});
    }
  }
  if (!commands.empty()) co_await transaction.batch(std::move(commands));
  co_return Result<>();
}

void add_masked(AuditRecord& record, const DataSource* before, const SettingChanges& changes) {
  const auto note = [&](const std::string& key, nlohmann::json after) {
    nlohmann::json was;
    if (before != nullptr)
      for (const auto& setting : before->settings)
        if (setting.key == key) was = setting.is_secret ? nlohmann::json(k_masked) : nlohmann::json(*setting.value);
    if (before != nullptr) record.before["settings"][key] = std::move(was);
    record.after["settings"][key] = std::move(after);
  };
  for (const auto& [key, value] : changes.values) note(key, value);
  for (const auto& [key, secret] : changes.secrets) note(key, k_masked);
  for (const auto& key : changes.unset) note(key, nullptr);
}

Task<int> interrupt(pg::Transaction& transaction, TenantId tenant, std::string source, std::string status,
                    std::string reason) {
  const auto rows = co_await transaction.query(sql::replace_fences, pg::Params(tenant, source, status, reason));
  co_return rows.one().get<int>("interrupted");
}

std::string target_of(const Tenant& tenant, std::string_view source) {
  return fmt::format("{}/{}", tenant.key, source);
}

Task<Result<Changed>> meet_existing(pg::Transaction& transaction, Vault& vault, TenantId tenant, DataSource there,
                                    NewDataSource source) {
  if (there.is_deleting)
    co_return fail(ErrorCode::conflict,
                   fmt::format("data source {} is being removed; `weir source rm` finishes that", there.name));
  const bool is_same = there.provider == source.provider;
  const auto given = source.settings.values.size() + source.settings.secrets.size();
  auto difference = co_await reduce(transaction, vault, tenant, there, std::move(source.settings));
  if (!difference) co_return std::unexpected(difference.error());
  if (is_same && difference->empty() && given == there.settings.size()) co_return Changed{};
  co_return fail(ErrorCode::already_exists,
                 fmt::format("data source {} (of {}) exists with other settings: change them with `weir source set`, "
                             "or give the new one another name (--name)",
                             there.name, there.provider));
}

Task<Result<Changed>> attempt_add(Vault& vault, Actor actor, TenantId id, NewDataSource source) {
  auto transaction = co_await vault.database().begin(pg::Scope::control());
  const auto tenant = co_await share_tenant(transaction, id);
  if (!tenant) co_return std::unexpected(tenant.error());
  const bool is_inactive = co_await is_subscription_inactive(transaction, id);
  const bool is_paused = is_inactive || tenant->state == TenantState::paused;
  auto there = co_await lock_data_source(transaction, id, source.name);
  if (there) co_return co_await meet_existing(transaction, vault, id, std::move(*there), std::move(source));
  co_await transaction.query(sql::insert_data_source, pg::Params(id, source.name, source.provider, is_paused));
  const auto saved = co_await save(transaction, vault, id, source.name, source.settings);
  if (!saved) co_return std::unexpected(saved.error());
  auto record = record_of(actor, *tenant, "source.add", target_of(*tenant, source.name));
  record.after = {{"provider", source.provider}};
  add_masked(record, nullptr, source.settings);
  co_await commit_with_audit(transaction, std::move(record));
  co_return Changed{.outcome = Outcome::changed};
}

Task<Result<Changed>> attempt_change(Vault& vault, Actor actor, TenantId id, std::string name, SettingChanges changes,
                                     std::vector<ConfigKey> declared) {
  auto transaction = co_await vault.database().begin(pg::Scope::control());
  const auto tenant = co_await share_tenant(transaction, id);
  if (!tenant) co_return std::unexpected(tenant.error());
  // Queue before scripts, as whoever cancels a run locks them.
  if (!changes.secrets.empty() || !changes.unset.empty())
    co_await transaction.query(sql::wake_parked_runs, pg::Params(id));
  const auto source = co_await lock_existing(transaction, id, name);
  if (!source) co_return std::unexpected(source.error());
  const auto checked = check_changes({source->provider, name}, declared, stored_settings(*source), changes);
  if (!checked) co_return std::unexpected(checked.error());
  // The same secret again is no change, unless the source waits for just that.
  const bool is_retry = source->needs_credentials && !changes.secrets.empty();
  const auto reduced = co_await reduce(transaction, vault, id, *source, std::move(changes));
  if (!reduced) co_return std::unexpected(reduced.error());
  if (reduced->empty() && !is_retry) co_return Changed{};
  const auto saved = co_await save(transaction, vault, id, name, *reduced);
  if (!saved) co_return std::unexpected(saved.error());
  co_await transaction.query(sql::touch_data_source, pg::Params(id, name));
  Changed changed{.outcome = Outcome::changed};
  const bool is_unset = std::ranges::any_of(source->settings, [&](const Setting& setting) {
    return setting.is_secret && reduced->unset.contains(setting.key);
  });
  if (!reduced->secrets.empty() || is_unset || is_retry)
    changed.interrupted = co_await interrupt(transaction, id, name, "INTERRUPTED", "its credentials were changed");
  auto record = record_of(actor, *tenant, "source.set", target_of(*tenant, name));
  add_masked(record, &*source, *reduced);
  co_await commit_with_audit(transaction, std::move(record));
  co_return changed;
}

Task<Result<Changed>> attempt_set_enabled(pg::Database& database, Actor actor, TenantId id, std::string name,
                                          bool is_enabled) {
  auto transaction = co_await database.begin(pg::Scope::control());
  const auto tenant = co_await share_tenant(transaction, id);
  if (!tenant) co_return std::unexpected(tenant.error());
  const auto source = co_await lock_existing(transaction, id, name);
  if (!source) co_return std::unexpected(source.error());
  if (source->is_enabled == is_enabled && !(is_enabled && source->needs_credentials)) co_return Changed{};
  co_await transaction.query(sql::set_source_enabled, pg::Params(id, name, is_enabled));
  Changed changed{.outcome = Outcome::changed};
  if (!is_enabled)
    changed.interrupted = co_await interrupt(transaction, id, name, "CANCELLED", "the data source was disabled");
  const auto* action = is_enabled ? "source.enable" : "source.disable";
  auto record = record_of(actor, *tenant, action, target_of(*tenant, name));
  record.before = {{"is_enabled", source->is_enabled}, {"needs_credentials", source->needs_credentials.has_value()}};
  record.after = {{"is_enabled", is_enabled}};
  co_await commit_with_audit(transaction, std::move(record));
  co_return changed;
}

}  // namespace

Task<Result<DataSource>> lock_any_data_source(pg::Transaction& transaction, TenantId tenant, std::string name) {
  auto source = co_await lock_data_source(transaction, tenant, name);
  if (!source) co_return not_found(name);
  co_return std::move(*source);
}

StoredSettings stored_settings(const DataSource& source) {
  StoredSettings stored;
  stored.is_imported = source.first_import_at.has_value();
  for (const auto& setting : source.settings) {
    if (setting.is_secret)
      stored.secrets.insert(setting.key);
    else
      stored.values.emplace(setting.key, setting.value.value_or(""));
  }
  return stored;
}

std::vector<std::string> missing_keys(const DataSource& source, std::span<const ConfigKey> declared) {
  return missing_keys(declared, stored_settings(source));
}

Task<std::vector<DataSource>> list_data_sources(pg::Database& database, TenantId tenant) {
  const auto answers = co_await database.batch(pg::Scope::tenant(tenant), reading(tenant, std::nullopt));
  co_return read_data_sources(answers[0], answers[1]);
}

Task<std::vector<DataSource>> list_data_source_page(pg::Database& database, TenantId tenant, std::string after,
                                                    int limit) {
  const auto answers = co_await database.batch(pg::Scope::tenant(tenant), reading(tenant, std::nullopt, after, limit));
  co_return read_data_sources(answers[0], answers[1]);
}

Task<Result<DataSource>> find_data_source(pg::Database& database, TenantId tenant, std::string name) {
  const auto answers = co_await database.batch(pg::Scope::tenant(tenant), reading(tenant, name));
  auto found = read_data_sources(answers[0], answers[1]);
  if (found.empty()) co_return not_found(name);
  co_return std::move(found.front());
}

Task<Result<Changed>> add_data_source(Vault& vault, Actor actor, TenantId tenant, NewDataSource source,
                                      std::vector<ConfigKey> declared) {
  if (const auto good = check_data_source_name(source.name); !good) co_return std::unexpected(good.error());
  const auto good = check_changes({source.provider, source.name}, declared, {}, source.settings);
  if (!good) co_return std::unexpected(good.error());
  for (const auto& key : declared)
    if (key.is_identity && !key.is_secret && key.default_value)
      source.settings.values.try_emplace(key.name, *key.default_value);
  const auto attempt = [&] { return attempt_add(vault, actor, tenant, source); };
  co_return co_await with_retries(attempt);
}

Task<Result<Changed>> change_data_source(Vault& vault, Actor actor, TenantId tenant, std::string name,
                                         SettingChanges changes, std::vector<ConfigKey> declared) {
  const auto attempt = [&] { return attempt_change(vault, actor, tenant, name, changes, declared); };
  co_return co_await with_retries(attempt);
}

Task<Result<Changed>> enable_data_source(pg::Database& database, Actor actor, TenantId tenant, std::string name) {
  const auto attempt = [&] { return attempt_set_enabled(database, actor, tenant, name, true); };
  co_return co_await with_retries(attempt);
}

Task<Result<Changed>> disable_data_source(pg::Database& database, Actor actor, TenantId tenant, std::string name) {
  const auto attempt = [&] { return attempt_set_enabled(database, actor, tenant, name, false); };
  co_return co_await with_retries(attempt);
}

Task<> mark_needs_credentials(pg::Database& database, TenantId tenant, std::string name, std::string reason) {
  co_await database.query(pg::Scope::tenant(tenant), sql::mark_needs_credentials, pg::Params(tenant, name, reason));
}

}  // namespace weir::tenancy

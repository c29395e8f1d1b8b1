#include "tenancy/tenant.hpp"

#include <array>

#include <fmt/format.h>

#include "tenancy/change.hpp"
#include "tenancy/plan.hpp"
#include "tenancy/sql.hpp"
#include "tenancy/text.hpp"

namespace weir::tenancy {
namespace {

constexpr std::array k_states{std::pair{TenantState::active, std::string_view("ACTIVE")},
                              std::pair{TenantState::paused, std::string_view("PAUSED")},
                              std::pair{TenantState::deleting, std::string_view("DELETING")}};
constexpr int k_concurrent_scripts_max = 1000;
constexpr std::size_t k_key_bytes_max = 100, k_name_bytes_max = 200, k_egress_bytes_max = 4000;

TenantState state_of(std::string_view text) {
  return std::ranges::find(k_states, text, &std::pair<TenantState, std::string_view>::second)->first;
}

Tenant read_tenant(const pg::Row& row) {
  return {row.get<TenantId>("id"),
          row.get<std::string>("key"),
          row.get<std::optional<std::string>>("name"),
          state_of(row.get<std::string_view>("state")),
          row.get<int>("concurrent_scripts"),
          row.get<std::string>("egress_allow"),
          row.get<std::string>("time_zone"),
          row.get<Instant>("created_at"),
          row.get<Instant>("updated_at")};
}

nlohmann::json settings_of(const Tenant& tenant) {
  return {{"name", tenant.name ? nlohmann::json(*tenant.name) : nlohmann::json()},
          {"concurrent_scripts", tenant.concurrent_scripts},
          {"egress_allow", tenant.egress_allow},
          {"time_zone", tenant.time_zone}};
}

std::optional<std::string> or_none(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional(text);
}

Tenant with(Tenant tenant, const TenantChanges& changes) {
  if (changes.name) tenant.name = or_none(*changes.name);
  if (changes.concurrent_scripts) tenant.concurrent_scripts = *changes.concurrent_scripts;
  if (changes.egress_allow) tenant.egress_allow = *changes.egress_allow;
  if (changes.time_zone) tenant.time_zone = *changes.time_zone;
  return tenant;
}

Result<> check_key(std::string_view key) {
  const auto is_word = [](unsigned char c) { return std::isalnum(c) != 0; };
  const bool is_good = !key.empty() && key.size() <= k_key_bytes_max && is_word(static_cast<unsigned char>(key[0])) &&
                       std::ranges::all_of(key, [&](unsigned char c) {
                         return is_word(c) || std::string_view("._:@-").contains(static_cast<char>(c));
                       });
  if (is_good) return {};
  return fail(ErrorCode::invalid_input,
              "a tenant's key is 1 to 100 letters, digits and . _ : @ -, beginning with a letter or digit");
}

Result<> check(const TenantChanges& changes) {
  const auto scripts = changes.concurrent_scripts.value_or(1);
  if (scripts < 1 || scripts > k_concurrent_scripts_max)
    return fail(ErrorCode::invalid_input,
                fmt::format("concurrent scripts is a number from 1 to {}, not {}", k_concurrent_scripts_max, scripts));
  if (changes.name && changes.name->size() > k_name_bytes_max)
    return fail(ErrorCode::invalid_input, fmt::format("a tenant's name has at most {} bytes", k_name_bytes_max));
  if (changes.name && !is_plain_text(*changes.name, LineBreaks::refused))
    return fail(ErrorCode::invalid_input, "a tenant's name is one line of UTF-8 text");
  const auto allowed = changes.egress_allow.value_or("");
  if (allowed.size() > k_egress_bytes_max || !is_plain_text(allowed, LineBreaks::refused))
    return fail(ErrorCode::invalid_input,
                fmt::format("a tenant's egress allowance is one line of at most {} bytes", k_egress_bytes_max));
  return {};
}

// In control scope; reads the server's list of zones, so only when one is given.
Task<Result<>> check_zone(pg::Transaction& transaction, std::optional<std::string> zone) {
  if (!zone) co_return Result<>();
  const auto rows = co_await transaction.query(sql::has_time_zone, pg::Params(*zone));
  if (rows.one().get<bool>("is_known")) co_return Result<>();
  co_return fail(ErrorCode::invalid_input, "the time zone is not known; give a name such as Europe/Berlin or UTC");
}

Result<Tenant> found(const pg::Rows& rows) {
  if (rows.empty()) return fail(ErrorCode::not_found, "the tenant does not exist any more");
  return read_tenant(rows.one());
}

Result<Tenant> found_and_alive(const pg::Rows& rows) {
  auto tenant = found(rows);
  if (!tenant) return tenant;
  if (tenant->state != TenantState::deleting) return tenant;
  return fail(ErrorCode::conflict,
              fmt::format("tenant {} is being removed; `weir tenant rm {}` finishes that", tenant->key, tenant->key));
}

// In one transaction: the tenant's state, the gate of its claims, and the runs in flight.
Task<Result<Outcome>> move_tenant(pg::Database& database, Actor actor, TenantId id, TenantState to) {
  auto transaction = co_await database.begin(pg::Scope::control());
  const auto tenant = co_await lock_tenant(transaction, id);
  if (!tenant) co_return std::unexpected(tenant.error());
  if (tenant->state == to) co_return Outcome::unchanged;
  co_await transaction.query(sql::set_tenant_state, pg::Params(id, name_of(to)));
  const bool is_inactive = co_await is_subscription_inactive(transaction, id);
  co_await gate_claims(transaction, id, is_inactive || to == TenantState::paused, "the tenant was paused");
  const auto* action = to == TenantState::paused ? "tenant.pause" : "tenant.resume";
  auto record = record_of(actor, *tenant, action, tenant->key);
  record.before = {{"state", name_of(tenant->state)}};
  record.after = {{"state", name_of(to)}};
  co_await commit_with_audit(transaction, std::move(record));
  co_return Outcome::changed;
}

}  // namespace

Task<> gate_claims(pg::Transaction& transaction, TenantId id, bool is_closed, std::string reason) {
  co_await transaction.enter(pg::Scope::tenant(id));
  co_await transaction.query(sql::lock_claims, pg::Params(id));
  co_await transaction.query(sql::set_sources_paused, pg::Params(id, is_closed));
  if (is_closed) co_await transaction.query(sql::replace_fences, pg::Params(id, std::nullopt, "INTERRUPTED", reason));
}

std::string_view name_of(TenantState state) {
  return std::ranges::find(k_states, state, &std::pair<TenantState, std::string_view>::first)->second;
}

Task<Result<Tenant>> find_tenant(pg::Database& database, std::string key_or_id) {
  const auto rows =
      co_await database.query(pg::Scope::control(), sql::find_tenant, pg::Params(key_or_id, Uuid::parse(key_or_id)));
  if (rows.empty())
    co_return fail(ErrorCode::not_found,
                   fmt::format("there is no tenant '{}'; `weir tenant ls` names them", key_or_id));
  co_return read_tenant(rows.one());
}

Task<std::vector<Tenant>> list_tenants(pg::Database& database, std::string after, int limit) {
  const auto rows = co_await database.query(pg::Scope::control(), sql::list_tenants, pg::Params(after, limit));
  std::vector<Tenant> tenants;
  for (const auto row : rows) tenants.push_back(read_tenant(row));
  co_return tenants;
}

Task<Result<AddedTenant>> add_tenant(pg::Database& database, Actor actor, std::string key, TenantChanges data) {
  if (const auto good = check_key(key); !good) co_return std::unexpected(good.error());
  if (const auto good = check(data); !good) co_return std::unexpected(good.error());
  auto transaction = co_await database.begin(pg::Scope::control());
  if (const auto good = co_await check_zone(transaction, data.time_zone); !good)
    co_return std::unexpected(good.error());
  const auto rows = co_await transaction.query(
      sql::insert_tenant, pg::Params(key, data.name ? or_none(*data.name) : std::nullopt, data.concurrent_scripts,
                                     data.egress_allow.value_or(""), data.time_zone));
  if (!rows.empty()) {
    auto added = read_tenant(rows.one());
    auto record = record_of(actor, added, "tenant.add", key);
    record.after = settings_of(added);
    co_await commit_with_audit(transaction, std::move(record));
    co_return AddedTenant{std::move(added), Outcome::changed};
  }
  const auto there = co_await transaction.query(sql::find_tenant, pg::Params(key, std::nullopt));
  const auto tenant = found_and_alive(there);
  if (!tenant) co_return std::unexpected(tenant.error());
  if (settings_of(with(*tenant, data)) == settings_of(*tenant)) co_return AddedTenant{*tenant, Outcome::unchanged};
  co_return fail(ErrorCode::already_exists,
                 fmt::format("tenant {} exists with other data; to change them: weir tenant set {}", key, key));
}

Task<Result<Outcome>> change_tenant(pg::Database& database, Actor actor, TenantId id, TenantChanges changes) {
  if (const auto good = check(changes); !good) co_return std::unexpected(good.error());
  auto transaction = co_await database.begin(pg::Scope::control());
  const auto tenant = co_await lock_tenant(transaction, id);
  if (!tenant) co_return std::unexpected(tenant.error());
  if (const auto good = co_await check_zone(transaction, changes.time_zone); !good)
    co_return std::unexpected(good.error());
  const auto next = with(*tenant, changes);
  auto record = record_of(actor, *tenant, "tenant.set", tenant->key);
  record.before = settings_of(*tenant);
  record.after = settings_of(next);
  if (record.before == record.after) co_return Outcome::unchanged;
  co_await transaction.query(sql::update_tenant,
                             pg::Params(id, next.name, next.concurrent_scripts, next.egress_allow, next.time_zone));
  co_await commit_with_audit(transaction, std::move(record));
  co_return Outcome::changed;
}

Task<Result<Outcome>> pause_tenant(pg::Database& database, Actor actor, TenantId tenant) {
  const auto attempt = [&] { return move_tenant(database, actor, tenant, TenantState::paused); };
  co_return co_await with_retries(attempt);
}

Task<Result<Outcome>> resume_tenant(pg::Database& database, Actor actor, TenantId tenant) {
  const auto attempt = [&] { return move_tenant(database, actor, tenant, TenantState::active); };
  co_return co_await with_retries(attempt);
}

Task<Result<Tenant>> share_tenant(pg::Transaction& transaction, TenantId tenant) {
  const auto rows = co_await transaction.query(sql::share_tenant, pg::Params(tenant));
  co_return found_and_alive(rows);
}

Task<Result<Tenant>> lock_tenant(pg::Transaction& transaction, TenantId tenant) {
  const auto rows = co_await transaction.query(sql::lock_tenant, pg::Params(tenant));
  co_return found_and_alive(rows);
}

Task<Result<Tenant>> lock_any_tenant(pg::Transaction& transaction, TenantId tenant) {
  const auto rows = co_await transaction.query(sql::lock_tenant, pg::Params(tenant));
  co_return found(rows);
}

Task<> commit_with_audit(pg::Transaction& transaction, AuditRecord record) {
  co_await transaction.enter(pg::Scope::control());
  std::vector<pg::Command> last;
  last.push_back(append_audit(record));
  co_await transaction.commit(std::move(last));
}

AuditRecord record_of(const Actor& actor, const Tenant& tenant, std::string action, std::string target) {
  AuditRecord record;
  record.actor = actor;
  record.tenant_id = tenant.id;
  record.tenant_key = tenant.key;
  record.action = std::move(action);
  record.target = std::move(target);
  return record;
}

}  // namespace weir::tenancy
